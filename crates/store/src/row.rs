//! The rows of the store, as plain data. Times are milliseconds since the Unix epoch; days are UTC.
//!
//! Their keys are made of content, so that a replay writes the same cells again.

use std::fmt;

use bytes::Bytes;
use jiff::civil::Date;
use ombud_contract::{codec, ids::row_sha256};
use serde::Serialize;

use crate::alike::{ErasedSketch, SketchRow};

/// What kind of event a case has; the numbers stand in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i8)]
pub enum Kind {
    /// A submission.
    Raw = 1,
    /// A model's answer.
    Prediction = 2,
    /// A route.
    Routed = 3,
    /// A human's verdict.
    Feedback = 4,
    /// An explanation that somebody asked for.
    Explanation = 5,
    /// What was done about it.
    Work = 6,
}

impl Kind {
    /// The kind of that number.
    pub fn of(number: i8) -> Option<Self> {
        [Self::Raw, Self::Prediction, Self::Routed, Self::Feedback, Self::Explanation, Self::Work]
            .into_iter()
            .find(|kind| *kind as i8 == number)
    }
}

/// One row to write.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// An event of a case's dossier.
    CaseEvent(CaseEvent),
    /// A case lies in a queue.
    Queued(QueueEntry),
    /// A case no longer lies in a queue.
    Unqueued(Unqueued),
    /// A customer has a case.
    CustomerCase(CustomerCase),
    /// A model decided something.
    Decision(ModelDecision),
    /// A verdict, by day.
    Feedback(FeedbackDay),
    /// A strategy.
    Strategy(StrategyRow),
    /// A model version.
    Model(ModelRow),
    /// What a submission is compared by.
    Sketch(SketchRow),
    /// A complaint is compared no more.
    ErasedSketch(ErasedSketch),
}

impl Row {
    /// Whether a store can find it again: a CQL server takes no row whose partition key is empty.
    pub fn has_key(&self) -> bool {
        let key = match self {
            Self::CaseEvent(event) => &event.complaint_id,
            Self::Queued(entry) => &entry.team,
            Self::Unqueued(taken) => &taken.team,
            Self::CustomerCase(case) => &case.customer_ref,
            Self::Decision(decision) => &decision.model_id,
            Self::Strategy(strategy) => &strategy.scope,
            Self::Model(model) => &model.model_id,
            Self::Sketch(sketch) => &sketch.complaint_id,
            Self::ErasedSketch(erased) => &erased.complaint_id,
            // By its day, which every time has.
            Self::Feedback(_) => return true,
        };
        !key.is_empty()
    }
}

/// Something that happened to a complaint. Key: complaint, kind, `seq`, `id`.
#[derive(Clone, PartialEq)]
pub struct CaseEvent {
    /// The complaint.
    pub complaint_id: String,
    /// What happened.
    pub kind: Kind,
    /// Orders events of one kind: submission, raw offset, revision, decided_at or produced_at.
    pub seq: i64,
    /// Hash of the content that makes it this event.
    pub id: String,
    /// When it happened.
    pub at: i64,
    /// The task that was decided.
    pub task: Option<String>,
    /// The team that got it.
    pub team: Option<String>,
    /// The model that decided.
    pub model_id: Option<String>,
    /// Its version.
    pub model_version: Option<String>,
    /// The schema id that `body` names.
    pub schema_id: Option<i32>,
    /// The record's value as it lay in the log, with its wire prefix. Kind 1 holds the narrative.
    pub body: Bytes,
    /// `topic/partition/offset`.
    pub origin: String,
}

impl CaseEvent {
    /// What a store keeps beside the event, to know it by.
    pub fn digest(&self) -> [u8; 32] {
        // Named one by one, so that a new column does not compile until somebody has thought of it here.
        let Self {
            complaint_id,
            kind,
            seq,
            id,
            at,
            task,
            team,
            model_id,
            model_version,
            schema_id,
            body,
            origin,
        } = self;
        let [task, team, model_id, model_version] =
            [task, team, model_id, model_version].map(|text| text.as_deref().map(str::as_bytes));
        let schema_id = schema_id.map(i32::to_be_bytes);
        row_sha256(&[
            Some(complaint_id.as_bytes()),
            Some(&(*kind as i8).to_be_bytes()[..]),
            Some(&seq.to_be_bytes()[..]),
            Some(id.as_bytes()),
            Some(&at.to_be_bytes()[..]),
            task,
            team,
            model_id,
            model_version,
            schema_id.as_ref().map(|id| &id[..]),
            Some(&body[..]),
            Some(origin.as_bytes()),
        ])
    }

    /// The event as a store hands it out that keeps `digest` beside it: [`Self::spoilt`], where that is another's. A row from
    /// before there were digests has none, and is taken as it is.
    #[must_use]
    pub fn verified(self, digest: Option<&[u8]>) -> Self {
        if digest.is_none_or(|digest| digest == self.digest()) { self } else { self.spoilt() }
    }

    /// The event with a body that nobody decodes: its row is not what was written.
    #[must_use]
    pub fn spoilt(self) -> Self {
        Self { body: Bytes::from_static(codec::CORRUPT), ..self }
    }

