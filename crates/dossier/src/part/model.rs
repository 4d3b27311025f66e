//! Part 5: the models that answered, what they were found to be worth, and their limits.

use std::collections::BTreeMap;

use ombud_contract::records::{FileDigest, ModelEvaluation, ModelState, ModelVersion, TimestampMs};
use serde::Serialize;

use super::{FAIRNESS, SAFETY};
use crate::case::Case;
use crate::sources::ModelSource;

#[derive(Serialize)]
pub(crate) struct ModelPart {
    pub(crate) answers: [&'static str; 2],
    pub(crate) notes: Vec<String>,
    /// Those that the newest route rests on, by name and version.
    pub(crate) models: Vec<ModelLine>,
}

#[derive(Serialize)]
pub(crate) struct ModelLine {
    pub(crate) model_id: String,
    /// SHA-256 of the artefact's content.
    pub(crate) version: String,
    /// The tasks that it answered.
    pub(crate) answered: Vec<String>,
    /// What the registry says about it; `None` where it says nothing.
    pub(crate) registered: Option<Registered>,
    /// Its card, in Markdown: figures by slice, calibration, known limits.
    pub(crate) card: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Registered {
    pub(crate) state: ModelState,
    pub(crate) state_reason: String,
    pub(crate) family: String,
    pub(crate) tasks: Vec<String>,
    pub(crate) label_sets: BTreeMap<String, String>,
    pub(crate) hub_id: Option<String>,
    pub(crate) hub_revision: Option<String>,
    pub(crate) files: Vec<FileDigest>,
    /// Digest of what it was trained on.
    pub(crate) training_manifest_sha256: Option<String>,
    pub(crate) parent_version: Option<String>,
    pub(crate) created_by: String,
    pub(crate) created_at: TimestampMs,
    pub(crate) changed_by: String,
    pub(crate) changed_at: TimestampMs,
    pub(crate) metrics: BTreeMap<String, f64>,
    pub(crate) evaluations: Vec<ModelEvaluation>,
}

impl ModelPart {
    pub(crate) fn of(case: &Case<'_>) -> Self {
        let mut answered: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
        for decision in &case.route().decisions {
            let tasks = answered.entry((&decision.model_id, &decision.model_version)).or_default();
            tasks.push(decision.task.clone());
        }
        let mut notes = Vec::new();
        let models = answered.into_iter().map(|((model_id, version), answered)| {
            let source =
                case.sources.models.iter().find(|one| one.model_id == model_id && one.version == version);
            ModelLine::of(case, source, (model_id, version), answered, &mut notes)
        });
        let models: Vec<ModelLine> = models.collect();
        if models.is_empty() {
            notes.push("No model answered.".to_owned());
        }
        Self { answers: [SAFETY, FAIRNESS], notes, models }
    }
}

impl ModelLine {
    fn of(
        case: &Case<'_>,
        source: Option<&ModelSource>,
        (model_id, version): (&str, &str),
        answered: Vec<String>,
        notes: &mut Vec<String>,
    ) -> Self {
        let short = version.get(..12).unwrap_or(version);
        let registered = source.and_then(|source| case.model_record(source)).map(|(_, record)| record);
        if registered.is_none() {
            let written_later = source.is_some_and(|source| !source.records.is_empty());
            notes.push(match written_later {
                true => format!(
                    "The registry's record of {model_id} {short} was written again after that time, and what it said \
                     before is no longer in the log."
                ),
                false => format!("The registry has no record of {model_id} {short}."),
            });
        }
        let card = match source.map(|source| &source.card) {
            Some(Ok(card)) => Some(card.clone()),
            Some(Err(why)) => {
                notes.push(format!("There is no card of {model_id} {short}: {why}."));
                None
            }
            None => {
                notes.push(format!("Nothing was gathered about {model_id} {short}."));
                None
            }
        };
        Self {
            model_id: model_id.to_owned(),
            version: version.to_owned(),
            answered,
            registered: registered.map(Registered::of),
            card,
        }
    }
}

impl Registered {
    fn of(record: ModelVersion) -> Self {
        Self {
            state: record.state,
            state_reason: record.state_reason,
            family: record.family,
            tasks: record.tasks,
            label_sets: record.label_sets,
            hub_id: record.hub_id,
            hub_revision: record.hub_revision,
            files: record.files,
            training_manifest_sha256: record.training_manifest_sha256,
            parent_version: record.parent_version,
            created_by: record.created_by,
            created_at: record.created_at,
            changed_by: record.changed_by,
            changed_at: record.changed_at,
            metrics: record.metrics,
            evaluations: record.evaluations,
        }
    }
}
