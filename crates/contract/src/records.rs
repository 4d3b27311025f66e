//! Every record that travels on a topic, as Rust types; `schemas/` holds the same records as Avro.
//!
//! Times are milliseconds since the Unix epoch, UTC (`timestamp-millis`). Fields with a Rust default have
//! the same default in the schema; fields without one are permanent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC.
pub type TimestampMs = i64;

/// One submission of a complaint, as the CRM sends it. Key: `complaint_id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RawComplaint {
    /// The CRM's id of the complaint, stable over its submissions.
    pub complaint_id: String,
    /// What the customer wrote. The only field with free text; never logged.
    pub narrative: String,
    /// Business time; never used for deadlines.
    pub received_at: TimestampMs,
    /// The CRM's edit number.
    #[serde(default = "defaults::one")]
    pub submission: i32,
    /// The customer took the complaint back.
    #[serde(default)]
    pub withdrawn: bool,
    /// Part of a backfill: no deadline.
    #[serde(default)]
    pub bulk: bool,
    /// How it came in (`web`, `phone`, ...); an open vocabulary.
    #[serde(default = "defaults::unknown")]
    pub channel: String,
    /// BCP 47 tag of the narrative's language; `und` where the CRM doesn't know.
    #[serde(default = "defaults::und")]
    pub language: String,
    /// The company of the group that the complaint is against.
    pub legal_entity: Option<String>,
    /// Pseudonym of the customer.
    pub customer_ref: Option<String>,
    /// The id in the sending system, if another than `complaint_id`.
    pub external_ref: Option<String>,
    /// The product, where the CRM knows it for certain.
    pub known_product: Option<String>,
    /// What else the CRM wants to travel along. No free text.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

impl RawComplaint {
    /// A first submission that says no more than it must; everything else has its default.
    pub fn new(
        complaint_id: impl Into<String>,
        narrative: impl Into<String>,
        received_at: TimestampMs,
    ) -> Self {
        Self {
            complaint_id: complaint_id.into(),
            narrative: narrative.into(),
            received_at,
            submission: defaults::one(),
            withdrawn: false,
            bulk: false,
            channel: defaults::unknown(),
            language: defaults::und(),
            legal_entity: None,
            customer_ref: None,
            external_ref: None,
            known_product: None,
            attributes: BTreeMap::new(),
        }
    }
}

/// Whether a prediction decides or is only watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Written by a newer worker than the reader: decides nothing.
    #[default]
    Unknown,
    /// The joiner waits for it.
    Deciding,
    /// Stored, and changes no route.
    Shadow,
}

impl Role {
    /// As it stands in the schema.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Deciding => "DECIDING",
            Self::Shadow => "SHADOW",
        }
    }
}

/// What came of asking a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// The model gave no answer; `failure` says why, as a code.
    #[default]
    Failed,
    /// Answered with a confidence above the strategy's review threshold.
    Labelled,
    /// Too unsure to answer, and `label` is the best guess, for a human to see; or unable to read the text, without a label.
    Abstained,
}

/// [`Prediction::arithmetic`] of a model that computes in single precision.
pub const FLOAT: &str = "FLOAT";

