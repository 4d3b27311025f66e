"""Updates that lose nothing: probes, times to stop, what rolls pods and what does not, where pods may be."""

import math
import re

from render import reach

from . import promise

INFER = re.compile("-infer-")


@promise
def a_start_is_waited_for(r):
    for each in r.workers:
        probe = each.container["startupProbe"]
        waits = probe["periodSeconds"] * probe["failureThreshold"]
        yield each.place, probe["httpGet"] == {"path": "/healthz", "port": "http"} and waits >= 300


@promise
def models_get_ten_minutes_to_load(r):
    for each in r.workers:
        if each.role == "infer":
            probe = each.container["startupProbe"]
            yield each.place, probe["periodSeconds"] * probe["failureThreshold"] >= 600


@promise
def who_does_not_live_is_restarted(r):
    for each in r.workers:
        probe = each.container["livenessProbe"]
        waits = probe["periodSeconds"] * probe["failureThreshold"]
        yield each.place, probe["httpGet"] == {"path": "/healthz", "port": "http"} and waits >= 30


@promise
def who_cannot_work_is_sent_nothing(r):
    for each in r.workers:
        probe = each.container["readinessProbe"]
        waits = probe["periodSeconds"] * probe["failureThreshold"]
        yield each.place, probe["httpGet"] == {"path": "/readyz", "port": "http"} and waits <= 15


@promise
def the_ports_are_those_that_settings_name(r):
    for each in r.workers:
        ports = {port["name"]: port["containerPort"] for port in each.container["ports"]}
        http = r.settings["http"]
        said = {name: int(http[of].rsplit(":", 1)[1]) for name, of in (("http", "address"), ("metrics", "metrics_address"))}
        yield each.place, ports == said


@promise
def every_address_is_listened_on(r):
    for name in ("address", "metrics_address"):
        yield name, r.settings["http"][name].startswith(("0.0.0.0:", "[::]:"))


@promise
def a_pod_may_stop_longer_than_it_drains(r):
    drain = max(10_000, r.settings.get("join", {}).get("drain_ms", 3_000))
    for each in r.running:
        # 3 s after its drain a worker that is stuck is ended.
        yield each.place, each.pod["terminationGracePeriodSeconds"] >= max(30, math.ceil(drain / 1000) + 10)


@promise
def nothing_comes_between_a_worker_and_sigterm(r):
    for each in r.workers:
        yield each.place, "lifecycle" not in each.container and "command" not in each.container


@promise
def an_old_pod_goes_once_a_new_one_works(r):
    for each in r.workers:
        yield each.place, each.of("spec.strategy") == {
            "type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
        }  # fmt: skip


@promise
def no_group_has_a_member_for_each_partition(r):
    """The pod that an update adds would get no partition, never be ready, and the update would stand."""
    partitions = int(reach(r.one("Job", "").container, "args.2"))
    scaled = {each.of("spec.scaleTargetRef.name"): each for each in r.kind("ScaledObject", "HorizontalPodAutoscaler")}
    for each in r.workers:
        scaler = scaled.get(each.name)
        most = each.of("spec.replicas") if scaler is None else scaler.of("spec.maxReplicaCount") or scaler.of("spec.maxReplicas")
        yield each.place, most < partitions


@promise
def replicas_are_left_to_what_scales(r):
    scaled = {each.of("spec.scaleTargetRef.name") for each in r.kind("ScaledObject", "HorizontalPodAutoscaler")}
    for each in r.workers:
        if each.name in scaled:
            yield each.place, "replicas" not in each.of("spec")


@promise
def replicas_are_said_where_nothing_scales(r):
    scaled = {each.of("spec.scaleTargetRef.name") for each in r.kind("ScaledObject", "HorizontalPodAutoscaler")}
    for each in r.workers:
        if each.name not in scaled:
            yield each.place, each.of("spec.replicas") == (1 if each.role in ("explain", "operator") else 2)


@promise
def selectors_hold_no_version(r):
    for each in r.workers:
        wanted = {"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"}
        yield each.place, each.of("spec.selector.matchLabels").keys() == wanted


@promise
def selectors_stay_when_the_chart_is_upgraded(r):
    if r.name == "next chart":
        for each in r.workers:
            yield each.place, each.of("spec.selector") == r.other("default").one("Deployment", each.name).of("spec.selector")


