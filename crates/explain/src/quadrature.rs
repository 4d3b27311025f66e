//! Where a path is looked at, and what each look counts: Fejér's second rule on 0 to 1, stretched so that most points lie where
//! encoders make up their minds.
//!
//! A rule has all points of the rule with half as many intervals, so what was computed for one counts in the next. The ends of the
//! path, where encoders hardly move, are no points of it.

use std::f64::consts::PI;

/// Where on the way from padding to the text the default encoder's contrasts move the most (over half of it between .3 and .6, for
/// each task), ...
const CENTRE: f64 = 0.42;
/// ... and how narrow: points are as dense there as they would be on a path this many times as long.
const WIDTH: f64 = 0.1;

/// A point of the path, and its weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) point: f64,
    pub(crate) weight: f64,
}

/// The rule of `intervals`, an even number: one point fewer, ascending. The map is that of Johnston and Elliott (2005) for
/// integrands that are steep near a point.
pub(crate) fn stretched(intervals: usize) -> Vec<Node> {
    let place = |of: f64| ((of - CENTRE) / WIDTH).asinh();
    let (from, length) = (place(0.0), place(1.0) - place(0.0));
    let stretch = |node: Node| {
        let at = from + length * node.point;
        Node { point: CENTRE + WIDTH * at.sinh(), weight: node.weight * WIDTH * at.cosh() * length }
    };
    fejer(intervals).into_iter().map(stretch).collect()
}

/// Fejér's second rule (1933): exact for polynomials of a degree below `intervals`, the even number.
fn fejer(intervals: usize) -> Vec<Node> {
    let n = intervals as f64;
    let node = |at: usize| {
        let angle = at as f64 * PI / n;
        let term = |j: usize| {
            let odd = (2 * j - 1) as f64;
            (odd * angle).sin() / odd
        };
        let sum: f64 = (1..=intervals / 2).map(term).sum();
        // On -1 to 1 the weight is twice that.
        Node { point: (1.0 - angle.cos()) / 2.0, weight: 2.0 * angle.sin() * sum / n }
    };
    (1..intervals).map(node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(rule: &[Node], of: impl Fn(f64) -> f64) -> f64 {
        rule.iter().map(|node| node.weight * of(node.point)).sum()
    }

    #[test]
    fn a_rule_is_exact_for_polynomials_below_its_intervals() {
        for intervals in [2, 16, 32, 64, 128] {
            let rule = fejer(intervals);
            for degree in 0..intervals as i32 {
                let (sum, exact) = (sum(&rule, |x| x.powi(degree)), 1.0 / f64::from(degree + 1));
                let what = format!("{intervals} intervals, degree {degree}: {sum} for {exact}");
                assert!((sum - exact).abs() < 1e-13, "{what}");
            }
        }
    }

    #[test]
    fn stretched_it_still_measures_the_path_and_sees_a_step_that_is_as_steep_as_those_of_encoders() {
        for (intervals, off) in [(16, 1e-7), (32, 1e-13)] {
            let rule = stretched(intervals);
            for degree in 0..4 {
                let exact = 1.0 / f64::from(degree + 1);
                assert!((sum(&rule, |x| x.powi(degree)) - exact).abs() < off, "{intervals}, {degree}");
            }
        }
        // The slope of a step at .45.
        let slope = |x: f64| 20.0 / (20.0 * (x - 0.45)).cosh().powi(2);
        let exact = (20.0_f64 * 0.55).tanh() + (20.0_f64 * 0.45).tanh();
        assert!((sum(&stretched(16), slope) / exact - 1.0).abs() < 0.01);
        assert!((sum(&fejer(16), slope) / exact - 1.0).abs() > 0.05);
    }

    #[test]
    fn a_rule_has_the_points_of_the_one_before() {
        let (rule, next) = (stretched(16), stretched(32));
        assert_eq!((rule.len(), next.len()), (15, 31));
        for (at, node) in rule.iter().enumerate() {
            assert!((node.point - next[2 * at + 1].point).abs() < 1e-15);
        }
        assert!(next.windows(2).all(|pair| pair[0].point < pair[1].point));
        assert!(next.iter().all(|node| node.weight > 0.0 && (0.0..1.0).contains(&node.point)));
    }
}
