//! What every family is asked to learn: from which files, and what becomes of it.

use std::path::PathBuf;

use crate::lineage::Lineage;

/// What to learn from, and what the model is called and where it lies.
#[derive(Clone, Debug)]
pub struct Job {
    /// Labelled complaints to learn from. A blend counts on them which issues go with which products.
    pub files: Vec<PathBuf>,
    /// The artefact's folder. One that is there already is replaced.
    pub out: PathBuf,
    /// What the registry and the strategy will call the model.
    pub model_id: String,
    /// Where it comes from.
    pub lineage: Lineage,
}
