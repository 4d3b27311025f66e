//! What a version was measured to be worth, recorded in the registry: promotions rest on it.

use std::collections::BTreeMap;

use anyhow::Result;
use ombud_contract::records::ModelEvaluation;
use ombud_launch::config::Settings;
use ombud_models::ModelStore;
use ombud_stream::{Clock, SystemClock};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{ask::make_change, change::RegistryChange};

/// An evaluation of a version that is to be recorded.
pub(crate) struct EvaluationDraft<'a, R> {
    /// `audit-sample`, `data` or `replay`.
    pub(crate) kind: &'static str,
    /// The data: the SHA-256 of a file, or a span of time.
    pub(crate) data: String,
    /// Complaints.
    pub(crate) rows: usize,
    /// The version that it was compared with.
    pub(crate) against_version: Option<String>,
    /// Named figures.
    pub(crate) figures: BTreeMap<String, f64>,
    /// Everything; its content gives the id.
    pub(crate) report: &'a R,
}

impl<R: Serialize> EvaluationDraft<'_, R> {
    /// Its id, as an evaluation of `version`: the same content has the same id.
    pub(crate) fn id(&self, version: &str) -> Result<String> {
        let said = serde_json::to_vec(&(version, &self.data, self.report))?;
        Ok(hex::encode(&Sha256::digest(said)[..8]))
    }

    /// Records it, and returns its id. The same content is recorded once.
    pub(crate) fn record(self, (model_id, version): (&str, &str), settings: &Settings) -> Result<String> {
        let evaluation_id = self.id(version)?;
        let evaluation = ModelEvaluation {
            evaluation_id: evaluation_id.clone(),
            kind: self.kind.to_owned(),
            data: self.data,
            rows: i64::try_from(self.rows).unwrap_or(i64::MAX),
            against_version: self.against_version,
            figures: self.figures,
            evaluated_by: format!("ombud, {}", self.kind),
            evaluated_at: SystemClock.now_ms(),
        };
        let (model_id, version) = (model_id.to_owned(), version.to_owned());
        let change = RegistryChange::Evaluate { model_id, version, evaluation };
        make_change(&change, settings, &ModelStore::new(settings.data.join("models")))?;
        Ok(evaluation_id)
    }
}
