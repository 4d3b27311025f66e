//! complaints.routed: where each complaint goes, and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Outcome, Prediction, TimestampMs, defaults};
use crate::{
    catalogue::Topic,
    codec::Record,
    hash::{Parts, basis_point},
};

/// Where a complaint goes: the full state, not a delta. Key: `complaint_id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoutedComplaint {
    /// Hash of the content of the decision, without revision or time.
    pub route_id: String,
    /// The complaint.
    pub complaint_id: String,
    /// Greater is newer, and not consecutive: by the time at which the log took the submission.
    pub revision: i64,
    /// Why this record was written.
    pub why: Why,
    /// Which content was judged.
    pub input_sha256: String,
    /// Partition of the raw record.
    pub raw_partition: i32,
    /// Offset of the raw record.
    pub raw_offset: i64,
    /// Business time of the raw record.
    pub received_at: TimestampMs,
    /// When it was routed.
    pub routed_at: TimestampMs,
    /// The queue that gets it.
    pub team: String,
    /// The queue that had it before this revision, if another.
    pub previous_team: Option<String>,
    /// Greater is more urgent.
    #[serde(default)]
    pub priority: i32,
    /// See [`Vulnerability`].
    #[serde(default)]
    pub vulnerability: Vulnerability,
    /// A human must look at the allocation.
    #[serde(default = "defaults::yes")]
    pub needs_human: bool,
    /// Why: `abstained-product`, `missing-issue`, `audit-sample`, ...
    #[serde(default)]
    pub human_reasons: Vec<String>,
    /// One a task, sorted by task.
    #[serde(default)]
    pub decisions: Vec<Decision>,
    /// Required tasks without a decision, sorted.
    #[serde(default)]
    pub missing_tasks: Vec<String>,
    /// The strategy that routed.
    pub strategy_version: i64,
    /// Which ownership of the shard wrote it.
    pub writer_epoch: i64,
    /// Copied from the raw record.
    #[serde(default = "defaults::unknown")]
    pub channel: String,
    /// Copied from the raw record.
    pub customer_ref: Option<String>,
    /// Copied from the raw record.
    pub external_ref: Option<String>,
    /// Copied from the raw record: an amendment decides with it again.
    #[serde(default = "defaults::und")]
    pub language: String,
    /// Copied from the raw record: an amendment decides with it again.
    pub known_product: Option<String>,
    /// Statutory clock: resolve by.
    pub resolve_by: Option<TimestampMs>,
    /// Statutory clock: final response by.
    pub final_response_by: Option<TimestampMs>,
    /// Copied from the raw record: an amendment decides with it again.
    pub legal_entity: Option<String>,
    /// Copied from the raw record: an amendment decides with it again.
    pub regulator_sent_at: Option<TimestampMs>,
    /// Copied from the raw record: an amendment decides with it again.
    pub notice_at: Option<TimestampMs>,
    /// Those attributes of the raw record that a clock of the strategy looks at.
    #[serde(default)]
    pub clock_attributes: BTreeMap<String, String>,
    /// By `due`, the earliest first.
    #[serde(default)]
    pub clocks: Vec<Clock>,
}

/// A clock that runs for a complaint, by a rule of the strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// The rule's name.
    pub name: String,
    /// When it began.
    pub starts: TimestampMs,
    /// The first moment that is too late, while nothing extends it.
    pub due: TimestampMs,
    /// The whole rule in its one written form, so that nobody needs the strategy to say whether it is met.
    pub rule: String,
    /// The numbered calendar by which business days were counted, such as `england-and-wales@1`.
    pub calendar: Option<String>,
    /// Due after the calendar's last day: from there on only weekends were left out.
    #[serde(default)]
    pub beyond_calendar: bool,
}

impl RoutedComplaint {
    /// Whether the complaint was drawn at random.
    pub fn is_audited(&self) -> bool {
        self.human_reasons.iter().any(|reason| reason == AUDIT_SAMPLE)
    }
}