/// One model's answer on one submission. Key: `complaint_id`; partition: the raw record's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// SHA-256 over complaint_id, input_sha256, task, model_version, role: the same on replay.
    pub prediction_id: String,
    /// The complaint.
    pub complaint_id: String,
    /// Which content was judged; see [`crate::ids::input_sha256`].
    pub input_sha256: String,
    /// Partition of the raw record.
    pub raw_partition: i32,
    /// Offset of the raw record.
    pub raw_offset: i64,
    /// `product`, `issue`, `vulnerable`, or a task that a bank added.
    pub task: String,
    /// The model's name in the registry.
    pub model_id: String,
    /// SHA-256 of the artefact's content.
    pub model_version: String,
    /// The strategy that chose the arm.
    pub strategy_version: i64,
    /// The arm's name in that strategy.
    pub arm: String,
    /// Deciding or shadow.
    pub role: Role,
    /// Labelled, abstained or failed.
    pub outcome: Outcome,
    /// The answer; null when the model failed.
    pub label: Option<String>,
    /// The taxonomy level of `label`: for the issue one of `issue`, `group`, `intent`; else the task's name.
    #[serde(default)]
    pub level: String,
    /// Coarse to fine, ends with `label`.
    #[serde(default)]
    pub path: Vec<String>,
    /// Calibrated probability of `label`, 0 to 1.
    #[serde(default)]
    pub confidence: f32,
    /// Uncalibrated model outputs at the leaves, in label-set order.
    #[serde(default)]
    pub logits: Vec<f32>,
    /// Which numbered label set `logits` speaks of, such as `issue@1`.
    #[serde(default)]
    pub label_set: String,
    /// The confidence that `label` had to reach; 0 where evidence answered, which needs none.
    #[serde(default)]
    pub threshold: f32,
    /// Tokens (or n-grams) that the narrative has for this model.
    #[serde(default)]
    pub tokens: i32,
    /// How many of them the model did not see.
    #[serde(default)]
    pub truncated_tokens: i32,
    /// How many windows the model read the narrative in.
    #[serde(default = "defaults::one")]
    pub windows: i32,
    /// A code, never text.
    pub failure: Option<String>,
    /// When it was decided.
    pub predicted_at: TimestampMs,
    /// Of a yes or no: the model's calibrated probability of yes, whatever was answered; `None` where there is none.
    pub score: Option<f32>,
    /// What the narrative says outright for a yes, in its order.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// The numbered table that was looked up, such as `vulnerable@1`; empty where none was.
    #[serde(default)]
    pub evidence_table: String,
    /// How many of the tokens the model has never learned: words outside its vocabulary, n-grams without weights.
    #[serde(default)]
    pub unseen_tokens: i32,
    /// Why the model cannot read the narrative, as a code such as `language`; it then abstains without a guess. `None`
    /// where it reads it.
    pub unread: Option<String>,
    /// What the model computed in, such as `FLOAT`; an open vocabulary.
    #[serde(default = "defaults::arithmetic")]
    pub arithmetic: String,
}

/// A phrase of the narrative that says something outright, by its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What it speaks of, such as `armed_forces`: a category of the evidence table.
    pub category: String,
    /// Enough to answer yes by itself; else it only keeps the answer from being no.
    #[serde(default)]
    pub explicit: bool,
    /// Where it begins in the narrative, in code points.
    pub start: i32,
    /// Where it ends, in code points; what stands there is no part of it.
    pub end: i32,
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
}

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

impl RoutedComplaint {
    /// Whether the complaint was drawn at random.
    pub fn is_audited(&self) -> bool {
        self.human_reasons.iter().any(|reason| reason == crate::verdict::AUDIT_SAMPLE)
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

/// Why a record could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeadReason {
    /// Written by a newer worker than the reader.
    #[default]
    Other,
    /// The bytes are not the schema's Avro.
    Undecodable,
    /// The schema id is not in the registry.
    UnknownSchema,
    /// Decoded, and breaks a rule of [`crate::validate`].
    Invalid,
    /// Larger than what a complaint may be.
    TooLarge,
    /// Not what was written, by its digest.
    Corrupt,
}

impl DeadReason {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Other, Self::Undecodable, Self::UnknownSchema, Self::Invalid, Self::TooLarge, Self::Corrupt];
}

/// One header of a dead letter's original record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeaderEntry {
    /// Name.
    pub name: String,
    /// Value.
    #[serde(default, with = "crate::hexed")]
    pub value: Option<Vec<u8>>,
}

