"""What a HorizontalPodAutoscaler (autoscaling/v2) decides at one sync: metrics in, replicas out.

The rules are those of Kubernetes' page "Horizontal Pod Autoscaling" (Algorithm details, Configurable scaling behavior).
test_hpa.py holds this against the examples given there. No clock: the time is an argument, in seconds.
"""

import math
from dataclasses import dataclass, field

SYNC_SECONDS = 15
TOLERANCE = 0.1


class Missing(Exception):
    """A metric that could not be had."""


@dataclass(frozen=True)
class Pods:
    """The pods of the target, as the controller sees them."""

    all: int
    ready: int


@dataclass(frozen=True)
class Policy:
    """At most `value` pods, or percent of them, in `period` seconds."""

    is_percent: bool
    value: int
    period: int


@dataclass(frozen=True)
class Rules:
    """One direction of `behavior`."""

    policies: tuple
    window: int
    select: str = "Max"
    tolerance: float = TOLERANCE

    @staticmethod
    def of(said, default):
        """From YAML; what is not said is the default's."""
        said = said or {}
        policies = tuple(Policy(p["type"] == "Percent", p["value"], p["periodSeconds"]) for p in said.get("policies") or ())
        return Rules(
            policies or default.policies,
            said.get("stabilizationWindowSeconds", default.window),
            said.get("selectPolicy", default.select),
            float(said.get("tolerance", default.tolerance)),
        )


UP = Rules((Policy(True, 100, 15), Policy(False, 4, 15)), 0)
DOWN = Rules((Policy(True, 100, 15),), 300)


@dataclass(frozen=True)
class Tolerances:
    """How far a ratio may be off 1 without a change."""

    up: float = TOLERANCE
    down: float = TOLERANCE

    def holds(self, ratio):
        return 1 - self.down <= ratio <= 1 + self.up


def by_average(total, target, replicas, tolerances=Tolerances()):
    """An external metric whose target is an `AverageValue`: a share of the total for each pod."""
    if tolerances.holds(total / (target * replicas)):
        return replicas
    return ceil(total / target)


def by_value(value, target, replicas, ready, tolerances=Tolerances()):
    """An external metric whose target is a `Value`: it is worth as many of the pods that are ready."""
    ratio = value / target
    if tolerances.holds(ratio):
        return replicas
    return ceil(ratio * ready)


def by_utilization(used, unready, missing, target, replicas, tolerances=Tolerances()):
    """A resource metric: `used` has what each pod that is ready uses, in percent of its request; `unready` and `missing` count
    the others. What is not known is taken as what changes least."""
    if not used:
        raise Missing("no pod that is ready has a metric")

    def ratio(of):
        return int(sum(of) / len(of)) / target

    first = ratio(used)
    grows = first > 1
    if not missing and not (unready and grows):
        return replicas if tolerances.holds(first) else ceil(first * len(used))
    counted = used + [0 if grows else 100] * missing + [0] * (unready if grows else 0)
    second = ratio(counted)
    if tolerances.holds(second) or (first < 1 < second) or (second < 1 < first):
        return replicas
    wanted = ceil(second * len(counted))
    turns = (second < 1 and wanted > replicas) or (second > 1 and wanted < replicas)
    return replicas if turns else wanted


def largest(proposals, replicas):
    """Of what the metrics propose (None: it could not be had) the largest; None where nothing may be changed: no metric is
    there, or one is missing and the others would take pods away."""
    known = [each for each in proposals if each is not None]
    if not known or (len(known) < len(proposals) and max(known) < replicas):
        return None
    return max(known)


def ceil(number):
    # Metrics are whole thousandths there, so that 3.0000000001 is 3.
    return math.ceil(round(number, 6))


@dataclass
class Autoscaler:
    """One autoscaler and what it remembers."""

    least: int
    most: int
    up: Rules = UP
    down: Rules = DOWN
    proposals: list = field(default_factory=list)  # (time, replicas), before stabilisation
    changes: list = field(default_factory=list)  # (time, how many more or fewer)

    @staticmethod
    def of(least, most, behavior):
        behavior = behavior or {}
        return Autoscaler(least, most, Rules.of(behavior.get("scaleUp"), UP), Rules.of(behavior.get("scaleDown"), DOWN))

    @property
    def tolerances(self):
        return Tolerances(self.up.tolerance, self.down.tolerance)

    def decide(self, now, replicas, proposals):
        """How many replicas there are to be, where there are `replicas` and the metrics propose `proposals`."""
        if not self.proposals:
            self.proposals.append((now, replicas))
        if replicas > self.most or replicas < self.least:
            return self._scaled(now, replicas, max(self.least, min(self.most, replicas)))
        wanted = largest(proposals, replicas)
        if wanted is None:
            return replicas
        return self._scaled(now, replicas, self._limited(now, replicas, self._stable(now, replicas, wanted)))

    def _stable(self, now, replicas, wanted):
        """The least of what was proposed within the window for more pods, the greatest within that for fewer."""
        lowest = min([wanted] + [each for at, each in self.proposals if at > now - self.up.window])
        highest = max([wanted] + [each for at, each in self.proposals if at > now - self.down.window])
        kept = max(self.up.window, self.down.window)
        self.proposals = [each for each in self.proposals if each[0] > now - kept] + [(now, wanted)]
        return min(max(replicas, lowest), highest)

    def _limited(self, now, replicas, wanted):
        if wanted > replicas:
            return min(wanted, self.most, max(replicas, self._most_by_policy(now, replicas)))
        if wanted < replicas:
            return max(wanted, self.least, min(replicas, self._least_by_policy(now, replicas)))
        return wanted

    def _most_by_policy(self, now, replicas):
        if self.up.select == "Disabled":
            return replicas
        limits = []
        for policy in self.up.policies:
            before = replicas - self._changed(now, policy.period)
            limits.append(ceil(before * (1 + policy.value / 100)) if policy.is_percent else before + policy.value)
        return min(limits) if self.up.select == "Min" else max(limits)

    def _least_by_policy(self, now, replicas):
        if self.down.select == "Disabled":
            return replicas
        limits = []
        for policy in self.down.policies:
            before = replicas - self._changed(now, policy.period)
            left = int(round(before * (1 - policy.value / 100), 6))
            limits.append(left if policy.is_percent else before - policy.value)
        return max(limits) if self.down.select == "Min" else min(limits)

    def _changed(self, now, period):
        return sum(change for at, change in self.changes if at > now - period)

    def _scaled(self, now, replicas, wanted):
        if wanted != replicas:
            longest = max(policy.period for policy in self.up.policies + self.down.policies)
            self.changes = [each for each in self.changes if each[0] > now - longest] + [(now, wanted - replicas)]
        return wanted