/// A prediction as it stands in a routed record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// See [`Prediction::task`].
    pub task: String,
    /// See [`Prediction::prediction_id`].
    pub prediction_id: String,
    /// See [`Prediction::outcome`].
    pub outcome: Outcome,
    /// See [`Prediction::label`].
    pub label: Option<String>,
    /// See [`Prediction::level`].
    #[serde(default)]
    pub level: String,
    /// See [`Prediction::path`].
    #[serde(default)]
    pub path: Vec<String>,
    /// See [`Prediction::confidence`].
    #[serde(default)]
    pub confidence: f32,
    /// See [`Prediction::model_id`].
    pub model_id: String,
    /// See [`Prediction::model_version`].
    pub model_version: String,
    /// See [`Prediction::strategy_version`].
    pub strategy_version: i64,
    /// See [`Prediction::arm`].
    pub arm: String,
    /// See [`Prediction::truncated_tokens`].
    #[serde(default)]
    pub truncated_tokens: i32,
    /// The narrative says it outright, whatever the model scored. What it says is on the prediction alone: a route is
    /// read by many, and a category such as health is nobody's business but the desk's.
    #[serde(default)]
    pub explicit_evidence: bool,
    /// See [`Prediction::unread`].
    pub unread: Option<String>,
}

impl From<&Prediction> for Decision {
    fn from(p: &Prediction) -> Self {
        Self {
            task: p.task.clone(),
            prediction_id: p.prediction_id.clone(),
            outcome: p.outcome,
            label: p.label.clone(),
            level: p.level.clone(),
            path: p.path.clone(),
            confidence: p.confidence,
            model_id: p.model_id.clone(),
            model_version: p.model_version.clone(),
            strategy_version: p.strategy_version,
            arm: p.arm.clone(),
            truncated_tokens: p.truncated_tokens,
            explicit_evidence: p.evidence.iter().any(|evidence| evidence.explicit),
            unread: p.unread.clone(),
        }
    }
}

/// How strongly a complaint speaks of a vulnerable customer. What cannot be read reads as `Possible`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Vulnerability {
    /// No sign of it.
    NotIndicated,
    /// Above the recall threshold, or missing, failed, late or unsure.
    #[default]
    Possible,
    /// Above the precision threshold: the vulnerable desk's.
    Vulnerable,
}

impl Vulnerability {
    /// As it stands in the schema.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::NotIndicated => "NOT_INDICATED",
            Self::Possible => "POSSIBLE",
            Self::Vulnerable => "VULNERABLE",
        }
    }
}

/// Why a routed record was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Why {
    /// Written by a newer joiner than the reader.
    #[default]
    Other,
    /// Every required task answered.
    Complete,
    /// The deadline passed with tasks missing.
    Deadline,
    /// A missing task answered after the deadline.
    Amended,
    /// The CRM sent new content.
    Resubmitted,
    /// Two joiners wrote; this one corrects.
    Reconciled,
    /// The raw record could not be read.
    Unreadable,
    /// The customer took the complaint back.
    Withdrawn,
}

impl Record for RoutedComplaint {
    const TOPIC: Topic = Topic::Routed;
}

/// The label of a customer who is vulnerable.
pub const YES: &str = Vulnerability::Vulnerable.symbol();
/// The label of a customer who is not.
pub const NO: &str = Vulnerability::NotIndicated.symbol();

/// Among a route's reasons for a human: the complaint was drawn at random, so what is found out about it is unbiased.
pub const AUDIT_SAMPLE: &str = "audit-sample";
/// Salt of the audit sample: one draw for every strategy, so that a complaint doesn't fall out of it.
const AUDIT: &str = "audit";

/// Whether a complaint is drawn for the audit sample where that is `basis_points` of 10,000.
pub fn is_drawn(complaint_id: &str, basis_points: i32) -> bool {
    basis_point(complaint_id, AUDIT) < basis_points
}

/// A route by what it rests on, without revision or time. The order of `prediction_ids` and of
/// `missing_tasks` does not matter.
pub fn route_id(
    complaint_id: &str,
    input_sha256: &str,
    prediction_ids: &[&str],
    strategy_version: i64,
    missing_tasks: &[&str],
) -> String {
    let mut parts = Parts::default();
    parts.text(complaint_id).text(input_sha256).sorted(prediction_ids);
    parts.number(strategy_version).sorted(missing_tasks);
    parts.hex()
}
