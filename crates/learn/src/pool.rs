//! The three pools of judged cases: the halves of the audit sample, and the rest; and how much of each is labelled.

use ombud_measure::{audit_half::AuditHalf, truth::is_enough};
use serde::{Deserialize, Serialize};

/// With at least so many labelled cases, the calibrating half of the audit sample calibrates a task alone: a share of 300 is
/// known to within six points, whatever it is.
pub const LEAST_CALIBRATING: usize = 300;
/// Cases of either half of the audit sample that a set holds at most, the latest judged: a share of so many is known to
/// within half a point, and more would only take longer.
pub const MOST_AUDITED: usize = 50_000;

/// Where a case comes from, which says what may be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pool {
    /// Judged because somebody happened to see it: learned from.
    Rest,
    /// Drawn at random: calibrates.
    Calibration,
    /// Drawn at random: models are tried on it.
    Trial,
}

impl Pool {
    /// The pool of a complaint that was, or was not, drawn at random.
    pub(crate) fn of(complaint_id: &str, audited: bool) -> Self {
        match (audited, AuditHalf::of(complaint_id)) {
            (false, _) => Self::Rest,
            (true, AuditHalf::Calibration) => Self::Calibration,
            (true, AuditHalf::Trial) => Self::Trial,
        }
    }
}

/// Something of each pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pools<T> {
    /// Of the cases that nobody drew.
    pub rest: T,
    /// Of the half of the audit sample that calibrates.
    pub calibration: T,
    /// Of the half of the audit sample that models are tried on.
    pub trial: T,
}

impl<T> Pools<T> {
    pub(crate) fn of(&self, pool: Pool) -> &T {
        match pool {
            Pool::Rest => &self.rest,
            Pool::Calibration => &self.calibration,
            Pool::Trial => &self.trial,
        }
    }

    pub(crate) fn of_mut(&mut self, pool: Pool) -> &mut T {
        match pool {
            Pool::Rest => &mut self.rest,
            Pool::Calibration => &mut self.calibration,
            Pool::Trial => &mut self.trial,
        }
    }
}

/// How many of a pool's cases have a label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Those that have one.
    pub labelled: usize,
    /// All.
    pub of: usize,
}

impl Share {
    pub(crate) fn add(&mut self, labelled: bool) {
        self.labelled += usize::from(labelled);
        self.of += 1;
    }

    /// Whether something may be learned or judged from the pool: enough of it is labelled.
    pub fn is_enough(self) -> bool {
        is_enough(self.labelled, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_of_ten_are_enough_and_less_is_not() {
        assert!(Share { labelled: 9, of: 10 }.is_enough() && Share { labelled: 90, of: 100 }.is_enough());
        assert!(!Share { labelled: 89, of: 100 }.is_enough() && !Share { labelled: 0, of: 1 }.is_enough());
        // Nobody's labels are missing.
        assert!(Share::default().is_enough());
    }
}