@promise
def an_upgrade_of_the_chart_alone_rolls_no_pod(r):
    if r.name == "next chart":
        yield "helm.sh/chart", all(each.labels["helm.sh/chart"].endswith("9.8.7") for each in r.workers)
        for each in r.workers:
            yield each.place, each.template == r.other("default").one("Deployment", each.name).template


@promise
def selectors_find_their_own_pods_alone(r):
    for each in r.workers:
        wanted = each.of("spec.selector.matchLabels").items()
        found = [other.name for other in r.running if wanted <= other.template["metadata"]["labels"].items()]
        yield each.place, found == [each.name]


@promise
def other_settings_roll_every_worker(r):
    if r.name == "other settings":
        for each in r.workers:
            before = r.other("default").one("Deployment", each.name).template["metadata"]["annotations"]
            yield each.place, each.template["metadata"]["annotations"]["checksum/config"] != before["checksum/config"]


@promise
def the_same_values_render_the_same(r):
    if r.name == "default again":
        yield "all", r.text == r.other("default").text


@promise
def every_worker_may_lose_one_pod_at_a_time(r):
    for each in r.workers:
        budgets = [budget for budget in r.kind("PodDisruptionBudget") if budget.of("spec.selector") == each.of("spec.selector")]
        yield each.place, [budget.of("spec.maxUnavailable") for budget in budgets] == [1]


@promise
def a_pod_that_does_not_work_holds_up_no_node(r):
    for each in r.kind("PodDisruptionBudget"):
        yield each.place, each.of("spec.unhealthyPodEvictionPolicy") == "AlwaysAllow"


@promise
def pods_are_spread_over_zones_and_nodes(r):
    if r.name != "gateway":
        for each in r.workers:
            spread = each.pod["topologySpreadConstraints"]
            over = [one["topologyKey"] for one in spread]
            own = all(one["labelSelector"] == each.of("spec.selector") for one in spread)
            yield each.place, over == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"] and own


@promise
def a_spread_of_ones_own_wins(r):
    if r.name == "gateway":
        for each in r.workers:
            spread = each.pod["topologySpreadConstraints"]
            yield each.place, [one["whenUnsatisfiable"] for one in spread] == ["DoNotSchedule"]


@promise
def nodes_are_chosen_for_all_and_further_for_one(r):
    if r.name == "gitops":
        for each in r.running:
            wanted = {"kubernetes.io/arch": "amd64"} | ({"pool": "compute"} if each.role == "infer" else {})
            yield each.place, each.pod["nodeSelector"] == wanted


@promise
def taints_are_tolerated_by_jobs_too(r):
    if r.name == "gitops":
        for each in r.running:
            yield each.place, [one["key"] for one in each.pod["tolerations"]] == ["dedicated"]


@promise
def priority_is_everybodys(r):
    if r.name == "gitops":
        for each in r.running:
            yield each.place, each.pod["priorityClassName"] == "triage"


@promise
def affinity_of_one_role_is_its_own(r):
    if r.name == "gitops":
        for each in r.running:
            yield each.place, ("affinity" in each.pod) == (each.role == "join")


@promise
def every_container_says_what_it_needs(r):
    for each in r.running:
        needs = each.container["resources"]
        yield each.place, {"cpu", "memory"} <= needs["requests"].keys() and "memory" in needs["limits"]


@promise
def memory_is_promised_in_full(r):
    for each in r.running:
        needs = each.container["resources"]
        yield each.place, needs["requests"]["memory"] == needs["limits"]["memory"]


@promise
def who_computes_gets_whole_cores(r):
    """libtorch's threads wait for each other: under a quota that is less than the request, all wait for the one held back."""
    for each in r.running:
        if each.role in ("infer", "learn"):
            needs = each.container["resources"]
            yield each.place, needs["requests"]["cpu"] == needs["limits"]["cpu"] and needs["limits"]["cpu"].isdigit()


@promise
def a_joiner_gets_more_memory_than_it_may_fill(r):
    megabytes = r.settings.get("join", {}).get("memory_mb", 1_000)
    for each in r.workers:
        if each.role == "join":
            limit = each.container["resources"]["limits"]["memory"]
            yield each.place, limit.endswith("Gi") and int(limit[:-2]) * 1024 >= 1.5 * megabytes


@promise
def what_is_written_has_bounds(r):
    for each in r.running:
        empty = [volume["emptyDir"] for volume in each.pod["volumes"] if "emptyDir" in volume]
        yield each.place, empty and all("sizeLimit" in volume for volume in empty)
