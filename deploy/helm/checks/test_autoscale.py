"""What a ScaledObject asks for, the workers' gauge, the group that is simulated, and that values which are worse are caught.

RENDERED names what Helm rendered, else the ScaledObject below is taken, which is as the chart renders it.
"""

import copy
import datetime
import os
import re
import unittest
import unittest.mock
from pathlib import Path

import yaml

import autoscale
import drain
import flow
import hpa
import keda

LIKE_THE_CHARTS = """
kind: Deployment
metadata: {name: infer}
spec: {template: {spec: {containers: [{args: [infer, --task, all], resources: {limits: {cpu: "2"}}}]}}}
---
kind: ScaledObject
metadata: {name: infer}
spec:
  scaleTargetRef: {name: infer}
  pollingInterval: 15
  minReplicaCount: 2
  maxReplicaCount: 8
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        scaleUp:
          stabilizationWindowSeconds: 30
          policies: [{type: Percent, value: 100, periodSeconds: 60}, {type: Pods, value: 2, periodSeconds: 60}]
        scaleDown: {stabilizationWindowSeconds: 300, policies: [{type: Pods, value: 1, periodSeconds: 60}]}
  triggers:
  - {type: kafka, metadata: {lagThreshold: "2000", ensureEvenDistributionOfPartitions: "true"}}
  - type: prometheus
    metricType: Value
    metadata: {query: 'max(ombud_drain_seconds{group="ombud.infer.all"})', threshold: "60", ignoreNullValues: "true"}
  - {type: cpu, metricType: Utilization, metadata: {value: "60"}}
"""


def rendered():
    """A ScaledObject of an infer group, and the cores of its pods."""
    path = os.environ.get("RENDERED")
    text = Path(path).read_text() if path else LIKE_THE_CHARTS
    return next(autoscale.infer_groups([each for each in yaml.safe_load_all(text) if each]))


def seen(lag=0, drain_seconds=0.0, cpu=(0, 0), unready=0, pods=2, ready=2):
    return keda.Seen(lag, 48, drain_seconds, list(cpu), unready, hpa.Pods(pods, ready))


class OfTriggers(unittest.TestCase):
    def kafka(self, **said):
        return keda.Kafka({"metadata": {"lagThreshold": "2000", **said}})

    def test_an_even_distribution_asks_for_a_divisor_of_the_partitions(self):
        even = self.kafka(ensureEvenDistributionOfPartitions="true")
        lags = (0, 2_000, 2_001, 8_001, 12_001, 17_000, 60_000, 500_000)
        asked = [hpa.by_average(even.read(seen(lag)), 2_000, 1) for lag in lags]
        self.assertEqual(asked, [1, 1, 2, 6, 8, 12, 48, 48])

    def test_without_it_there_are_never_more_pods_than_partitions(self):
        asked = [hpa.by_average(self.kafka().read(seen(lag)), 2_000, 1) for lag in (0, 8_001, 500_000)]
        self.assertEqual(asked, [0, 5, 48])

    def test_a_series_that_is_missing_is_zero_only_where_it_is_said_to_be(self):
        said = {"query": "max(ombud_drain_seconds{})", "threshold": "60"}
        trigger = keda.Drain({"metricType": "Value", "metadata": said})
        self.assertEqual(trigger.read(seen(drain_seconds=None)), 0)
        with self.assertRaises(hpa.Missing):
            keda.Drain({"metadata": {**said, "ignoreNullValues": "false"}}).read(seen(drain_seconds=None))

    def test_what_is_no_greatest_drain_of_one_group_is_refused(self):
        with self.assertRaises(ValueError):
            keda.Drain({"metadata": {"query": "sum(ombud_drain_seconds{})", "threshold": "60"}})

    def test_while_prometheus_is_away_no_pod_is_taken_and_lag_may_add_some(self):
        document = yaml.safe_load(LIKE_THE_CHARTS.split("---")[1])
        # As an error of the scaler does.
        document["spec"]["triggers"][1]["metadata"]["ignoreNullValues"] = "false"
        scaled = keda.ScaledObject(document)
        quiet = seen(drain_seconds=None, cpu=(0,) * 6, pods=6, ready=6)
        self.assertEqual([scaled.sync(now, 6, quiet) for now in range(0, 900, 15)], [6] * 60)
        busy = seen(100_000, None, (100,) * 6, pods=6, ready=6)
        self.assertEqual(scaled.sync(900, 6, busy), 8)

    def test_a_metric_that_is_cached_is_as_old_as_the_polling_interval_lets_it_be(self):
        document = yaml.safe_load(LIKE_THE_CHARTS.split("---")[1])
        cached = {**document["spec"]["triggers"][0], "useCachedMetrics": True}
        document["spec"].update(pollingInterval=60, triggers=[cached], advanced={})
        scaled = keda.ScaledObject(document)
        asked = [scaled.sync(now, 2, seen(lag)) for now, lag in ((0, 0), (15, 50_000), (45, 50_000), (60, 50_000))]
        self.assertEqual(asked, [2, 2, 2, 6])


