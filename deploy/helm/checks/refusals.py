"""Values that are refused before anything is rendered, each with what the refusal must name: by the schema, or by what can't work."""

import json

import render

# The value's name and what it is set to; a place of the schema, as Helm says it. All begin with ci/default.yaml.
WRONG = [
    ("kafka.bootstrap", "kafka", "/kafka/bootstrap"),
    ("kafka.bootstraps", "a:1", "'bootstraps'"),
    ("kafka.sasl.mechanism", "GSSAPI", "/kafka/sasl/mechanism"),
    ("kafka.users.crm", {"username": "x"}, "'crm'"),
    ("kafka.partitions", 0, "/kafka/partitions"),
    ("registry.url", "registry:8081", "/registry/url"),
    ("registry.url", "https://me:secret@registry", "/registry/url"),
    ("registry.password", "correct horse", "'password'"),
    ("cql.nodes", "one,two", "/cql/nodes"),
    ("config.infer.queue", 0, "/config/infer/queue"),
    ("config.infer.quue", 7, "'quue'"),
    ("config.inferr", {}, "'inferr'"),
    ("config.cql.password", "correct horse", "'password'"),
    ("config.http.tokens", {"desk": "0"}, "'tokens'"),
    ("config.kafka_bootstrap", "a:1", "'kafka_bootstrap'"),
    ("config.kafka.properties.acks", "1", "/config/kafka/properties/acks"),
    ("config.kafka.properties.sasl\\.password", "correct horse", "/config/kafka/properties/sasl.password"),
    ("config.kafka.properties.security\\.protocol", "SSL", "/config/kafka/properties/security.protocol"),
    ("config.telemetry.sample_ratio", 2, "/config/telemetry/sample_ratio"),
    ("config.log_format", "xml", "/config/log_format"),
    ("config.explain.secret", "correct horse", "'secret'"),
    ("config.explain.address", "http://elsewhere", "'address'"),
    ("explain.replicas", 2, "/explain/replicas"),
    ("http.address", "localhost:8080", "/http/address"),
    ("http.publicUrl", "https://ombud.bank.example/desk", "/http/publicUrl"),
    ("config.sign_in.proxy_secret", "correct horse", "'proxy_secret'"),
    ("config.sign_in.oidc_issuer", "https://login.bank.example", "'oidc_issuer'"),
    ("groups", [{"name": "Upper", "tasks": ["product"]}], "/groups/0/name"),
    ("groups", [{"name": "none", "tasks": []}], "/groups/0/tasks"),
    ("groups", [{"name": "typo", "tasks": ["product"], "replica": 3}], "/groups/0/replica"),
    ("infer.replicas", 0, "/infer/replicas"),
    ("infer.resources.limits.memory", "2 GB", "/infer/resources/limits/memory"),
    ("join.autoscaling", {"enabled": True}, "/join/autoscaling"),
    ("autoscaling.minReplicas", 0, "/autoscaling/minReplicas"),
    ("autoscaling.by", "vpa", "/autoscaling/by"),
    ("models.from", "hub", "/models/from"),
    ("image.digest", "6f0e7c", "/image/digest"),
    ("podSecurityContext.runAsUser", 0, "/podSecurityContext/runAsUser"),
    ("podSecurityContext.runAsNonRoot", False, "'runAsNonRoot'"),
    ("securityContext", {"privileged": True}, "'securityContext'"),
    ("extraEnv", {"TZ": "UTC"}, "/extraEnv"),
    ("learn.schedule", "weekly", "/learn/schedule"),
    ("networkPolicy.enabled", "yes", "/networkPolicy/enabled"),
    ("fullnameOverride", "Ombud", "/fullnameOverride"),
]
# What each value may be, and together they can't work: the chart names the value to change.
IMPOSSIBLE = [
    ({"kafka.bootstrap": ""}, "kafka.bootstrap"),
    ({"registry.url": ""}, "registry.url"),
    ({"cql.nodes": ""}, "cql.nodes"),
    ({"registry.existingSecret": "registry"}, "registry.url: a password goes over https"),
    ({"http.tokensSecret": ""}, "http.tokensSecret"),
    ({"signIn.proxy.existingSecret": "proxy"}, "http.publicUrl: people sign in over https only"),
    ({"signIn.oidc.issuer": "https://login.bank.example", "http.publicUrl": "https://ombud.bank.example"}, "signIn.oidc.clientId"),
    ({"signIn.oidc.issuer": "http://login.bank.example", "signIn.oidc.clientId": "ombud"}, "signIn.oidc.issuer"),
    ({"console.enabled": False, "ingress.enabled": True}, "console.enabled"),
    ({"console.enabled": False, "explain.existingSecret": "ombud-explain"}, "console.enabled: explain"),
    ({"models.from": "claim"}, "models.existingClaim"),
    ({"models.from": "imageVolume"}, "models.imageVolume.reference"),
    ({"learn.enabled": True}, "models.sharedClaim"),
    ({"config.join.lease_ms": 6000}, "config.join"),
    ({"groups": [{"name": "a", "tasks": ["product"]}, {"name": "a", "tasks": ["issue"]}]}, "two are called a"),
    ({"groups": [{"name": "a", "tasks": ["product"]}, {"name": "b", "tasks": ["product"]}]}, "two have the tasks of ombud.infer.product"),
    ({"autoscaling.enabled": True, "autoscaling.minReplicas": 9}, "autoscaling.minReplicas"),
    ({"autoscaling.enabled": True, "autoscaling.maxReplicas": 48}, "48 pods need more than 48 partitions"),
    ({"join.replicas": 6, "kafka.partitions": 6}, "join: 6 pods need more than 6 partitions"),
]  # fmt: skip


def accepted():
    """Wrong values that are not refused, or whose refusal does not say what is wrong."""
    tried = [({name: value}, says) for name, value, says in WRONG] + IMPOSSIBLE
    return [why for why in render.side_by_side(refusal_fault, tried) if why]


def refusal_fault(tried):
    values, says = tried
    try:
        render.render(render.CHART, render.files()["default"], *render.set_json(values))
    except render.RenderError as error:
        return None if says in str(error) else f"the refusal of {json.dumps(values)} does not name {says}: {error}"
    return f"{json.dumps(values)} is taken"
