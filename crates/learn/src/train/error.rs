//! Why a model could not be learned.

use std::path::PathBuf;

use ombud_contract::taxonomy::TaxonomyError;
use ombud_intake::IntakeError;
use ombud_models::{ArtefactError, ClassifyError, DraftError, LoadError};
use ombud_torch::bag::WeightsError;
use ombud_torch::blend::FusionError;
use ombud_torch::encoder::TuneError;

/// What stops a training run.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// A file of labelled complaints can't be read.
    #[error(transparent)]
    Data(#[from] IntakeError),
    /// No task has rows of two different labels.
    #[error(
        "learn from {rows} rows: no task has rows of two different labels (columns product, issue, tags)"
    )]
    NothingToLearn {
        /// Complaints read.
        rows: usize,
    },
    /// Nothing to calibrate a task on.
    #[error("calibrate task {task}: none of the {rows} validation rows carries its label")]
    NothingToCalibrate {
        /// The task.
        task: String,
        /// Complaints held out.
        rows: usize,
    },
    /// A task of the recipe that rows have no label for.
    #[error(
        "follow the recipe for task {task}: rows are labelled by product, issue and vulnerable; another task's labels stand in a column that has to be named"
    )]
    UnknownTask {
        /// The task.
        task: String,
    },
    /// A bank's own task that has no labels to choose from.
    #[error(
        "learn task {task}: {labels} labels of column {column} have {least} rows or more, and two are needed: name another \
         column, or ask for fewer rows"
    )]
    TooFewLabels {
        /// The task.
        task: String,
        /// Where its labels stand.
        column: String,
        /// How many have enough rows.
        labels: usize,
        /// Enough.
        least: usize,
    },
    /// Labels of a bank's own task that are probably one.
    #[error(
        "learn task {task}: labels of column {column} differ in letter case or white space alone: {labels}; make them one in \
         the file, or say with --merge-labels that they are one"
    )]
    LabelsAlike {
        /// The task.
        task: String,
        /// Where its labels stand.
        column: String,
        /// Which, with their rows.
        labels: String,
    },
    /// A label tree of a bank's own that can't be used.
    #[error(transparent)]
    Taxonomy(#[from] TaxonomyError),
    /// Its folder can't be written.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// A file or folder can't be read or written.
    #[error("read or write {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The weights can't be written.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The encoder can't be fine-tuned.
    #[error(transparent)]
    Tune(#[from] TuneError),
    /// A member of a blend can't be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The members of a blend don't fit together.
    #[error(transparent)]
    Fusion(#[from] FusionError),
    /// Rows to weigh the members of a blend by that one of them has learned from.
    #[error(
        "weigh the members by the validation rows: {member} has learned from {known} of the {rows} and would count for more than it is worth; name a file that no member was trained on"
    )]
    Known {
        /// The member.
        member: String,
        /// Rows that it has learned from.
        known: usize,
        /// Rows of the file.
        rows: usize,
    },
    /// A cascade without a member that may be asked first.
    #[error("begin a cascade with {}: it must be a bag that answers every task ({tasks})", dir.display())]
    NoFirst {
        /// The member that is asked first.
        dir: PathBuf,
        /// The blend's tasks.
        tasks: String,
    },
    /// A champion whose recipe nobody knows.
    #[error(
        "follow the recipe of {}: its training.json has none that this version reads; learn the challenger with `ombud learn FILE`",
        dir.display()
    )]
    NotLearnedHere {
        /// The champion, or a member of it.
        dir: PathBuf,
    },
    /// An encoder from nothing.
    #[error("learn an encoder: say with --base which one to start from (`scripts/base` fetches MiniLM)")]
    NoBase,
    /// There are too few verdicts.
    #[error(
        "learn from {cases} judged cases: {rows} complaints are left to learn from, and some must be held out as well; begin \
         earlier with --since, or name files of labelled complaints beside them"
    )]
    TooFewOutcomes {
        /// Cases with a verdict.
        cases: usize,
        /// Complaints to learn from.
        rows: usize,
    },
    /// The new model can't score.
    #[error(transparent)]
    Classify(#[from] ClassifyError),
    /// What was written is no artefact.
    #[error(transparent)]
    Artefact(#[from] ArtefactError),
}
