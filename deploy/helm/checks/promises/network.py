"""Who may talk to whom, how the console is reached, and what is scraped."""

from . import promise

WORKERS = {"infer", "join", "archive", "console", "explain", "operator"}


def policy_of(r, each):
    """The network policy that is made for the pods of `each`."""
    labels = each.template["metadata"]["labels"].items()
    found = [one for one in r.kind("NetworkPolicy") if (one.of("spec.podSelector.matchLabels") or {}).items() <= labels]
    (own,) = [one for one in found if "app.kubernetes.io/component" in one.of("spec.podSelector.matchLabels")]
    return own


def ports_out(r, each):
    return {port["port"] for rule in policy_of(r, each).of("spec.egress") for port in rule["ports"]}


@promise
def nothing_comes_in_or_goes_out_by_default(r):
    """Of every pod of the release, also of one for which nobody has thought of a policy."""
    (deny,) = [one for one in r.kind("NetworkPolicy") if not one.of("spec.egress") and not one.of("spec.ingress")]
    yield deny.place, {*deny.of("spec.policyTypes")} == {"Ingress", "Egress"}
    for each in r.running:
        yield each.place, deny.of("spec.podSelector.matchLabels").items() <= each.template["metadata"]["labels"].items()


@promise
def every_pod_has_a_policy_of_its_own(r):
    for each in r.running:
        yield each.place, {*policy_of(r, each).of("spec.policyTypes")} == {"Ingress", "Egress"}


@promise
def metrics_are_let_in_and_the_api_at_the_console_and_questions_at_who_explains(r):
    for each in r.running:
        let_in = [port["port"] for rule in policy_of(r, each).of("spec.ingress") or [] for port in rule["ports"]]
        wanted = ["metrics"] if each.role in WORKERS else []
        yield each.place, let_in == wanted + (["http"] if each.role in ("console", "explain") else [])


@promise
def names_are_looked_up(r):
    for each in r.running:
        (rule,) = [one for one in policy_of(r, each).of("spec.egress") if one["ports"][0]["port"] == 53]
        yield each.place, {port["protocol"] for port in rule["ports"]} == {"TCP", "UDP"}


@promise
def brokers_and_registry_are_reached(r):
    wanted = {"default": {9092, 8081}, "many brokers": {9092, 9093, 9094, 8081}, "sasl-tls": {9093, 443},
              "gitops": {9092, 9093, 8081}}  # fmt: skip
    if r.name in wanted:
        for each in r.running:
            yield each.place, (wanted[r.name] <= ports_out(r, each)) == (each.role != "explain")


@promise
def only_who_keeps_cases_reaches_the_store(r):
    port = 9142 if r.name == "sasl-tls" else 9042
    for each in r.running:
        yield each.place, (port in ports_out(r, each)) == (each.role not in ("infer", "join", "explain"))


@promise
def traces_go_out_where_they_are_wanted(r):
    if r.name in ("gitops", "default"):
        for each in r.running:
            yield each.place, (4318 in ports_out(r, each)) == (r.name == "gitops")


@promise
def a_hub_is_reached_by_who_computes_alone(r):
    if r.name in ("hub-models", "default"):
        for each in r.running:
            yield each.place, (443 in ports_out(r, each)) == (r.name == "hub-models" and each.role in ("infer", "explain", "learn"))


@promise
def who_is_named_is_reached_alone(r):
    if r.name == "gitops":
        for each in r.workers:
            rules = policy_of(r, each).of("spec.egress")
            (kafka,) = [rule for rule in rules if any(port["port"] == 9092 for port in rule["ports"])]
            yield each.place, str(kafka["to"]).count("kafka") == 1
            (metrics,) = [rule for rule in policy_of(r, each).of("spec.ingress") if rule["ports"][0]["port"] == "metrics"]
            yield each.place, "monitoring" in str(metrics["from"])
    if r.name == "gateway":
        (http,) = [rule for rule in policy_of(r, r.one("Deployment", "-console")).of("spec.ingress") if rule["ports"][0]["port"] == "http"]
        yield "console", "gateways" in str(http["from"])
    if r.name == "openshift":
        for each in r.running:
            (dns,) = [rule for rule in policy_of(r, each).of("spec.egress") if rule["ports"][0]["port"] == 53]
            yield each.place, "openshift-dns" in str(dns["to"])


@promise
def the_service_leads_to_the_console(r):
    for each in r.kind("Service"):
        found = [one for one in r.workers if each.of("spec.selector").items() <= one.template["metadata"]["labels"].items()]
        yield each.place, [one.role for one in found] == ["explain" if each.name.endswith("-explain") else "console"]
        named = {port["name"] for port in found[0].container["ports"]}
        yield each.place, [port["targetPort"] for port in each.of("spec.ports")] == ["http"] and "http" in named


