//! Why a model can't be handed to Python, or taken from there.

use std::path::{Path, PathBuf};

use ombud_contract::taxonomy::TaxonomyError;
use ombud_models::{ArtefactError, ClassifyError, DraftError, FolderFault, LoadError};

use crate::misfit::Misfit;

/// What stops an export or an import.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// Python has no such model.
    #[error("export {model_id}: Python's transformers has no {family} model; {fix}")]
    Family {
        /// The model.
        model_id: String,
        /// Its family.
        family: &'static str,
        /// What can be exported instead.
        fix: String,
    },
    /// It answers other tasks.
    #[error("export the task {task} of {model_id}: it answers {answers}")]
    NoTask {
        /// The model.
        model_id: String,
        /// What was asked for.
        task: String,
        /// What there is.
        answers: String,
    },
    /// Its labels are another model's, and no class of Python sums them.
    #[error(
        "export {model_id}: it was imported with other labels than it answers with; take what it came from, {origin}"
    )]
    Foreign {
        /// The model.
        model_id: String,
        /// What it was imported from.
        origin: String,
    },
    /// What it is to answer is no task.
    #[error("import for the task {asked}: write TASK or TASK@NUMBER, such as queue@2")]
    Task {
        /// What was asked for.
        asked: String,
    },
    /// Who is vulnerable is a yes or no.
    #[error(
        "import for the task vulnerable with labels of its own: it is a yes or no; say which label is which, --labels FILE"
    )]
    OwnFlag,
    /// The labels make no tree.
    #[error(transparent)]
    Taxonomy(#[from] TaxonomyError),
    /// A folder that can't be read here.
    #[error("import {}: {lacking}", dir.display())]
    FolderFault {
        /// The folder.
        dir: PathBuf,
        /// What it lacks, and what to do.
        lacking: FolderFault,
    },
    /// An encoder that does not run here.
    #[error("accept config.json: model_type is {found}, and what runs here is {known}; train one of those")]
    Architecture {
        /// What it says.
        found: String,
        /// Those that do.
        known: String,
    },
    /// config.json describes what is no choice of one label.
    #[error("accept config.json: {what}")]
    Config {
        /// The field, what is wrong with it and what would be right.
        what: String,
    },
    /// Labels that are not the taxonomy's.
    #[error(transparent)]
    Labels(#[from] Box<Misfit>),
    /// A file of labels that can't be used.
    #[error("read the labels of {}: {what}", file.display())]
    LabelFile {
        /// The file.
        file: PathBuf,
        /// Where, and what is wrong with it.
        what: String,
    },
    /// Its folder can't be written.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// A file can't be made sense of.
    #[error("read {}: {what}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A file or folder can't be read or written.
    #[error("read or write {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The model is no artefact.
    #[error(transparent)]
    Artefact(#[from] ArtefactError),
    /// The model can't serve.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The model can't score.
    #[error(transparent)]
    Classify(#[from] ClassifyError),
    /// The model answers with what is no number, or not with one a label.
    #[error("try {model_id} on {texts} texts: {what}")]
    Probe {
        /// The model.
        model_id: String,
        /// How many were tried.
        texts: usize,
        /// What came.
        what: String,
    },
}

impl ExchangeError {
    pub(super) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    pub(super) fn broken(path: &Path, what: impl ToString) -> Self {
        Self::Broken { path: path.to_owned(), what: what.to_string() }
    }
}
