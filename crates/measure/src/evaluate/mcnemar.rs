//! McNemar's test: whether two models that are right on different rows are equally good.

use serde::Serialize;
use statrs::distribution::{Binomial, ChiSquared, ContinuousCDF, DiscreteCDF};

/// A difference that chance makes less often than this is real.
const REAL_BELOW: f64 = 0.05;
/// With fewer rows on which just one is right, chi-squared is too rough.
const FEW_DISCORDANT: usize = 25;

/// McNemar's test of two models on the same rows: only rows on which exactly one of them is right count.
///
/// McNemar, "Note on the sampling error of the difference between correlated proportions or percentages" (1947).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct McNemar {
    /// Rows on which this model is right and the other is not.
    pub n10: usize,
    /// Rows on which the other is right and this one is not.
    pub n01: usize,
    /// How `p` is computed.
    pub test: Test,
    /// How often chance makes at least this difference between equally good models.
    pub p: f64,
    /// Whether that is less than 5 %.
    pub real: bool,
}

/// How often chance makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Test {
    /// Both sides of the binomial distribution: below 25 rows on which one is right.
    Exact,
    /// Chi-squared with one degree of freedom and continuity correction.
    ChiSquared,
}

impl McNemar {
    /// From how many rows only this one, and only the other, is right on.
    pub fn of(n10: usize, n01: usize) -> Self {
        let discordant = n10 + n01;
        let (test, p) = if discordant < FEW_DISCORDANT {
            let half = Binomial::new(0.5, discordant as u64);
            // Refused is only what is no probability.
            (Test::Exact, half.map_or(1.0, |half| (2.0 * half.cdf(n10.min(n01) as u64)).min(1.0)))
        } else {
            let apart = (n10.abs_diff(n01) as f64 - 1.0).max(0.0);
            let statistic = apart * apart / discordant as f64;
            (Test::ChiSquared, ChiSquared::new(1.0).map_or(1.0, |chi| chi.sf(statistic)))
        };
        Self { n10, n01, test, p, real: p < REAL_BELOW }
    }

    /// "= 0.031", or "< 0.001": no chance is nothing.
    pub(super) fn p_shown(&self) -> String {
        if self.p < 0.001 { "< 0.001".to_owned() } else { format!("= {:.3}", self.p) }
    }

    /// Of rows: whether this model, and whether the other, is right on each.
    pub(super) fn of_rows(rights: impl Iterator<Item = (bool, bool)>) -> Self {
        let (mut n10, mut n01) = (0, 0);
        for (this, other) in rights {
            n10 += usize::from(this && !other);
            n01 += usize::from(other && !this);
        }
        Self::of(n10, n01)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_discordant_rows_are_tested_exactly() {
        let few = McNemar::of(9, 1);
        // Ten coins, at most one of one side: 2 x 11 / 1024.
        assert_eq!((few.test, few.real), (Test::Exact, true));
        assert!((few.p - 22.0 / 1024.0).abs() < 1e-12, "{}", few.p);
        assert_eq!(McNemar::of(12, 12).test, Test::Exact);
        assert_eq!(McNemar::of(13, 12).test, Test::ChiSquared);
    }

    #[test]
    fn models_that_never_differ_are_no_different() {
        assert_eq!(McNemar::of(0, 0).p, 1.0);
        assert_eq!(McNemar::of(40, 40).p, 1.0);
    }
}
