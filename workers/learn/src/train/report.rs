//! What came of a training run.

use std::collections::BTreeMap;

use ombud_models::Artefact;

use super::examples::Source;
use crate::evaluate::TaskReport;

/// A model that was learned, and what it is worth.
#[derive(Debug)]
pub struct Report {
    /// The artefact, as it stands on disk.
    pub artefact: Artefact,
    /// The files learned from.
    pub files: Vec<Source>,
    /// Complaints learned from.
    pub rows: usize,
    /// Complaints calibrated and measured on.
    pub validation_rows: usize,
    /// By task, on the validation rows.
    pub tasks: BTreeMap<String, TaskReport>,
    /// What shrinking added to each of the manifest's metrics; below zero it cost something.
    pub shrinking: BTreeMap<String, f64>,
}
