"""Pods as the pod security standard *restricted* wants them, and secrets that stay where they belong."""

import re

import commands
from render import reach

from . import promise

# The digest of no token that anybody has.
NOBODYS = "0" * 64
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret", "image"}


@promise
def every_container_drops_all_capabilities(r):
    for each in r.running:
        yield each.place, reach(each.container, "securityContext.capabilities") == {"drop": ["ALL"]}


@promise
def no_container_may_gain_privileges(r):
    for each in r.running:
        said = each.container["securityContext"]
        yield each.place, said["allowPrivilegeEscalation"] is False and "privileged" not in said


@promise
def every_root_file_system_is_read_only(r):
    for each in r.running:
        yield each.place, reach(each.container, "securityContext.readOnlyRootFilesystem") is True


@promise
def no_pod_runs_as_root(r):
    for each in r.running:
        said = each.pod["securityContext"]
        yield each.place, said["runAsNonRoot"] is True and said.get("runAsUser") != 0


@promise
def every_pod_has_the_runtimes_seccomp_profile(r):
    for each in r.running:
        yield each.place, reach(each.pod, "securityContext.seccompProfile.type") == "RuntimeDefault"


@promise
def every_user_is_named_where_the_cluster_does_not_choose(r):
    for each in r.running:
        said = each.pod["securityContext"]
        named = {"runAsUser", "runAsGroup", "fsGroup"} & said.keys()
        yield each.place, not named if r.name == "openshift" else {said[name] for name in named} == {65532}


@promise
def no_pod_gets_an_accounts_token(r):
    for each in r.running:
        yield each.place, each.pod["automountServiceAccountToken"] is False


@promise
def no_account_hands_its_token_out(r):
    for each in r.kind("ServiceAccount"):
        yield each.place, each.of("automountServiceAccountToken") is False


@promise
def every_pod_has_an_account_of_the_chart(r):
    made = {each.name for each in r.kind("ServiceAccount")}
    for each in r.running:
        yield each.place, each.pod["serviceAccountName"] in made


