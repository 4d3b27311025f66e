"""The autoscaler's rules against the examples of Kubernetes' own page, and what it says in words."""

import unittest

import hpa
from hpa import Autoscaler, Missing, by_average, by_utilization, by_value, largest


def behavior(**directions):
    return Autoscaler.of(1, 100, directions)


def policy(kind, value, period=60):
    return {"type": kind, "value": value, "periodSeconds": period}


def run(autoscaler, replicas, wanted, times):
    """How many there are after each sync."""
    were = []
    for now in times:
        replicas = autoscaler.decide(now, replicas, [wanted])
        were.append(replicas)
    return were


class OfOneMetric(unittest.TestCase):
    def test_twice_the_wanted_value_doubles_and_half_of_it_halves(self):
        self.assertEqual(by_value(200, 100, 3, 3), 6)
        self.assertEqual(by_value(50, 100, 6, 6), 3)

    def test_a_ratio_within_a_tenth_of_one_changes_nothing(self):
        for value in (90, 100, 110):
            self.assertEqual(by_value(value, 100, 50, 50), 50)
        self.assertEqual(by_value(111, 100, 50, 50), 56)
        self.assertEqual(by_value(89, 100, 50, 50), 45)

    def test_ninety_percent_of_use_where_75_is_wanted_makes_60_pods_of_50(self):
        self.assertEqual(by_utilization([90] * 50, 0, 0, 75, 50), 60)

    def test_a_tolerance_of_five_percent_for_more_lets_106_of_100_count(self):
        tolerances = Autoscaler.of(1, 100, {"scaleUp": {"tolerance": 0.05}}).tolerances
        self.assertEqual(by_value(106, 100, 50, 50, tolerances), 53)
        self.assertEqual(by_value(105, 100, 50, 50, tolerances), 50)
        self.assertEqual(by_value(91, 100, 50, 50, tolerances), 50)

    def test_an_average_is_the_total_by_the_pods(self):
        self.assertEqual(by_average(7_000, 2_000, 2), 4)
        self.assertEqual(by_average(0, 2_000, 4), 0)
        self.assertEqual(by_average(8_700, 2_000, 4), 4)

    def test_a_value_counts_by_the_pods_that_are_ready(self):
        self.assertEqual(by_value(200, 100, 8, 2), 4)

    def test_a_pod_without_a_metric_uses_nothing_where_more_are_wanted_and_all_it_may_where_fewer_are(self):
        self.assertEqual(by_utilization([100, 100], 0, 1, 50, 3), 4)  # (100 + 100 + 0) / 3 = 66
        self.assertEqual(by_utilization([25, 25], 0, 1, 50, 3), 3)  # (25 + 25 + 100) / 3 = 50
        self.assertEqual(by_utilization([10, 10, 10], 0, 1, 100, 4), 2)  # (30 + 100) / 4 = 32

    def test_a_pod_that_is_not_ready_dampens_more_pods_and_not_fewer(self):
        self.assertEqual(by_utilization([100, 100], 2, 0, 70, 4), 4)  # 50 of 70 would turn round
        self.assertEqual(by_utilization([100, 100], 0, 0, 70, 2), 3)
        self.assertEqual(by_utilization([20, 20], 2, 0, 80, 4), 1)

    def test_no_pod_with_a_metric_is_no_metric(self):
        with self.assertRaises(Missing):
            by_utilization([], 2, 0, 70, 2)


class OfAllMetrics(unittest.TestCase):
    def test_the_largest_counts(self):
        self.assertEqual(largest([2, 7, 3], 4), 7)

    def test_where_one_is_missing_the_others_may_add_pods_and_take_none_away(self):
        self.assertEqual(largest([None, 7], 4), 7)
        self.assertIsNone(largest([None, 3], 4))
        self.assertIsNone(largest([None], 4))

    def test_nothing_known_changes_nothing(self):
        self.assertEqual(Autoscaler.of(2, 8, None).decide(0, 5, [None, None]), 5)


class OfBehavior(unittest.TestCase):
    def test_without_any_four_pods_or_as_many_as_there_are_come_in_fifteen_seconds(self):
        self.assertEqual(run(behavior(), 1, 50, (0, 15, 30, 45)), [5, 10, 20, 40])

    def test_the_policy_that_allows_most_counts_from_80_pods_to_10(self):
        down = {"stabilizationWindowSeconds": 0, "policies": [policy("Pods", 4), policy("Percent", 10)]}
        minutes = range(0, 60 * 16, 60)
        self.assertEqual(run(behavior(scaleDown=down), 80, 10, minutes)[:10], [72, 64, 57, 51, 45, 40, 36, 32, 28, 24])

    def test_the_least_is_taken_where_the_smallest_change_is_selected(self):
        policies = [policy("Percent", 10), policy("Pods", 5)]
        down = {"stabilizationWindowSeconds": 0, "policies": policies, "selectPolicy": "Min"}
        self.assertEqual(behavior(scaleDown=down).decide(0, 80, [10]), 75)
        self.assertEqual(behavior(scaleDown=down).decide(0, 20, [10]), 18)

    def test_a_period_counts_what_was_changed_in_it(self):
        down = {"stabilizationWindowSeconds": 0, "policies": [policy("Pods", 4)]}
        self.assertEqual(run(behavior(scaleDown=down), 20, 1, (0, 15, 30, 45, 60, 75)), [16, 16, 16, 16, 12, 12])

    def test_a_direction_can_be_disabled(self):
        self.assertEqual(behavior(scaleDown={"selectPolicy": "Disabled"}).decide(1_000, 9, [1]), 9)
        self.assertEqual(behavior(scaleUp={"selectPolicy": "Disabled"}).decide(1_000, 1, [9]), 1)

    def test_fewer_pods_are_the_most_that_was_wanted_in_the_last_five_minutes(self):
        autoscaler = behavior()
        self.assertEqual(autoscaler.decide(0, 9, [9]), 9)
        self.assertEqual(autoscaler.decide(15, 9, [6]), 9)
        self.assertEqual(run(autoscaler, 9, 2, (30, 285)), [9, 9])
        self.assertEqual(run(autoscaler, 9, 2, (300, 315, 330)), [6, 2, 2])

    def test_more_pods_are_the_least_that_was_wanted_within_their_window(self):
        autoscaler = behavior(scaleUp={"stabilizationWindowSeconds": 30})
        self.assertEqual([autoscaler.decide(now, 2, [wanted]) for now, wanted in ((0, 9), (15, 9), (30, 5))], [2, 2, 5])

    def test_bounds_hold_whatever_is_wanted(self):
        self.assertEqual(Autoscaler.of(2, 8, None).decide(0, 6, [30]), 8)
        self.assertEqual(Autoscaler.of(2, 8, None).decide(0, 12, [30]), 8)
        self.assertEqual(Autoscaler.of(2, 8, None).decide(0, 1, [1]), 2)
        self.assertEqual(run(Autoscaler.of(2, 8, None), 6, 0, (0, 300)), [6, 2])


if __name__ == "__main__":
    unittest.main()
