"""Autoscaling: by lag and by the time to drain of one group alone, never to zero, without storms of rebalances."""

import definitions

from . import promise

AUTOSCALERS = ("ScaledObject", "HorizontalPodAutoscaler")


def triggers(r, kind):
    for each in r.kind("ScaledObject"):
        for trigger in each.of("spec.triggers"):
            if trigger["type"] == kind:
                yield each, trigger


def behavior(each):
    return each.of("spec.behavior") or each.of("spec.advanced.horizontalPodAutoscalerConfig.behavior")


@promise
def every_autoscaler_has_a_worker(r):
    for each in r.kind(*AUTOSCALERS):
        yield each.place, r.one("Deployment", each.of("spec.scaleTargetRef.name")).data.get("spec")


@promise
def infer_and_archive_are_scaled_where_that_is_wanted(r):
    wanted = {"keda": {"infer-triage", "infer-vulnerable", "archive"}, "hpa": {"infer-all"}, "default": set()}
    if r.name in wanted:
        scaled = {each.of("spec.scaleTargetRef.name").removeprefix("prod-ombud-") for each in r.kind(*AUTOSCALERS)}
        yield "scaled", scaled == wanted[r.name]


@promise
def joiners_and_consoles_are_never_scaled(r):
    """What a joiner needs is memory, and each rebalance has it read 14 days of routes."""
    names = {each.of("spec.scaleTargetRef.name") for each in r.kind(*AUTOSCALERS)}
    for each in r.workers:
        if each.role in ("join", "console"):
            yield each.place, each.name not in names


@promise
def nothing_scales_to_zero(r):
    for each in r.kind(*AUTOSCALERS):
        least = each.of("spec.minReplicaCount") or each.of("spec.minReplicas")
        yield each.place, least == 2 and not each.of("spec.idleReplicaCount")


@promise
def a_group_that_has_committed_nothing_has_all_of_it_to_do(r):
    for each, trigger in triggers(r, "kafka"):
        yield each.place, trigger["metadata"]["offsetResetPolicy"] == "earliest"


@promise
def every_member_gets_as_many_partitions(r):
    for each, trigger in triggers(r, "kafka"):
        yield each.place, trigger["metadata"]["ensureEvenDistributionOfPartitions"] == "true"


@promise
def lag_is_of_one_topic_and_one_group(r):
    raw = f"{r.settings.get('topics', {}).get('prefix', '')}complaints.raw"
    for each in r.kind("ScaledObject"):
        kafka = [one["metadata"] for one in each.of("spec.triggers") if one["type"] == "kafka"]
        groups, topics = {one["consumerGroup"] for one in kafka}, [one["topic"] for one in kafka]
        yield each.place, len(groups) == 1 and raw in topics and len(topics) == (3 if "ombud.archive" in groups else 1)


@promise
def a_group_is_named_as_the_worker_names_it(r):
    """`ombud infer --task a,b` is a member of ombud.infer.a+b."""
    for each, trigger in triggers(r, "kafka"):
        args = r.one("Deployment", each.of("spec.scaleTargetRef.name")).container["args"]
        wanted = "ombud.archive" if args == ["archive"] else f"ombud.infer.{args[2].replace(',', '+')}"
        yield each.place, trigger["metadata"]["consumerGroup"] == wanted


@promise
def a_prefix_stands_before_the_topics(r):
    if r.name == "prefixed":
        for each, trigger in triggers(r, "kafka"):
            yield each.place, trigger["metadata"]["topic"].startswith("bank-complaints.")


@promise
def lag_is_shared_out_among_pods(r):
    for each, trigger in triggers(r, "kafka"):
        yield each.place, trigger["metricType"] == "AverageValue"


@promise
def a_pod_is_given_what_it_does_in_a_minute(r):
    for each, trigger in triggers(r, "kafka"):
        wanted = "10000" if each.name.endswith("archive") else "2000"
        yield each.place, trigger["metadata"]["lagThreshold"] == wanted


@promise
def time_to_drain_is_of_that_group_alone(r):
    for each, trigger in triggers(r, "prometheus"):
        kafka = next(one for one in each.of("spec.triggers") if one["type"] == "kafka")
        group = kafka["metadata"]["consumerGroup"]
        wanted = f'max(ombud_drain_seconds{{group="{group}",namespace="triage"}})'
        yield each.place, trigger["metadata"]["query"] == wanted


@promise
def time_to_drain_is_no_sum_over_pods(r):
    for each, trigger in triggers(r, "prometheus"):
        yield each.place, trigger["metricType"] == "Value" and trigger["metadata"]["threshold"] == "60"


