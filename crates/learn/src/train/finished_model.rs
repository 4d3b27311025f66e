//! What every family does once its heads are calibrated: manifest, `training.json` and card, the folder, the page
//! beside it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ombud_measure::evaluate::figures;
use ombud_models::{Cleaning, Family, Manifest};
use ombud_report::Section;
use serde::Serialize;

use super::artefact::{Training, beside, write};
use super::card::{Card, FamilyCard};
use super::error::LearnError;
use super::examples::Data;
use super::heads::CalibratedHead;
use super::learned_model::LearnedModel;
use super::tasks::Targets;
use crate::job::Job;

/// A model that is learned, on its way to its folder.
pub(crate) struct FinishedModel<'a, R> {
    pub(crate) job: &'a Job,
    pub(crate) family: Family,
    pub(crate) max_tokens: Option<u32>,
    pub(crate) cleaning: Option<Cleaning>,
    pub(crate) seed: u64,
    /// What stands as recipe in `training.json`.
    pub(crate) recipe: &'a R,
    pub(crate) data: &'a Data,
    /// In logit order.
    pub(crate) heads: Vec<CalibratedHead>,
    /// Figures of the whole model on the validation rows, beside those of its heads.
    pub(crate) of_model: Option<(&'static str, f64)>,
    /// What its thresholds keep.
    pub(crate) targets: &'a Targets,
    /// What stands only in the card of its family.
    pub(crate) card: FamilyCard<'a>,
    /// What stands only on the page of its family.
    pub(crate) how: Vec<Section>,
}

impl<R: Serialize> FinishedModel<'_, R> {
    /// Writes the folder, whole or not at all, and then the page beside it. `save` writes the weights into the folder
    /// that it is given.
    pub(crate) fn write(
        self,
        save: impl FnOnce(&Path) -> Result<(), LearnError>,
    ) -> Result<LearnedModel, LearnError> {
        let Self { data, heads, .. } = self;
        let on_validation = |(name, figure): (String, f64)| (format!("validation.{name}"), figure);
        let mut metrics = BTreeMap::from([("validation.rows".to_owned(), data.validation.len() as f64)]);
        let mut shrinking = BTreeMap::new();
        for head in &heads {
            metrics.extend(head.served.figures(&head.head.task));
            metrics.extend(figures(&head.head.task, &head.report).into_iter().map(on_validation));
            shrinking.extend(head.shrinking.clone().into_iter().map(on_validation));
        }
        metrics.extend(self.of_model.map(|(name, figure)| on_validation((name.to_owned(), figure))));
        let mut manifest = Manifest {
            format: 1,
            model_id: self.job.model_id.clone(),
            family: self.family,
            heads: heads.iter().map(|head| head.head.clone()).collect(),
            max_tokens: self.max_tokens,
            cleaning: self.cleaning,
            // Written even where it is the default: a later build may have another.
            reads: Some(self.job.lineage.reads.clone()),
            metrics,
            training_manifest_sha256: None,
            parent_version: self.job.lineage.parent_version.clone(),
        };
        let mut row_ids: Vec<&str> = data.train.iter().map(|example| example.id_hash.as_str()).collect();
        row_ids.sort_unstable();
        let training = Training {
            seed: self.seed,
            recipe: self.recipe,
            files: &data.files,
            validation: data.validation_file.as_ref(),
            rows: data.train.len(),
            validation_rows: data.validation.len(),
            outcomes: self.job.lineage.outcomes.as_ref(),
            row_ids,
        };
        let card = Card {
            manifest: &manifest,
            training: &training,
            heads: &heads,
            promised: &self.targets.least_right,
            shrinking: &shrinking,
            of_family: &self.card,
        }
        .to_string();
        let artefact = write(&self.job.out, &mut manifest, &training, &card, save)?;
        let report = LearnedModel {
            artefact,
            page: beside(&self.job.out, ".html"),
            files: data.files.clone(),
            rows: data.train.len(),
            labelled: data.labelled(),
            validation_rows: data.validation.len(),
            tasks: heads.into_iter().map(|head| (head.head.task, head.report)).collect(),
            shrinking,
        };
        fs::write(&report.page, report.html(self.how))
            .map_err(|source| LearnError::File { path: report.page.clone(), source })?;
        Ok(report)
    }
}