@promise
def nothing_of_the_host_is_shared(r):
    for each in r.running:
        shared = {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & each.pod.keys()
        ports = [port for port in each.container.get("ports", []) if "hostPort" in port]
        yield each.place, not shared and not ports


@promise
def only_volumes_of_the_restricted_kinds_are_mounted(r):
    for each in r.running:
        yield each.place, all(volume.keys() - {"name"} <= VOLUMES for volume in each.pod["volumes"])


@promise
def no_variables_of_services_reach_a_pod(r):
    """A Service called ombud-console would set OMBUD_CONSOLE_PORT, which is no setting, and no worker would start."""
    for each in r.running:
        yield each.place, each.pod["enableServiceLinks"] is False


@promise
def no_secret_is_rendered(r):
    yield "all", not r.kind("Secret")


@promise
def no_secret_stands_among_the_settings(r):
    for each in r.kind("ConfigMap"):
        text = each.of("data").get("ombud.toml", "")
        told = re.findall(r"^[^#\n]*(?:password|secret|token|passphrase)\S* = .*$", text, re.M | re.I)
        yield each.place, all(re.search(r'_file"? = "/etc/ombud/secrets/', line) for line in told)


@promise
def no_secret_stands_among_the_variables(r):
    for each in r.running:
        told = [(name, value) for name, value in each.env.items() if re.search("PASSWORD|TOKEN|SECRET", name)]
        plain = [name for name, value in told if isinstance(value, str) and not name.endswith("_FILE") and value != NOBODYS]
        yield each.place, not plain


@promise
def every_file_that_settings_name_is_mounted(r):
    """A password or an authority's certificate that is named and not there ends a worker at its start."""
    named = {
        f"OMBUD_{section.upper()}__{name.upper()}": value
        for section, names in r.settings.items()
        if isinstance(names, dict)
        for name, value in names.items()
        if isinstance(value, str)
    } | {
        f"OMBUD_KAFKA__PROPERTIES__{name.upper().replace('.', '_')}": value
        for name, value in r.settings.get("kafka", {}).get("properties", {}).items()
    }
    for each in r.running:
        said = named | {name: value for name, value in each.env.items() if isinstance(value, str)}
        wanted = {value for value in said.values() if str(value).startswith("/etc/ombud/secrets/")}
        yield each.place, wanted <= secret_files(each)


def secret_files(each):
    """Where the files of secrets lie in a pod."""
    sources = [volume["projected"]["sources"] for volume in each.pod["volumes"] if volume["name"] == "secrets"]
    items = [item for source in sum(sources, []) for kind in source.values() for item in kind["items"]]
    mounted = any(mount["mountPath"] == "/etc/ombud/secrets" for mount in each.container["volumeMounts"])
    return {f"/etc/ombud/secrets/{item['path']}" for item in items} if mounted else set()


@promise
def secrets_are_read_by_their_group_alone(r):
    for each in r.running:
        for volume in each.pod["volumes"]:
            if volume["name"] == "secrets":
                yield each.place, volume["projected"]["defaultMode"] == 0o440


@promise
def who_keeps_no_cases_gets_no_password_for_them(r):
    for each in r.running:
        if r.name == "sasl-tls" and each.role in ("infer", "join", "explain"):
            files = secret_files(each)
            freed = [each.env[f"OMBUD_CQL{name}"] == "" for name in ("_NODES", "__PASSWORD_FILE", "__CA")]
            yield each.place, files and not any("/cql/" in file for file in files) and all(freed)


@promise
def who_keeps_cases_gets_the_password_for_them(r):
    for each in r.running:
        if r.name == "sasl-tls" and each.role not in ("infer", "join", "explain"):
            yield each.place, {"/etc/ombud/secrets/cql/password", "/etc/ombud/secrets/cql/ca.crt"} <= secret_files(each)


@promise
def each_role_signs_in_as_its_own_user(r):
    for each in r.running:
        if r.name == "sasl-tls" and each.role != "explain":
            user = each.env["OMBUD_KAFKA__PROPERTIES__SASL_USERNAME"]
            kafka = [source["secret"]["name"] for volume in each.pod["volumes"] if volume["name"] == "secrets"
                     for source in volume["projected"]["sources"]
                     if source.get("secret", {}).get("items", [{}])[0].get("path") == "kafka/password"]  # fmt: skip
            # Whoever looks at everything is the operator.
            wanted = "ombud-operator" if each.role == "doctor" else f"ombud-{each.role}"
            yield each.place, user == wanted and kafka == [user]


@promise
def every_pods_user_may_what_it_runs(r):
    for each in r.running:
        # Who explains signs in nowhere.
        if each.role != "explain":
            yield each.place, commands.may(each.role, each.container["args"][0])


@promise
def each_role_signs_in_by_its_own_certificate(r):
    for each in r.running:
        if r.name == "mtls" and each.role != "explain":
            wanted = {"infer": "ombud-infer", "archive": "ombud-archive"}.get(each.role, "ombud-operator")
            text = str([volume for volume in each.pod["volumes"] if volume["name"] == "secrets"])
            named = each.env["OMBUD_KAFKA__PROPERTIES__SSL_CERTIFICATE_LOCATION"].endswith("client.crt")
            yield each.place, wanted in text and named and each.env["OMBUD_KAFKA__PROPERTIES__SSL_KEY_LOCATION"]


@promise
def brokers_are_asked_over_tls_where_it_is_wanted(r):
    wanted = {"sasl-tls": "SASL_SSL", "mtls": "SSL", "default": None}
    if r.name in wanted:
        properties = r.settings.get("kafka", {}).get("properties", {})
        yield "ombud.toml", properties.get("security.protocol") == wanted[r.name]
        yield "ombud.toml", ("ssl.ca.location" in properties) == (wanted[r.name] is not None)


@promise
def the_console_alone_gets_tokens(r):
    for each in r.running:
        prefixes = [source.get("prefix") for source in each.container.get("envFrom", [])]
        if r.settings["http"].get("open") or "hub" in r.name:
            yield each.place, "OMBUD_HTTP__TOKENS__" not in prefixes
        else:
            yield each.place, ("OMBUD_HTTP__TOKENS__" in prefixes) == (each.role == "console")


@promise
def the_console_alone_gets_secrets_of_sign_in(r):
    for each in r.running:
        if r.name == "sign-in":
            files = {file for file in secret_files(each) if "/oidc/" in file or "/proxy/" in file}
            named = {name for name in each.env if name.startswith("OMBUD_SIGN_IN__")}
            whole = {"/etc/ombud/secrets/oidc/client-secret", "/etc/ombud/secrets/oidc/ca.crt", "/etc/ombud/secrets/proxy/secret"}
            yield each.place, files == (whole if each.role == "console" else set()) and bool(named) == (each.role == "console")


@promise
def the_console_alone_gets_the_key_of_dossiers(r):
    for each in r.running:
        if r.name == "sign-in":
            has = "/etc/ombud/secrets/dossier/key.pem" in secret_files(each), "OMBUD_DOSSIER__KEY_FILE" in each.env
            yield each.place, has == (each.role == "console",) * 2


@promise
def console_and_who_explains_have_one_secret_and_nobody_else_has_it(r):
    for each in r.running:
        if r.name in ("sign-in", "sasl-tls"):
            has = "/etc/ombud/secrets/explain/secret" in secret_files(each), "OMBUD_EXPLAIN__SECRET_FILE" in each.env
            yield each.place, has == (each.role in ("console", "explain"),) * 2
            yield each.place, ("OMBUD_EXPLAIN__ADDRESS" in each.env) == (each.role == "console")


@promise
def who_explains_knows_no_server_and_no_password(r):
    for each in r.workers:
        if each.role == "explain":
            yield each.place, secret_files(each) == {"/etc/ombud/secrets/explain/secret"}
            yield each.place, all(each.env[f"OMBUD_{name}"] == "" for name in ("KAFKA_BOOTSTRAP", "REGISTRY_URL", "CQL_NODES"))


@promise
def the_operators_port_lets_nobody_in(r):
    """It has digests that no token has, one for each system with scopes or teams, for those of nobody are refused at its start."""
    for each in r.running:
        own = {name: value for name, value in each.env.items() if name.startswith("OMBUD_HTTP__TOKENS__")}
        if each.role != "operator":
            yield each.place, not own
            continue
        systems = {name.removeprefix("OMBUD_HTTP__TOKENS__") for name in own}
        named = {*r.settings["http"].get("scopes", {}), *r.settings["http"].get("teams", {})}
        yield each.place, {*own.values()} == {NOBODYS} and systems == {"SHUT", *named}
        yield each.place, not any(one.of("spec.selector").items() <= each.template["metadata"]["labels"].items() for one in r.kind("Service"))


@promise
def the_hubs_token_goes_to_who_computes_alone(r):
    for each in r.running:
        if r.name == "hub-models":
            token = each.env.get("HF_TOKEN")
            wanted = {"secretKeyRef": {"name": "hub", "key": "token"}} if each.role in ("infer", "explain", "learn") else None
            yield each.place, token == wanted


@promise
def no_hub_is_asked_unless_it_is_wanted(r):
    for each in r.running:
        yield each.place, each.env["HF_HUB_OFFLINE"] == ("0" if r.name == "hub-models" else "1")
