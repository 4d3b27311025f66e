//! models.strategy: which models decide, who gets what, and how long a decision may take.

use serde::{Deserialize, Serialize};

use super::{Role, TimestampMs};
use crate::{catalogue::Topic, codec::Record};

/// One numbered strategy. Key: `strategy`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Strategy {
    /// Valid only as the previous + 1.
    pub version: i64,
    /// Complaints appended from here on.
    pub effective_from: TimestampMs,
    /// One a task.
    pub tasks: Vec<TaskStrategy>,
    /// How long the joiner waits for required tasks, from the raw record's append time.
    pub deadline_ms: i64,
    /// How long a complete case may still be amended.
    pub amend_window_ms: i64,
    /// Share of complaints that a human looks at whatever the models say: 10,000 is all.
    #[serde(default = "one_of_a_hundred")]
    pub audit_basis_points: i32,
    /// The routing table: TOML, checked before it is published.
    pub routing: String,
    /// Who changed it.
    pub changed_by: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// The evaluation that the change rests on.
    pub evaluation_id: Option<String>,
    /// When.
    pub changed_at: TimestampMs,
    /// How many persons beside the one who asks must approve the next change of what decides.
    #[serde(default)]
    pub approvals: i32,
    /// The request that was approved, where one was.
    pub request_id: Option<String>,
    /// Who asked for this version.
    pub requested_by: Option<String>,
    /// Who approved it, sorted; never the one who asked.
    #[serde(default)]
    pub approved_by: Vec<String>,
}

/// How one task is decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskStrategy {
    /// The task.
    pub task: String,
    /// The joiner waits for it.
    pub required: bool,
    /// Seeds the choice of the arm.
    pub salt: String,
    /// An answer below this calibrated confidence is for a human.
    pub review_below: f32,
    /// Who may answer.
    pub arms: Vec<Arm>,
}

/// One model's share of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// `champion`, `challenger`, ...
    pub name: String,
    /// The model.
    pub model_id: String,
    /// Its version.
    pub model_version: String,
    /// Deciding or shadow.
    pub role: Role,
    /// Share of complaints: 10,000 is all.
    pub basis_points: i32,
}

impl Record for Strategy {
    const TOPIC: Topic = Topic::Strategy;
}

fn one_of_a_hundred() -> i32 {
    100
}