class OfTheGauge(unittest.TestCase):
    """The stories of cli/src/serve/lag.rs."""

    def test_a_backlog_takes_its_length_over_the_rate(self):
        gauge = drain.Gauge()
        looks = ((0, 10_000, 0, 0), (10, 9_000, 1_000, 0), (20, 9_000, 1_000, 0), (30, 0, 9_000, None))
        told = [gauge.look(*look) for look in looks]
        self.assertEqual(told, [None, 90.0, 90.0, 0.0])

    def test_one_complaint_every_twenty_seconds_never_takes_long_though_each_look_finds_one(self):
        gauge = drain.Gauge()
        for now in range(20, flow.DAY, 20):
            self.assertFalse(gauge.look(now, 1, 0, now))
            self.assertEqual(gauge.look(now + 10, 0, 1, None), 0.0)

    def test_who_had_work_for_a_minute_and_finished_none_stands_still(self):
        gauge = drain.Gauge()
        told = [gauge.look(now, 1, 0, 0) for now in range(0, 80, 10)]
        self.assertEqual(told, [None] * 6 + [drain.STANDS_STILL] * 2)


class OfTheFigures(unittest.TestCase):
    def said(self, path, pattern):
        found = re.search(pattern, (autoscale.ROOT / path).read_text())
        self.assertIsNotNone(found, f"{path} has no {pattern}")
        return float(found[1].replace("_", ""))

    def test_they_are_those_of_the_code_and_of_what_was_measured(self):
        gauge, ahead = "cli/src/serve/lag.rs", "cli/src/backfill/window.rs"
        seconds = r": Duration = Duration::from_secs\((\d+)\)"
        self.assertEqual(self.said(gauge, "SAMPLE_INTERVAL" + seconds), drain.EVERY)
        self.assertEqual(self.said(gauge, "RATE_MEMORY" + seconds), drain.MEMORY)
        self.assertEqual(self.said(gauge, "STANDS_STILL_AFTER" + seconds), drain.STANDS_STILL_AFTER)
        self.assertEqual(self.said(gauge, r"STANDS_STILL: f64 = ([\d_.]+)"), drain.STANDS_STILL)
        self.assertEqual(self.said(ahead, r"FINISHED_WITHIN: Duration = Duration::from_millis\(([\d_]+)\)"), 1_000 * flow.AHEAD_SECONDS)
        self.assertEqual(self.said(ahead, r"LEAST_ROOM: f64 = ([\d.]+)"), flow.AHEAD_LEAST)
        self.assertEqual(self.said(ahead, r"GROWTH: f64 = ([\d.]+)"), flow.AHEAD_GROWTH)
        measured = self.said("docs/measured.md", r"the flow over Kafka routes ([\d.]+)\s+complaints a second")
        self.assertEqual(measured, 2 * flow.ANSWERED_PER_CORE)


