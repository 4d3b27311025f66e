//! complaints.work: what was done about a complaint after it was routed.

mod read;
mod rules;

pub use read::{UnreadableWork, work_of};
pub use rules::InvalidWork;
use serde::{Deserialize, Serialize};

use super::TimestampMs;
use crate::{catalogue::Topic, codec::Record, hash::Parts};

/// What was done about a complaint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WorkKind {
    /// Written by a newer system than the reader.
    #[default]
    Other,
    /// Somebody took it.
    Claimed,
    /// They gave it back, or their time ran out.
    Released,
    /// The customer got word that it was received.
    Acknowledged,
    /// The customer got word why there is no answer yet.
    HoldingResponse,
    /// Resolved at once, with the customer's agreement.
    SummaryResolution,
    /// Answered.
    FinalResponse,
    /// Given to another firm, whose complaint it is.
    Forwarded,
    /// Open again after it was answered or forwarded.
    Reopened,
    /// A code was noted.
    Noted,
    /// An earlier event was undone.
    Undone,
}

/// What the customer was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AnswerOutcome {
    /// Written by a newer system than the reader.
    #[default]
    Other,
    /// The customer is right.
    Upheld,
    /// In part.
    PartlyUpheld,
    /// The customer is not.
    Rejected,
}

impl AnswerOutcome {
    /// As it stands in the schema.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Other => "OTHER",
            Self::Upheld => "UPHELD",
            Self::PartlyUpheld => "PARTLY_UPHELD",
            Self::Rejected => "REJECTED",
        }
    }
}

/// One thing that was done about a complaint. Key: `complaint_id`. No free text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WorkEvent {
    /// Of Ombud's own events [`work_id`]; another system may give an id of its own, unique and the same on every attempt.
    pub work_id: String,
    /// The complaint.
    pub complaint_id: String,
    /// What was done.
    pub kind: WorkKind,
    /// The revision of the route that it was done on.
    pub revision: i64,
    /// What the complaint said then: `input_sha256` of that route. An answer holds for whatever says the same.
    pub input_sha256: Option<String>,
    /// When it was done.
    pub done_at: TimestampMs,
    /// Pseudonym of who did it.
    pub actor: String,
    /// Their role.
    #[serde(default)]
    pub actor_role: String,
    /// The system that reported it.
    #[serde(default)]
    pub source: String,
    /// The team that did it.
    pub team: Option<String>,
    /// The lease under which it was done; of a claim and a release, the lease itself.
    pub lease_id: Option<String>,
    /// A code of the bank's: of a note, what is noted.
    #[serde(default)]
    pub reason_code: String,
    /// Of a final response or a summary resolution.
    pub outcome: Option<AnswerOutcome>,
    /// The bank's code of the cause, of a final response or a summary resolution.
    pub cause_code: Option<String>,
    /// Redress that was paid, in minor units of `redress_currency`.
    pub redress_minor: Option<i64>,
    /// ISO 4217.
    pub redress_currency: Option<String>,
    /// The bank's code of what vulnerability had to do with it, where it asks.
    pub vulnerability_code: Option<String>,
    /// The bank's code of the firm that got it, of a complaint that was forwarded.
    pub forwarded_to: Option<String>,
    /// The `work_id` of the event that is undone.
    pub undoes: Option<String>,
}

impl Record for WorkEvent {
    const TOPIC: Topic = Topic::Work;
}

impl WorkEvent {
    /// An event that says only what every one must, without its id.
    pub fn new(
        complaint_id: impl Into<String>,
        kind: WorkKind,
        revision: i64,
        done_at: TimestampMs,
        actor: impl Into<String>,
    ) -> Self {
        Self {
            work_id: String::new(),
            complaint_id: complaint_id.into(),
            kind,
            revision,
            input_sha256: None,
            done_at,
            actor: actor.into(),
            actor_role: String::new(),
            source: String::new(),
            team: None,
            lease_id: None,
            reason_code: String::new(),
            outcome: None,
            cause_code: None,
            redress_minor: None,
            redress_currency: None,
            vulnerability_code: None,
            forwarded_to: None,
            undoes: None,
        }
    }

    /// The same with its [`work_id`].
    #[must_use]
    pub fn named(self) -> Self {
        Self { work_id: work_id(&self), ..self }
    }
}

/// An event by what was done, by whom and when: the same event, sent again, is one. What is done under a lease at most once
/// is known by the lease instead of the time, so that a repeat after a crash is the same event: to take it, to give it back,
/// and to answer or forward, which ends the lease.
pub fn work_id(event: &WorkEvent) -> String {
    let once = event.kind.closes() || matches!(event.kind, WorkKind::Claimed | WorkKind::Released);
    let mut parts = Parts::default();
    parts.text(&event.complaint_id).text(event.kind.symbol());
    match &event.lease_id {
        Some(lease_id) if once => parts.text("lease").text(lease_id),
        _ => parts.text(&event.actor).number(event.done_at).number(event.revision).text(&event.reason_code),
    };
    parts.option("undoes", event.undoes.as_deref());
    parts.hex()
}

impl WorkKind {
    /// All of them, in the order of the schema.
    pub const ALL: [Self; 11] = [
        Self::Other,
        Self::Claimed,
        Self::Released,
        Self::Acknowledged,
        Self::HoldingResponse,
        Self::SummaryResolution,
        Self::FinalResponse,
        Self::Forwarded,
        Self::Reopened,
        Self::Noted,
        Self::Undone,
    ];

    /// Whether the customer was answered by it.
    pub const fn answers(self) -> bool {
        matches!(self, Self::SummaryResolution | Self::FinalResponse)
    }

    /// Whether nothing is left to do after it.
    pub const fn closes(self) -> bool {
        self.answers() || matches!(self, Self::Forwarded)
    }

    /// As it stands in the schema.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Other => "OTHER",
            Self::Claimed => "CLAIMED",
            Self::Released => "RELEASED",
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::HoldingResponse => "HOLDING_RESPONSE",
            Self::SummaryResolution => "SUMMARY_RESOLUTION",
            Self::FinalResponse => "FINAL_RESPONSE",
            Self::Forwarded => "FORWARDED",
            Self::Reopened => "REOPENED",
            Self::Noted => "NOTED",
            Self::Undone => "UNDONE",
        }
    }
}
