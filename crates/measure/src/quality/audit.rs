//! The audit sample of a time: how many complaints were drawn for it, and how many of those are judged.
//!
//! Who is drawn follows from the id and from the strategy's share, so it is known from the decisions of that time: a route without
//! any decision is not among them.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use ombud_contract::verdict::is_drawn;
use serde::Serialize;

use crate::truth::is_enough;

/// The complaints that were drawn, each by a hash of its id: a sample of a year is known in a megabyte.
#[derive(Clone, Debug, Default)]
pub struct AuditDraw(HashSet<u64>);

impl AuditDraw {
    /// Counts a decided complaint, where `basis_points` of 10,000 are drawn.
    pub fn see(&mut self, complaint_id: &str, basis_points: i32) {
        if is_drawn(complaint_id, basis_points) {
            self.0.insert(id_hash(complaint_id));
        }
    }
}

/// How much of the audit sample is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuditCoverage {
    /// Complaints that were drawn in the time asked.
    pub drawn: usize,
    /// Those that somebody judged in that time.
    pub judged: usize,
    /// Those that nobody did.
    pub missing: usize,
}

impl AuditCoverage {
    /// `judged` are the judged ones, each by [`id_hash`].
    pub(super) fn of(drawn: &AuditDraw, judged: &HashSet<u64>) -> Self {
        let judged = drawn.0.intersection(judged).count();
        Self { drawn: drawn.0.len(), judged, missing: drawn.0.len() - judged }
    }

    /// Whether too few are judged for the sample to be still a random one.
    pub fn is_wanting(self) -> bool {
        !is_enough(self.judged, self.drawn)
    }
}

pub(super) fn id_hash(complaint_id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    complaint_id.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_of_several_decisions_is_drawn_once_and_of_none_nobody_is() {
        let mut drawn = AuditDraw::default();
        for _ in 0..3 {
            drawn.see("c-1", 10_000);
            drawn.see("c-2", 0);
        }
        let audit = AuditCoverage::of(&drawn, &HashSet::new());
        assert_eq!(audit, AuditCoverage { drawn: 1, judged: 0, missing: 1 });
        assert!(audit.is_wanting() && !AuditCoverage::default().is_wanting());
        assert!(!AuditCoverage { drawn: 10, judged: 9, missing: 1 }.is_wanting());
    }
}
