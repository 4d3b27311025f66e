//! What verifying looks at of a statement. Other fields may be there: a later version may say more.

use ombud_contract::records::TimestampMs;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct SignedStatement {
    #[serde(rename = "_type")]
    pub(crate) kind: String,
    pub(crate) subject: Vec<SignedSubject>,
    #[serde(rename = "predicateType")]
    pub(crate) predicate_type: String,
    pub(crate) predicate: SignedDossier,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignedSubject {
    pub(crate) name: String,
    pub(crate) digest: SignedDigest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignedDigest {
    pub(crate) sha256: String,
}

#[derive(Deserialize)]
pub(crate) struct SignedDossier {
    pub(crate) complaint_id: String,
    pub(crate) exported_at: TimestampMs,
    pub(crate) exported_by: SignedExporter,
    pub(crate) input: SignedInput,
    pub(crate) model: SignedModels,
    pub(crate) strategy: SignedStrategy,
    pub(crate) proof: SignedProof,
}

#[derive(Deserialize)]
pub(crate) struct SignedExporter {
    pub(crate) actor: String,
}

#[derive(Deserialize)]
pub(crate) struct SignedInput {
    pub(crate) submission: Option<SignedSubmission>,
}

#[derive(Deserialize)]
pub(crate) struct SignedSubmission {
    pub(crate) narrative_sha256: String,
}

#[derive(Deserialize)]
pub(crate) struct SignedModels {
    pub(crate) models: Vec<SignedModel>,
}

#[derive(Deserialize)]
pub(crate) struct SignedModel {
    pub(crate) model_id: String,
    pub(crate) version: String,
}

#[derive(Deserialize)]
pub(crate) struct SignedStrategy {
    pub(crate) draws: Vec<SignedDraw>,
}

#[derive(Deserialize)]
pub(crate) struct SignedDraw {
    pub(crate) task: String,
    pub(crate) strategy_version: i64,
    pub(crate) salt: String,
    pub(crate) point: i32,
    pub(crate) drawn: Option<String>,
    pub(crate) arms: Vec<SignedArm>,
}

#[derive(Deserialize)]
pub(crate) struct SignedArm {
    pub(crate) name: String,
    pub(crate) model_id: String,
    pub(crate) model_version: String,
    pub(crate) from: i32,
    pub(crate) to: i32,
}

#[derive(Deserialize)]
pub(crate) struct SignedProof {
    pub(crate) records: Vec<SignedRecord>,
}

#[derive(Deserialize)]
pub(crate) struct SignedRecord {
    pub(crate) kind: String,
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) schema: Option<i32>,
    pub(crate) content_sha256: Option<String>,
    pub(crate) value: Option<String>,
    pub(crate) withheld: Option<String>,
}