@promise
def who_explains_is_asked_by_the_console_alone(r):
    """It is reached by the console's pods and reaches nobody: what it is asked holds narratives."""
    for each in r.workers:
        if each.role == "explain":
            (http,) = [rule for rule in policy_of(r, each).of("spec.ingress") if rule["ports"][0]["port"] == "http"]
            (who,) = http["from"]
            console = r.one("Deployment", "-console")
            yield each.place, who["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "console"
            yield each.place, who["podSelector"]["matchLabels"].items() <= console.template["metadata"]["labels"].items()
            yield each.place, ports_out(r, each) == {53}
            out = [rule for rule in policy_of(r, console).of("spec.egress") if "'explain'" in str(rule.get("to"))]
            yield console.place, [port["port"] for rule in out for port in rule["ports"]] == [8080]
            service = r.one("Service", "-explain")
            yield console.place, console.env["OMBUD_EXPLAIN__ADDRESS"] == f"http://{service.name}" and service.of("spec.ports.0.port") == 80


@promise
def no_console_no_service(r):
    if r.name == "hub-models":
        yield "Service", not r.kind("Service", "Ingress", "HTTPRoute")


@promise
def from_outside_the_api_and_the_sign_in_alone_are_reached(r):
    """Health and metrics say more than strangers need."""
    wanted = ["/api", "/sign-in", "/sign-out", "/oidc"] if r.name == "sign-in" else ["/api"]
    for each in r.kind("Ingress"):
        paths = [path for rule in each.of("spec.rules") for path in rule["http"]["paths"]]
        yield each.place, [(path["path"], path["pathType"]) for path in paths] == [(path, "Prefix") for path in wanted]
    for each in r.kind("HTTPRoute"):
        (rule,) = each.of("spec.rules")
        yield each.place, [match["path"] for match in rule["matches"]] == [{"type": "PathPrefix", "value": path} for path in wanted]


@promise
def the_provider_is_reached_by_the_console_alone(r):
    if r.name in ("sign-in", "default"):
        for each in r.running:
            yield each.place, (8443 in ports_out(r, each)) == (r.name == "sign-in" and each.role == "console")
    if r.name == "sign-in":
        rules = policy_of(r, r.one("Deployment", "-console")).of("spec.egress")
        (oidc,) = [rule for rule in rules if any(port["port"] == 8443 for port in rule["ports"])]
        yield "console", "10.7.0.0/16" in str(oidc["to"])


@promise
def what_comes_from_outside_goes_to_the_service(r):
    for each in r.kind("Ingress"):
        for path in each.of("spec.rules.0.http.paths"):
            service = r.one("Service", path["backend"]["service"]["name"])
            yield each.place, path["backend"]["service"]["port"]["name"] in [port["name"] for port in service.of("spec.ports")]
    for each in r.kind("HTTPRoute"):
        (backend,) = each.of("spec.rules.0.backendRefs")
        yield each.place, backend["port"] in [port["port"] for port in r.one("Service", backend["name"]).of("spec.ports")]


@promise
def what_comes_from_outside_comes_over_tls(r):
    for each in r.kind("Ingress"):
        hosts = {host for one in each.of("spec.tls") for host in one["hosts"] if one["secretName"]}
        yield each.place, {rule["host"] for rule in each.of("spec.rules")} <= hosts


@promise
def nothing_is_reached_from_outside_by_default(r):
    if r.name == "default":
        yield "Ingress", not r.kind("Ingress", "HTTPRoute")
        yield "Service", all(each.of("spec.type") == "ClusterIP" for each in r.kind("Service"))


@promise
def every_worker_is_scraped_and_no_job(r):
    for each in r.kind("PodMonitor"):
        chosen = each.of("spec.selector.matchLabels").items()
        (roles,) = each.of("spec.selector.matchExpressions")
        for one in r.running:
            labels = one.template["metadata"]["labels"]
            scraped = chosen <= labels.items() and labels[roles["key"]] in roles["values"]
            yield one.place, scraped == (one.role in WORKERS)


@promise
def metrics_are_scraped_at_their_own_port(r):
    for each in r.kind("PodMonitor"):
        (endpoint,) = each.of("spec.podMetricsEndpoints")
        yield each.place, (endpoint["port"], endpoint["path"], endpoint["interval"]) == ("metrics", "/metrics", "30s")
        yield each.place, each.labels["release"] == "prometheus"
