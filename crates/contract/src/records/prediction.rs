//! complaints.predictions: each model's answer to a submission.

use serde::{Deserialize, Serialize};

use super::{TimestampMs, defaults};
use crate::{catalogue::Topic, codec::Record, hash::Parts};

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

impl Outcome {
    /// As it stands in the schema.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Failed => "FAILED",
            Self::Labelled => "LABELLED",
            Self::Abstained => "ABSTAINED",
        }
    }
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
    #[serde(default = "single_precision")]
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

impl Record for Prediction {
    const TOPIC: Topic = Topic::Predictions;
}

fn single_precision() -> String {
    FLOAT.into()
}

/// One model's answer on one input in one role.
pub fn prediction_id(
    complaint_id: &str,
    input_sha256: &str,
    task: &str,
    model_version: &str,
    role: Role,
) -> String {
    let mut parts = Parts::default();
    parts.text(complaint_id).text(input_sha256).text(task).text(model_version).text(role.symbol());
    parts.hex()
}
