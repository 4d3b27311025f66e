//! complaints.feedback: what humans made of a decision.

mod read;
mod rules;

pub use read::{UnreadableFeedback, feedback_of};
pub use rules::{CLOCK_SKEW_MS, InvalidFeedback, MAX_CODE_BYTES, NEW_LABEL, UNKNOWN_TEAM, is_code};
use serde::{Deserialize, Serialize};

use super::TimestampMs;
use crate::{catalogue::Topic, codec::Record, hash::Parts};

/// What a human did with a routed complaint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FeedbackKind {
    /// Written by a newer system than the reader.
    #[default]
    Other,
    /// The allocation was right.
    Confirmed,
    /// Sent on to another team.
    Reallocated,
    /// Another label.
    Relabelled,
    /// The vulnerability flag was corrected.
    Vulnerability,
    /// Not a complaint at all.
    NotAComplaint,
    /// An earlier verdict was taken back.
    Retracted,
}

impl FeedbackKind {
    /// As it stands in the schema.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Other => "OTHER",
            Self::Confirmed => "CONFIRMED",
            Self::Reallocated => "REALLOCATED",
            Self::Relabelled => "RELABELLED",
            Self::Vulnerability => "VULNERABILITY",
            Self::NotAComplaint => "NOT_A_COMPLAINT",
            Self::Retracted => "RETRACTED",
        }
    }
}

/// One human verdict. Key: `complaint_id`. No free text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feedback {
    /// Unique id of the verdict.
    pub feedback_id: String,
    /// The complaint.
    pub complaint_id: String,
    /// The route that was judged.
    pub route_id: String,
    /// Its revision.
    pub revision: i64,
    /// What was done.
    pub kind: FeedbackKind,
    /// The task, where a label was judged.
    pub task: Option<String>,
    /// The prediction that was judged.
    pub prediction_id: Option<String>,
    /// Its model.
    pub model_id: Option<String>,
    /// Its model's version.
    pub model_version: Option<String>,
    /// What the model said.
    pub label_before: Option<String>,
    /// What is right.
    pub label_after: Option<String>,
    /// The team that had it.
    pub from_team: Option<String>,
    /// The team that gets it.
    pub to_team: Option<String>,
    /// A code of the bank's.
    #[serde(default)]
    pub reason_code: String,
    /// Pseudonym of who decided.
    pub actor: String,
    /// Their role.
    #[serde(default)]
    pub actor_role: String,
    /// The system that reported it.
    #[serde(default)]
    pub source: String,
    /// Chosen at random, so unbiased.
    #[serde(default)]
    pub audit_sample: bool,
    /// When it was decided.
    pub decided_at: TimestampMs,
    /// The verdict that is taken back, by its `feedback_id`.
    pub retracts: Option<String>,
}

impl Record for Feedback {
    const TOPIC: Topic = Topic::Feedback;
}

/// A verdict by what was judged, what is right, who says so and when: the same verdict, sent again, is one. What the
/// case fills in (route, prediction, model, the label and the team before) follows from complaint and revision.
pub fn feedback_id(feedback: &Feedback) -> String {
    let mut parts = Parts::default();
    parts.text(&feedback.complaint_id).number(feedback.revision).text(feedback.kind.symbol());
    parts.option("task", feedback.task.as_deref());
    parts.option("label_after", feedback.label_after.as_deref());
    parts.option("to_team", feedback.to_team.as_deref());
    parts.text(&feedback.actor).number(feedback.decided_at);
    parts.option("retracts", feedback.retracts.as_deref());
    parts.hex()
}
