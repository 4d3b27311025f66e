"""Who runs what, with which settings, models and volumes; and what objects are called."""

import re

import settings
from render import NAMESPACE, RELEASE

from . import promise

FULL = {"infer", "learn", "explain"}


@promise
def each_role_is_told_what_it_is(r):
    wanted = {"join": ["join"], "archive": ["archive"], "console": ["console"], "setup": ["setup"], "explain": ["explain", "--serve"], "doctor": ["doctor"], "operator": ["console"],
              "infer": ["infer", "--task"], "learn": ["learn", "--from-feedback"], "report": ["report", "quality"]}  # fmt: skip
    for each in r.running:
        begin = wanted[each.role]
        yield each.place, each.container["args"][: len(begin)] == begin


@promise
def people_have_one_pod_of_their_own(r):
    """Runbooks say `kubectl exec deployment/RELEASE-ombud-operator`; two pods would be two folders to look into."""
    (pod,) = [each for each in r.workers if each.name.endswith("-operator")]
    yield pod.place, (pod.role, pod.of("spec.replicas")) == ("operator", 1)


@promise
def one_pod_explains_where_its_secret_is_named(r):
    found = [(each.of("spec.replicas"), each.of("spec.strategy.type")) for each in r.workers if each.role == "explain"]
    yield "explain", found == ([(1, "RollingUpdate")] if r.name in ("sign-in", "sasl-tls", "mtls") else [])


@promise
def each_group_answers_its_tasks(r):
    wanted = {"keda": {"triage": "product,issue", "vulnerable": "vulnerable"}, "hpa": {"all": "all"},
              "default": {"default": "product,issue,vulnerable"}}  # fmt: skip
    for name, tasks in wanted.get(r.name, {}).items():
        yield name, r.one("Deployment", f"-infer-{name}").container["args"] == ["infer", "--task", tasks]


@promise
def only_who_computes_gets_libtorch(r):
    for each in r.running:
        # The default models lie in that image as well, and setup reads them.
        whole = each.role in FULL or (each.role == "setup" and "models" not in r.settings)
        repository = re.sub(r"[:@].*", "", each.container["image"]).rsplit("/", 1)[-1]
        yield each.place, repository == ("ombud" if whole else "ombud-core")


@promise
def images_are_of_this_version_unless_another_is_named(r):
    if r.name == "default":
        for each in r.running:
            yield each.place, each.container["image"].endswith(":0.1.0")


@promise
def a_digest_wins_over_a_tag_and_a_registry_stands_before(r):
    if r.name == "gitops":
        for each in r.running:
            image = each.container["image"]
            known = "@sha256:" in image if image.startswith("registry.bank.example/ombud@") else image.endswith(":0.1.0")
            yield each.place, image.startswith("registry.bank.example/") and known


@promise
def images_are_fetched_with_the_secret_for_them(r):
    if r.name == "gitops":
        for each in r.running:
            yield each.place, each.pod["imagePullSecrets"] == [{"name": "registry-bank"}]


@promise
def the_settings_file_is_named_where_it_is_mounted(r):
    """A ConfigMap's folder may be written by all, and a file there is read only where it is named."""
    for each in r.running:
        mounts = {mount["name"]: mount["mountPath"] for mount in each.container["volumeMounts"]}
        yield each.place, each.env["OMBUD_CONFIG"] == f"{mounts['config']}/ombud.toml"


@promise
def the_settings_that_are_mounted_are_rendered(r):
    maps = {each.name: each.is_hook for each in r.kind("ConfigMap")}
    for each in r.running:
        (name,) = [volume["configMap"]["name"] for volume in each.pod["volumes"] if volume["name"] == "config"]
        # A hook comes before everything else, and has its own.
        yield each.place, name in maps and maps[name] == (each.is_hook and each.kind == "Job")


@promise
def every_setting_is_one_that_the_command_knows(r):
    known = settings.rules()
    named = tuple(f"{section}.{name}." for section, names in settings.NAMED.items() for name in names)
    for name in leaves(r.settings):
        yield name, name in known or name.startswith(("kafka.properties.", *named))


def leaves(tree, place=""):
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{place}{name}.")
        else:
            yield f"{place}{name}"


@promise
def whole_numbers_are_written_whole(r):
    if r.name == "gitops":
        yield "cql.narrative_ttl_s", r.settings["cql"]["narrative_ttl_s"] == 34_560_000
        yield "kafka.properties", r.settings["kafka"]["properties"]["fetch.max.bytes"] == 8_388_608
        yield "fractions", r.settings["telemetry"]["sample_ratio"] == 0.25
        whole = [r.settings["cql"]["narrative_ttl_s"], r.settings["join"]["drain_ms"]]
        yield "no fraction", all(isinstance(number, int) for number in whole)


@promise
def logs_are_json(r):
    yield "log_format", r.settings["log_format"] == "json"