/// A record that nobody could read, with its original bytes. Key: the original key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// SHA-256 over source topic, partition and offset: the same on replay.
    pub dead_letter_id: String,
    /// Who parked it.
    pub worker: String,
    /// Why.
    pub reason: DeadReason,
    /// What was wrong, without anything personal.
    #[serde(default)]
    pub detail: String,
    /// The topic that it lies on, with its prefix.
    pub source_topic: String,
    /// The partition that it lies on.
    pub source_partition: i32,
    /// Its offset there.
    pub source_offset: i64,
    /// The source record's append time.
    pub source_timestamp: TimestampMs,
    /// The schema id that its bytes name.
    pub schema_id: Option<i32>,
    /// Original key.
    #[serde(default, with = "crate::hexed")]
    pub key: Option<Vec<u8>>,
    /// Original value.
    #[serde(default, with = "crate::hexed")]
    pub value: Option<Vec<u8>>,
    /// SHA-256 of `value`, hex.
    #[serde(default)]
    pub value_sha256: String,
    /// Original headers.
    #[serde(default)]
    pub headers: Vec<HeaderEntry>,
    /// How often it was sent again.
    #[serde(default)]
    pub redrives: i32,
    /// When it was parked.
    pub failed_at: TimestampMs,
}

/// One file of a model artefact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileDigest {
    /// Path in the folder, with `/`.
    pub name: String,
    /// SHA-256 of the content, hex.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: i64,
}

/// Where a model version stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ModelState {
    /// Never serves.
    #[default]
    Rejected,
    /// May be named by a strategy.
    Registered,
    /// No longer to be named.
    Retired,
}

/// One version of a model. Key: `model_id@version`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelVersion {
    /// The model's name.
    pub model_id: String,
    /// SHA-256 of the artefact's content, hex.
    pub version: String,
    /// The tasks that it answers.
    pub tasks: Vec<String>,
    /// Where it stands.
    pub state: ModelState,
    /// The hub's id, where it came from one.
    pub hub_id: Option<String>,
    /// The hub's revision.
    pub hub_revision: Option<String>,
    /// `bag`, `encoder` or `blend`.
    pub family: String,
    /// What the version is made of.
    pub files: Vec<FileDigest>,
    /// Task to labels in logit order.
    pub labels: BTreeMap<String, Vec<String>>,
    /// Named figures from its evaluation.
    #[serde(default)]
    pub metrics: BTreeMap<String, f64>,
    /// Digest of the training manifest.
    pub training_manifest_sha256: Option<String>,
    /// The version that it was trained on from.
    pub parent_version: Option<String>,
    /// Who registered it.
    pub created_by: String,
    /// When.
    pub created_at: TimestampMs,
    /// Why it stands where it stands: of a rejected one a code, a colon, and what is wrong.
    #[serde(default)]
    pub state_reason: String,
    /// Who changed the state last; empty where nobody did since it was registered.
    #[serde(default)]
    pub changed_by: String,
    /// When the state was changed last; 0 where it never was.
    #[serde(default)]
    pub changed_at: TimestampMs,
    /// Task to the numbered label set of its labels, such as `issue@1`.
    #[serde(default)]
    pub label_sets: BTreeMap<String, String>,
    /// The newest evaluations, the latest last.
    #[serde(default)]
    pub evaluations: Vec<ModelEvaluation>,
}

impl ModelVersion {
    /// The evaluation of that id.
    pub fn evaluation(&self, id: &str) -> Option<&ModelEvaluation> {
        self.evaluations.iter().find(|evaluation| evaluation.evaluation_id == id)
    }
}

/// What a model version was found to be worth, once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelEvaluation {
    /// First 16 digits of the SHA-256 of the report.
    pub evaluation_id: String,
    /// `audit-sample`, `data` or `replay`.
    pub kind: String,
    /// What was asked about: the SHA-256 of a file, or a span of time.
    pub data: String,
    /// Complaints.
    pub rows: i64,
    /// The version that it was compared with.
    pub against_version: Option<String>,
    /// Named figures.
    #[serde(default)]
    pub figures: BTreeMap<String, f64>,
    /// Who asked.
    pub evaluated_by: String,
    /// When.
    pub evaluated_at: TimestampMs,
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
    #[serde(default = "defaults::audit_basis_points")]
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
}

/// The defaults that are not the type's own.
mod defaults {
    pub(super) fn one() -> i32 {
        1
    }

    pub(super) fn yes() -> bool {
        true
    }

    pub(super) fn unknown() -> String {
        "unknown".into()
    }

    pub(super) fn und() -> String {
        "und".into()
    }

    pub(super) fn arithmetic() -> String {
        super::FLOAT.into()
    }

    pub(super) fn audit_basis_points() -> i32 {
        100
    }
}
