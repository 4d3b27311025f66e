//! The result of a training run, and the page that shows it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ombud_measure::evaluate::{TaskReport, confusions, leads, reliabilities};
use ombud_models::Artefact;
use ombud_report::{Section, Table, page};

use super::examples::Source;

/// A model that was learned, and what it is worth.
#[derive(Debug)]
pub struct LearnedModel {
    /// The artefact, as it stands on disk.
    pub artefact: Artefact,
    /// What was measured, as one HTML file: beside the artefact and not in it, where it would make another version.
    pub page: PathBuf,
    /// The files learned from.
    pub files: Vec<Source>,
    /// Complaints learned from.
    pub rows: usize,
    /// Those of them that have a label, by task: the others teach that task nothing.
    pub labelled: BTreeMap<String, usize>,
    /// Complaints calibrated and measured on.
    pub validation_rows: usize,
    /// By task, on the validation rows.
    pub tasks: BTreeMap<String, TaskReport>,
    /// What shrinking added to each of the manifest's metrics; below zero it cost something.
    pub shrinking: BTreeMap<String, f64>,
}

impl LearnedModel {
    /// The main figures, by name.
    pub fn figures(&self) -> Table {
        let mut figures = Table::new(&["figure", "on validation", "added by shrinking"], 1);
        for (name, value) in &self.artefact.manifest.metrics {
            let shrinking = self.shrinking.get(name).map_or("-".to_owned(), |added| format!("{added:+.4}"));
            figures.push(vec![name.clone(), format!("{value:.4}"), shrinking]);
        }
        figures
    }

    /// How many of the complaints learned from have a label, by task; nothing where all of them have each.
    pub fn labels_missing(&self) -> Option<String> {
        if self.labelled.values().all(|labelled| *labelled == self.rows) {
            return None;
        }
        let by_task = self.labelled.iter().map(|(task, labelled)| format!("{task} {labelled}"));
        Some(format!("labelled: {}", by_task.collect::<Vec<_>>().join(", ")))
    }

    /// The content of `page`; `how` are the sections that say how a model of its family was learned.
    pub(crate) fn html(&self, how: Vec<Section>) -> String {
        let Artefact { version, manifest, .. } = &self.artefact;
        let figures = Section::new("Figures")
            .text(format!(
                "Version {version}, learned from {} complaints{}. All figures are of the {} complaints of validation, \
                 which also set the calibration and so flatter it a little, but for what is served: of that each row is \
                 scored by what the other folds' rows set. `ombud evaluate` measures on others.",
                self.rows,
                self.labels_missing().map_or_else(String::new, |labels| format!(" ({labels})")),
                self.validation_rows
            ))
            .table(&self.figures());
        let first = Section::new("On validation, against what was asked").leads(&leads(&self.tasks));
        let mut sections = vec![first, figures];
        sections.extend(how);
        sections.push(reliabilities(&self.tasks));
        sections.extend(confusions(&self.tasks));
        page(&format!("Training of {}", manifest.model_id), &sections)
    }
}