@promise
def the_console_answers_to_every_name_that_leads_to_it(r):
    hosts = r.settings["http"]["hosts"].split(",")
    for each in (each for each in r.kind("Service") if each.name.endswith("-console")):
        yield each.place, {each.name, f"{each.name}.{NAMESPACE}.svc", f"{each.name}.{NAMESPACE}.svc.cluster.local"} <= {*hosts}
    for each in r.kind("Ingress"):
        yield each.place, all(rule["host"] in hosts for rule in each.of("spec.rules"))
    for each in r.kind("HTTPRoute"):
        yield each.place, {*each.of("spec.hostnames")} <= {*hosts} and "triage.internal" in hosts


@promise
def data_and_tmp_can_be_written(r):
    for each in r.running:
        written = {mount["mountPath"] for mount in each.container["volumeMounts"] if not mount.get("readOnly")}
        yield each.place, {"/data", "/tmp"} <= written and r.settings["data"] == "/data"


@promise
def what_is_mounted_is_declared_and_the_other_way_round(r):
    for each in r.running:
        mounted = [mount["name"] for mount in each.container["volumeMounts"]]
        declared = [volume["name"] for volume in each.pod["volumes"]]
        paths = {mount["mountPath"] for mount in each.container["volumeMounts"]}
        yield each.place, sorted(mounted) == sorted(declared) and len(paths) == len(mounted)


@promise
def no_variable_is_set_twice(r):
    for each in r.running:
        yield each.place, len(each.env) == len(each.container["env"])


@promise
def variables_of_all_and_of_one_role_are_set(r):
    if r.name == "gitops":
        for each in r.running:
            own = each.env.get("OMBUD_INFER__QUEUE") == ("2048" if each.role == "infer" else None)
            proxy = {"configMapRef": {"name": "proxy"}} in each.container["envFrom"]
            yield each.place, each.env["TZ"] == "Europe/Berlin" and own and proxy
            yield each.place, ("-v" in each.container["args"]) == (each.role == "infer")


@promise
def volumes_of_ones_own_are_mounted(r):
    if r.name == "gitops":
        for each in r.running:
            yield each.place, any(mount["mountPath"] == "/etc/bank-ca" for mount in each.container["volumeMounts"])


@promise
def mounted_models_are_read_only_and_named(r):
    """Where models are mounted, the roles that read them find them there."""
    if r.name in ("pvc-models", "image-volume"):
        yield "models", r.settings["models"] == "/models"
        for each in r.running:
            mounts = [mount for mount in each.container["volumeMounts"] if mount["name"] == "models"]
            if each.role in ("infer", "explain", "setup", "learn", "doctor", "operator"):
                yield each.place, [(mount["mountPath"], mount["readOnly"]) for mount in mounts] == [("/models", True)]
            else:
                yield each.place, not mounts


@promise
def models_come_from_the_volume_that_was_named(r):
    wanted = {
        "pvc-models": {"persistentVolumeClaim": {"claimName": "models", "readOnly": True}},
        "image-volume": {"image": {"reference": "registry.bank.example/models/complaints:2026-11", "pullPolicy": "Always"}},
    }
    for each in r.running:
        for volume in each.pod["volumes"]:
            if volume["name"] == "models":
                yield each.place, volume == {"name": "models"} | wanted[r.name]


@promise
def learned_models_reach_infer(r):
    if "shared_models" in r.settings:
        for each in r.running:
            mounts = [mount for mount in each.container["volumeMounts"] if mount["name"] == "shared-models"]
            wanted = {"infer": [True], "explain": [True], "console": [True], "learn": [False], "operator": [False]}.get(each.role, [])
            yield each.place, [mount.get("readOnly", False) for mount in mounts] == wanted
            yield each.place, all(mount["mountPath"] == r.settings["shared_models"] for mount in mounts)


@promise
def names_are_names_and_labels_are_labels(r):
    for each in r.objects:
        yield each.place, re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", each.name)
        sound = r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?"
        yield each.place, all(re.fullmatch(sound, value) for value in each.labels.values())


@promise
def no_two_objects_have_one_name(r):
    seen = [(each.data["apiVersion"].split("/")[0], each.kind, each.name) for each in r.objects]
    yield "all", len(seen) == len(set(seen))


@promise
def everything_says_to_whom_it_belongs(r):
    for each in r.objects:
        if each.name not in ("proxy", "triage-runbook"):
            labels = each.labels
            yield each.place, (labels["app.kubernetes.io/instance"], labels["app.kubernetes.io/managed-by"]) == (RELEASE, "Helm")
            yield each.place, labels["helm.sh/chart"].startswith("ombud-") and labels["app.kubernetes.io/component"]


@promise
def common_labels_and_annotations_are_on_everything(r):
    if r.name == "gitops":
        for each in r.objects:
            if each.name not in ("proxy", "triage-runbook"):
                yield each.place, each.labels["cost-center"] == "4711"
        for each in r.workers:
            yield each.place, each.annotations["reloader.stakater.com/auto"] == "true"
            meta = each.template["metadata"]
            yield each.place, meta["labels"]["team"] == "triage" and meta["annotations"]["prometheus.io/scrape"] == "true"


@promise
def objects_of_ones_own_are_templates(r):
    if r.name == "gitops":
        yield "a map", r.one("ConfigMap", "triage-runbook").of("data.who") == "triage@bank.example"
        yield "a text", r.one("ConfigMap", "proxy").of("data.HTTPS_PROXY") == f"http://proxy.{NAMESPACE}:3128"