    /// Whether its row is not what was written.
    pub fn is_spoilt(&self) -> bool {
        *self.body == *codec::CORRUPT
    }
}

impl fmt::Debug for CaseEvent {
    // The body may be personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} of {} from {}", self.kind, self.seq, self.complaint_id, self.origin)
    }
}

/// A case in a team's queue. Key: team, day of `received_at`, `received_at`, complaint.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueEntry {
    /// The queue.
    pub team: String,
    /// Business time of the complaint.
    pub received_at: i64,
    /// The complaint.
    pub complaint_id: String,
    /// The revision that put it there.
    pub revision: i64,
    /// Greater is more urgent.
    pub priority: i32,
    /// `VULNERABLE`, `POSSIBLE` or `NOT_INDICATED`.
    pub vulnerability: String,
    /// A human must look at the allocation.
    pub needs_human: bool,
    /// The product, where one was decided.
    pub product: Option<String>,
    /// The issue at the finest level that was decided.
    pub issue: Option<String>,
    /// Tasks without a decision, separated by commas.
    pub missing: String,
    /// Statutory clock.
    pub resolve_by: Option<i64>,
}

/// Takes a case out of a queue. Key: as [`QueueEntry`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unqueued {
    /// The queue.
    pub team: String,
    /// As it was queued.
    pub received_at: i64,
    /// The complaint.
    pub complaint_id: String,
    /// The revision that took it away; it beats every insert up to itself.
    pub revision: i64,
}

/// Finds a customer's cases. All of it is key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerCase {
    /// Pseudonym.
    pub customer_ref: String,
    /// Business time of the complaint.
    pub received_at: i64,
    /// The complaint.
    pub complaint_id: String,
}

/// What a model decided. Key: model, version, `day`, complaint, prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelDecision {
    /// The model.
    pub model_id: String,
    /// Its version.
    pub model_version: String,
    /// Day of the prediction.
    pub day: Date,
    /// The complaint.
    pub complaint_id: String,
    /// The prediction.
    pub prediction_id: String,
    /// The task.
    pub task: String,
    /// `DECIDING` or `SHADOW`.
    pub role: String,
    /// The strategy's arm.
    pub arm: String,
    /// `LABELLED`, `ABSTAINED` or `FAILED`.
    pub outcome: String,
    /// The answer.
    pub label: Option<String>,
    /// Calibrated, 0 to 1.
    pub confidence: f32,
    /// The strategy that chose the arm.
    pub strategy_version: i64,
}

/// A verdict. Key: day of `decided_at`, `decided_at`, verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedbackDay {
    /// When it was decided.
    pub decided_at: i64,
    /// The verdict.
    pub feedback_id: String,
    /// The complaint.
    pub complaint_id: String,
    /// `CONFIRMED`, `REALLOCATED`, ...
    pub kind: String,
    /// The version that was judged.
    pub model_version: Option<String>,
    /// What the model said.
    pub label_before: Option<String>,
    /// What is right.
    pub label_after: Option<String>,
    /// Chosen at random, so unbiased.
    pub audit_sample: bool,
}

/// A strategy. Key: scope, version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrategyRow {
    /// Whose strategy it is: the record's key.
    pub scope: String,
    /// Its number.
    pub version: i64,
    /// Complaints appended from here on.
    pub effective_from: i64,
    /// Who changed it.
    pub changed_by: String,
    /// The record's value as it lay in the log.
    pub body: Bytes,
}

/// A model version. Key: model, version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelRow {
    /// The model.
    pub model_id: String,
    /// Its version.
    pub version: String,
    /// The tasks that it answers, separated by commas.
    pub tasks: String,
    /// `REGISTERED`, `RETIRED` or `REJECTED`.
    pub state: String,
    /// When it was registered.
    pub created_at: i64,
    /// The record's value as it lay in the log.
    pub body: Bytes,
}

/// An enum's symbol as it stands in the schema.
pub(crate) fn symbol(value: impl Serialize) -> String {
    struct Symbol<T>(T);
    impl<T: Serialize> fmt::Display for Symbol<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.serialize(f)
        }
    }
    Symbol(value).to_string()
}

#[cfg(test)]
mod tests {
    use ombud_contract::records::Vulnerability;

    use super::*;

    #[test]
    fn a_symbol_is_written_as_in_the_schema() {
        assert_eq!(symbol(Vulnerability::NotIndicated), "NOT_INDICATED");
    }

    #[test]
    fn a_row_without_a_key_is_told_from_one_with() {
        let case = |customer_ref: &str| {
            Row::CustomerCase(CustomerCase {
                customer_ref: customer_ref.into(),
                received_at: 0,
                complaint_id: "c-1".into(),
            })
        };
        assert!(case("cust-1").has_key() && !case("").has_key());
    }

    #[test]
    fn a_kind_is_known_by_its_number() {
        let numbers: Vec<i8> = (i8::MIN..=i8::MAX).filter_map(Kind::of).map(|kind| kind as i8).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    }
}
