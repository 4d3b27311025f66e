//! Which model versions exist and the state of each, folded from models.registry.

use std::collections::BTreeMap;

use ombud_contract::records::{ModelEvaluation, ModelState, ModelVersion};

use crate::artefact::Artefact;

/// A record carries all evaluations of its version, so it must stay small.
const MOST_EVALUATIONS: usize = 32;

/// The key of a model version on models.registry.
pub fn registry_key(model_id: &str, version: &str) -> String {
    format!("{model_id}@{version}")
}

/// The record that makes `artefact` known.
pub fn model_version_record(artefact: &Artefact, created_by: &str, created_at: i64) -> ModelVersion {
    let manifest = &artefact.manifest;
    ModelVersion {
        model_id: manifest.model_id.clone(),
        version: artefact.version.clone(),
        tasks: artefact.tasks(),
        state: ModelState::Registered,
        hub_id: None,
        hub_revision: None,
        family: manifest.family.name().to_owned(),
        files: artefact.files.clone(),
        labels: artefact.labels(),
        metrics: manifest.metrics.clone(),
        training_manifest_sha256: manifest.training_manifest_sha256.clone(),
        parent_version: manifest.parent_version.clone(),
        created_by: created_by.to_owned(),
        created_at,
        state_reason: String::new(),
        changed_by: String::new(),
        changed_at: 0,
        label_sets: manifest.heads.iter().map(|head| (head.task.clone(), head.label_set.clone())).collect(),
        evaluations: Vec::new(),
    }
}

/// The record to append when `evaluation` of the version `known` is reported; `None` where it was reported before. The
/// oldest of many are dropped.
pub fn evaluated(known: &ModelVersion, evaluation: ModelEvaluation) -> Option<ModelVersion> {
    if known.evaluation(&evaluation.evaluation_id).is_some() {
        return None;
    }
    let mut next = known.clone();
    next.evaluations.push(evaluation);
    let surplus = next.evaluations.len().saturating_sub(MOST_EVALUATIONS);
    next.evaluations.drain(..surplus);
    Some(next)
}

/// The model versions that the log names: the newest record of a key wins.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    versions: BTreeMap<String, ModelVersion>,
}

impl Registry {
    /// Takes the next record of the log, in the log's order.
    pub fn apply(&mut self, record: ModelVersion) {
        self.versions.insert(registry_key(&record.model_id, &record.version), record);
    }

    /// What is known of one version.
    pub fn get(&self, model_id: &str, version: &str) -> Option<&ModelVersion> {
        self.versions.get(&registry_key(model_id, version))
    }

    /// Whether the version may answer: known and not rejected. A retired one still serves for the strategies that
    /// name it, so that a replay repeats.
    pub fn may_serve(&self, model_id: &str, version: &str) -> bool {
        self.get(model_id, version).is_some_and(|known| known.state != ModelState::Rejected)
    }

    /// All versions, by key.
    pub fn versions(&self) -> impl Iterator<Item = &ModelVersion> {
        self.versions.values()
    }
}