class OfTheGroup(unittest.TestCase):
    def group(self, live, **load):
        document, cores = rendered()
        return flow.Group(keda.ScaledObject(document), flow.World(cores), flow.Load(live, **load))

    def test_every_complaint_is_answered_once(self):
        group = self.group(list(range(0, 3_000, 2)), backfill=20_000, backfill_at=60, is_at_once=True)
        trace = group.run()
        self.assertEqual(sorted(came for came, _ in trace.waits), list(range(0, 3_000, 2)))
        self.assertEqual((group.left, group.behind, group.finished[-1]), (0, 0, 21_500))

    def test_a_second_of_its_work_is_what_a_pod_answers_in_a_second(self):
        group = self.group([], backfill=30_000, is_at_once=True)
        group.scaled.most = group.scaled.autoscaler.most = group.scaled.least
        trace = group.run()
        self.assertAlmostEqual(trace.drained_at, 30_000 / group.world.rate / group.scaled.least, delta=20)

    def test_members_share_the_partitions_and_few_of_them_move(self):
        group = self.group([])
        owned = {partition: pod for pod in group.pods for partition in pod.owns}
        group.pods.append(flow.Pod(100))
        group._rebalance(100)
        shares = sorted(len(pod.owns) for pod in group.pods)
        moved = [partition for pod in group.pods for partition in pod.owns if owned[partition] is not pod]
        self.assertEqual((sum(shares), shares[-1] - shares[0] <= 1, len(moved)), (48, True, shares[0]))
        self.assertEqual({partition for partition in range(48) if group.moves_until[partition] > 100}, set(moved))


class OfThePicture(unittest.TestCase):
    def test_it_is_the_same_on_another_day(self):
        run = autoscale.Run("a day", flow.Load([]), flow.Trace([(0, 2), (autoscale.BUSIEST, 4)]))
        drawn = autoscale.plot([run] * 3)
        with unittest.mock.patch("pygal.svg.date", Leap):
            self.assertEqual(autoscale.plot([run] * 3), drawn)


class Leap(datetime.date):
    """Where it is always the 29th of February 2000."""

    @classmethod
    def today(cls):
        return cls(2000, 2, 29)


class OfWorseValues(unittest.TestCase):
    """One change each, and what is said about it."""

    def problems(self, change, *numbers):
        document, cores = rendered()
        document = copy.deepcopy(document)
        change(document["spec"])
        loads = autoscale.loads()
        return [each for number in numbers for each in autoscale.broken(autoscale.simulate(document, *loads[number], cores))]

    def behavior(self, spec):
        return spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]

    def trigger(self, spec, kind):
        return next(each for each in spec["triggers"] if each["type"] == kind)

    def test_too_few_pods(self):
        self.assertIn("not drained", self.problems(lambda spec: spec.update(maxReplicaCount=3), 2)[0])

    def test_a_backfill_that_waits_outside_kafka_is_seen_by_cpu_alone(self):
        def change(spec):
            spec["triggers"].remove(self.trigger(spec, "cpu"))

        self.assertIn("not drained", self.problems(change, 0)[0])

    def test_no_time_before_pods_are_taken_away(self):
        def change(spec):
            self.behavior(spec)["scaleDown"] = {"stabilizationWindowSeconds": 0}

        self.assertIn("turns round", " ".join(self.problems(change, 0)))

    def test_a_gauge_that_says_a_day_whenever_nothing_was_finished_for_ten_seconds(self):
        def look(gauge, now, lag, finished, oldest):
            gauge.at, gauge.value = now, 0.0 if lag == 0 else 10 * lag / finished if finished else drain.STANDS_STILL

        with unittest.mock.patch.object(drain.Gauge, "look", look):
            self.assertIn("are enough", " ".join(self.problems(lambda spec: None, 3)))

    def test_pods_that_come_one_in_ten_minutes(self):
        def change(spec):
            self.behavior(spec)["scaleUp"]["policies"] = [{"type": "Pods", "value": 1, "periodSeconds": 600}]

        self.assertIn("not drained", self.problems(change, 2)[0])

    def test_pods_that_never_go(self):
        def change(spec):
            self.behavior(spec)["scaleDown"]["selectPolicy"] = "Disabled"

        self.assertIn("are left at the end of the day", " ".join(self.problems(change, 0)))


if __name__ == "__main__":
    unittest.main()