@promise
def a_missing_series_changes_nothing(r):
    """Nothing is 0, which asks for no pod; while Prometheus itself is away, no pod is taken."""
    for each, trigger in triggers(r, "prometheus"):
        yield each.place, trigger["metadata"]["ignoreNullValues"] == "true" and not each.of("spec.fallback")


@promise
def how_busy_infer_is_shows_a_backfill_that_is_held_back(r):
    if r.name != "lag alone":
        for each in r.kind("ScaledObject"):
            found = [one for one in each.of("spec.triggers") if one["type"] == "cpu"]
            asked = [(one["metricType"], one["metadata"]["value"]) for one in found]
            yield each.place, asked == ([] if each.name.endswith("archive") else [("Utilization", "60")])


@promise
def without_prometheus_lag_alone_scales(r):
    if r.name == "lag alone":
        for each in r.kind("ScaledObject"):
            yield each.place, {one["type"] for one in each.of("spec.triggers")} == {"kafka"}


@promise
def pods_are_given_back_slowly(r):
    for each in r.kind(*AUTOSCALERS):
        down = behavior(each)["scaleDown"]
        yield each.place, down["stabilizationWindowSeconds"] >= 300
        yield each.place, down["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 60}]


@promise
def pods_come_at_most_twice_as_many_a_minute(r):
    for each in r.kind(*AUTOSCALERS):
        steps = {step["type"]: step for step in behavior(each)["scaleUp"]["policies"]}
        yield each.place, steps["Percent"]["value"] <= 100 and all(step["periodSeconds"] >= 60 for step in steps.values())


@promise
def a_groups_own_bounds_win(r):
    if r.name == "keda":
        most = {each.name.split("-", 2)[-1]: each.of("spec.maxReplicaCount") for each in r.kind("ScaledObject")}
        yield "most", most == {"infer-triage": 8, "infer-vulnerable": 4, "archive": 8}


@promise
def triggers_have_names_that_keda_reads(r):
    """KEDA's definition takes any name, and its scalers ignore one that they don't know."""
    known = definitions.triggers()
    for each in r.kind("ScaledObject"):
        for trigger in each.of("spec.triggers"):
            yield each.place, trigger["metadata"].keys() <= {*known[trigger["type"]]["metadata"]}
            yield each.place, all(isinstance(value, str) for value in trigger["metadata"].values())
    for each in r.kind("TriggerAuthentication"):
        asked = [one["parameter"] for by in each.of("spec").values() for one in by]
        yield each.place, {*asked} <= {*known["kafka"]["parameters"]}


@promise
def keda_asks_the_brokers_as_the_worker_does(r):
    """The same Secrets, and the user from the pod's own variable."""
    for each in r.kind("TriggerAuthentication"):
        worker = r.one("Deployment", each.name)
        for secret in each.of("spec.secretTargetRef"):
            yield each.place, secret["name"] in str(worker.pod["volumes"]) and secret["key"] in str(worker.pod["volumes"])
        for variable in each.of("spec.env") or []:
            yield each.place, variable["name"] in worker.env and variable["containerName"] == worker.container["name"]


@promise
def keda_asks_with_all_that_brokers_want(r):
    wanted = {"sasl-tls": {"username", "password", "ca"}, "mtls": {"cert", "key", "ca"}}
    if r.name in wanted:
        said = {"sasl-tls": ("enable", "scram_sha512"), "mtls": ("enable", None)}[r.name]
        for each, trigger in triggers(r, "kafka"):
            asked = r.one("TriggerAuthentication", trigger["authenticationRef"]["name"])
            yield each.place, {one["parameter"] for by in asked.of("spec").values() for one in by} == wanted[r.name]
            yield each.place, (trigger["metadata"]["tls"], trigger["metadata"].get("sasl")) == said


@promise
def prometheus_is_asked_as_was_said(r):
    if r.name == "sasl-tls":
        for each, trigger in triggers(r, "prometheus"):
            yield each.place, trigger["authenticationRef"] == {"name": "prometheus-token"}


@promise
def without_keda_cpu_scales(r):
    if r.name == "hpa":
        yield "KEDA", not r.kind("ScaledObject", "TriggerAuthentication")
        for each in r.kind("HorizontalPodAutoscaler"):
            (metric,) = each.of("spec.metrics")
            yield each.place, metric["resource"]["name"] == "cpu"
            yield each.place, metric["resource"]["target"] == {"type": "Utilization", "averageUtilization": 60}
