//! What the business asks of decisions, and how a figure stands against it.

use serde::Serialize;

use crate::interval::Interval;

/// Right products, of what is answered.
pub const RIGHT_PRODUCT: f64 = 0.80;
/// Right issues at the coarsest level, the intents, of what is answered.
pub const RIGHT_ISSUE: f64 = 0.71;
/// Vulnerable customers who are flagged.
pub const VULNERABLE_FLAGGED: f64 = 0.60;
/// Of fewer cases nothing is said: a share of so many may be off by seven points.
pub const LEAST_CASES: usize = 200;

/// How a share stands against what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetState {
    /// As much as was asked; chance does not explain it.
    Met,
    /// Chance explains on which side it lies.
    Unsure,
    /// Less than was asked; chance does not explain it.
    Missed,
    /// Too few cases.
    TooFew,
    /// Too few of the cases say what is true.
    NotClaimed,
    /// Nothing was asked.
    NotAsked,
}

impl TargetState {
    /// By the interval of the share, 95 %.
    pub fn of(interval: Interval, asked: f64) -> Self {
        let [low, high] = interval;
        match () {
            () if low >= asked => Self::Met,
            () if high < asked => Self::Missed,
            () => Self::Unsure,
        }
    }

    /// In words, for reports.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Met => "as asked",
            Self::Unsure => "near what was asked",
            Self::Missed => "less than asked",
            Self::TooFew | Self::NotClaimed | Self::NotAsked => "",
        }
    }

    /// How it looks.
    pub const fn tone(self) -> ombud_report::Tone {
        match self {
            Self::Met => ombud_report::Tone::Good,
            Self::Unsure => ombud_report::Tone::Warning,
            Self::Missed => ombud_report::Tone::Bad,
            Self::TooFew | Self::NotClaimed | Self::NotAsked => ombud_report::Tone::Plain,
        }
    }
}

/// `asked: 80 %`.
pub fn asked(share: f64) -> String {
    format!("asked: {:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::wilson;

    #[test]
    fn only_what_chance_does_not_explain_is_met_or_missed() {
        let standing = |hits, of| TargetState::of(wilson(hits, of).unwrap(), RIGHT_PRODUCT);
        assert_eq!(standing(900, 1_000), TargetState::Met);
        assert_eq!(standing(810, 1_000), TargetState::Unsure);
        assert_eq!(standing(790, 1_000), TargetState::Unsure);
        assert_eq!(standing(700, 1_000), TargetState::Missed);
    }
}
