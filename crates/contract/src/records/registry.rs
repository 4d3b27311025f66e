//! models.registry: which model versions there are, what each is made of and what it was found to be worth.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::TimestampMs;
use crate::{catalogue::Topic, codec::Record};

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

impl Record for ModelVersion {
    const TOPIC: Topic = Topic::Registry;
}
