//! The champion compared with the challengers: what verdicts say about each arm.
//!
//! An arm that decided is judged as the decisions are. A shadow changed no route, so none of its allocations was changed;
//! its answers are compared with what humans say is right, as far as they say it: that an allocation was wrong says
//! nothing about another answer.

use std::collections::BTreeMap;

use ombud_contract::{
    records::{Decision, Outcome, Prediction, Role},
    verdict::NO,
};
use serde::Serialize;

use super::tally::{Flags, Tally};

/// One model version's share of a task's complaints.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Arm {
    /// The task.
    pub task: String,
    /// `DECIDING` or `SHADOW`.
    pub role: &'static str,
    /// The arm's name in the strategy.
    pub arm: String,
    /// `MODEL@VERSION`.
    pub model: String,
}

impl Arm {
    /// By what its cases are found.
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.role, self.arm, self.model)
    }

    pub(super) fn decided(decision: &Decision) -> Self {
        Self {
            task: decision.task.clone(),
            role: Role::Deciding.symbol(),
            arm: decision.arm.clone(),
            model: format!("{}@{}", decision.model_id, decision.model_version),
        }
    }

    pub(super) fn watched(prediction: &Prediction) -> Self {
        Self {
            task: prediction.task.clone(),
            role: Role::Shadow.symbol(),
            arm: prediction.arm.clone(),
            model: format!("{}@{}", prediction.model_id, prediction.model_version),
        }
    }
}

/// What became of an arm's answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArmCounts {
    /// Cases whose answer was judged, given or not.
    pub cases: usize,
    /// Of its sure answers, those that were right.
    pub right: Tally,
    /// Of a shadow: how often who decided was right where the shadow was judged.
    pub decider_right: Tally,
    /// Of the allocations that its answer had a part in, those that were changed; none of a shadow.
    pub reallocated: Tally,
    /// Of the flag of vulnerability: what it was worth.
    pub flags: Flags,
}

/// By arm.
pub type Arms = BTreeMap<Arm, ArmCounts>;

/// Whether a shadow would have flagged the customer, as a route does: only a clear no is one.
pub(super) fn flags(shadow: &Prediction) -> bool {
    let cleared = shadow.outcome == Outcome::Labelled && shadow.label.as_deref() == Some(NO);
    !cleared || shadow.evidence.iter().any(|evidence| evidence.explicit)
}
