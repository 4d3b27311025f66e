//! Where a path is looked at, and what each look counts: Clenshaw–Curtis quadrature on 0 to 1.
//!
//! A rule has all points of the rule with half as many intervals, both ends included, so what was computed for one counts in the
//! next. On encoders its error was that of Gauss–Legendre with as many points, which share none.

use std::f64::consts::PI;

/// A point of the path, and its weight; the weights of a rule sum to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) point: f64,
    pub(crate) weight: f64,
}

/// The rule of `intervals`, an even number: one point more, ascending; exact for polynomials up to that degree. The weights are
/// those of Clenshaw and Curtis (1960).
pub(crate) fn clenshaw_curtis(intervals: usize) -> Vec<Node> {
    let n = intervals as f64;
    let half = intervals / 2;
    let node = |at: usize| {
        let angle = at as f64 * PI / n;
        let term = |j: usize| {
            let counted = if j == half { 1.0 } else { 2.0 };
            let j = j as f64;
            counted / (4.0 * j * j - 1.0) * (2.0 * j * angle).cos()
        };
        let inner = 1.0 - (1..=half).map(term).sum::<f64>();
        let at_end = at == 0 || at == intervals;
        // On -1 to 1 the weight is twice that.
        Node { point: (1.0 - angle.cos()) / 2.0, weight: inner / n / if at_end { 2.0 } else { 1.0 } }
    };
    (0..=intervals).map(node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_exact_for_polynomials_up_to_its_intervals() {
        for intervals in [2, 16, 32, 64, 128] {
            let rule = clenshaw_curtis(intervals);
            for degree in 0..=intervals as i32 {
                let sum: f64 = rule.iter().map(|node| node.weight * node.point.powi(degree)).sum();
                let exact = 1.0 / f64::from(degree + 1);
                assert!(
                    (sum - exact).abs() < 1e-13,
                    "{intervals} intervals, degree {degree}: {sum} for {exact}"
                );
            }
        }
    }

    #[test]
    fn a_rule_has_the_points_of_the_one_before_and_both_ends() {
        let (rule, next) = (clenshaw_curtis(16), clenshaw_curtis(32));
        for (at, node) in rule.iter().enumerate() {
            assert!((node.point - next[2 * at].point).abs() < 1e-15);
        }
        assert!(next.windows(2).all(|pair| pair[0].point < pair[1].point));
        assert!(next.iter().all(|node| node.weight > 0.0));
        assert_eq!((next[0].point, next[32].point), (0.0, 1.0));
    }
}
