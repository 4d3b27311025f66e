"""What a ScaledObject asks of the autoscaler: its triggers, and the metric that each of them gives.

The arithmetic is that of KEDA's scalers for Kafka, Prometheus and CPU. An autoscaler asks for each metric at each of its syncs;
`pollingInterval` only counts where a trigger has `useCachedMetrics`.
"""

from dataclasses import dataclass

import hpa


@dataclass(frozen=True)
class Seen:
    """What the triggers can see at one moment."""

    lag: int  # records of complaints.raw that the group has not committed
    partitions: int
    drain: float | None  # the greatest ombud_drain_seconds of the group, None where Prometheus has no series
    cpu: list  # of each pod that is ready, in percent of its request
    cpu_unready: int
    pods: hpa.Pods


def even_lag(lag, partitions, threshold):
    """The lag that Kafka's scaler gives with ensureEvenDistributionOfPartitions: that of the least number of pods which divides
    the partitions and has at most `threshold` each."""
    for pods in range(1, partitions + 1):
        if partitions % pods == 0 and pods * threshold >= lag:
            return pods * threshold
    return partitions * threshold


def is_set(metadata, name, default="false"):
    return str(metadata.get(name, default)).lower() == "true"


class Kafka:
    """type: kafka"""

    def __init__(self, trigger):
        said = trigger["metadata"]
        for name in ("limitToPartitionsWithLag", "excludePersistentLag", "partitionLimitation"):
            if name in said:
                raise ValueError(f"{name} is not simulated")
        self.threshold = int(said.get("lagThreshold", 10))
        self.is_even = is_set(said, "ensureEvenDistributionOfPartitions")
        self.may_idle = is_set(said, "allowIdleConsumers")
        self.is_value = trigger.get("metricType", "AverageValue") == "Value"

    def read(self, seen):
        lag = seen.lag
        if self.is_even:
            lag = even_lag(lag, seen.partitions, self.threshold)
        if not self.may_idle and lag // self.threshold > seen.partitions:
            lag = seen.partitions * self.threshold
        return lag

    def proposes(self, lag, pods, tolerances):
        if self.is_value:
            return hpa.by_value(lag, self.threshold, pods.all, pods.ready, tolerances)
        return hpa.by_average(lag, self.threshold, pods.all, tolerances)


class Drain:
    """type: prometheus, of ombud_drain_seconds"""

    def __init__(self, trigger):
        said = trigger["metadata"]
        if "max(ombud_drain_seconds" not in said["query"].replace(" ", ""):
            raise ValueError(f"not the greatest ombud_drain_seconds of a group: {said['query']}")
        self.threshold = float(said["threshold"])
        self.nothing_is_zero = is_set(said, "ignoreNullValues", "true")
        self.is_value = trigger.get("metricType", "AverageValue") == "Value"

    def read(self, seen):
        if seen.drain is None and not self.nothing_is_zero:
            raise hpa.Missing("Prometheus has no series")
        return seen.drain or 0.0

    def proposes(self, drain, pods, tolerances):
        if self.is_value:
            return hpa.by_value(drain, self.threshold, pods.all, pods.ready, tolerances)
        return hpa.by_average(drain, self.threshold, pods.all, tolerances)


class Cpu:
    """type: cpu, which the autoscaler asks of the pods itself"""

    def __init__(self, trigger):
        if trigger.get("metricType") != "Utilization":
            raise ValueError("a cpu trigger is read by its Utilization")
        self.target = int(trigger["metadata"]["value"])

    def read(self, seen):
        return list(seen.cpu), seen.cpu_unready

    def proposes(self, read, pods, tolerances):
        used, unready = read
        return hpa.by_utilization(used, unready, 0, self.target, pods.all, tolerances)


KINDS = {"kafka": Kafka, "prometheus": Drain, "cpu": Cpu}


class ScaledObject:
    """One ScaledObject as Helm renders it."""

    def __init__(self, document):
        spec = document["spec"]
        self.name = document["metadata"]["name"]
        self.target = spec["scaleTargetRef"]["name"]
        self.least = spec.get("minReplicaCount", 0)
        self.most = spec.get("maxReplicaCount", 100)
        self.polling = spec.get("pollingInterval", 30)
        self.triggers = [(KINDS[each["type"]](each), bool(each.get("useCachedMetrics"))) for each in spec["triggers"]]
        config = (spec.get("advanced") or {}).get("horizontalPodAutoscalerConfig") or {}
        self.autoscaler = hpa.Autoscaler.of(self.least, self.most, config.get("behavior"))
        self.cached = {}

    def sync(self, now, replicas, seen):
        """How many replicas there are to be."""
        proposals = []
        for number, (trigger, is_cached) in enumerate(self.triggers):
            try:
                read = self._cached(now, number, trigger, seen) if is_cached else trigger.read(seen)
                proposals.append(trigger.proposes(read, seen.pods, self.autoscaler.tolerances))
            except hpa.Missing:
                proposals.append(None)
        return self.autoscaler.decide(now, replicas, proposals)

    def _cached(self, now, number, trigger, seen):
        at, read = self.cached.get(number, (None, None))
        if at is None or now - at >= self.polling:
            read = trigger.read(seen)
            self.cached[number] = (now, read)
        return read
