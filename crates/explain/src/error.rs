//! Why there is no explanation.

use ombud_models::ClassifyError;

/// A model that cannot be asked again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// No shelf has that version any more; what was looked through, and what would bring it back.
    #[error("{0}")]
    Gone(String),
    /// It is there, and could not be loaded.
    #[error("{0}")]
    Failed(String),
}

/// Why a decision could not be explained. Names ids and places, never a narrative.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The version that answered is nowhere any more.
    #[error("open {model_id} {version}: {what}")]
    ModelGone {
        /// The model.
        model_id: String,
        /// Its version.
        version: String,
        /// Where it was looked for.
        what: String,
    },
    /// The model could not be loaded, or could not compute.
    #[error("ask {model_id} {version}: {what}")]
    Model {
        /// The model.
        model_id: String,
        /// Its version.
        version: String,
        /// What went wrong, without content.
        what: String,
    },
    /// The model that is said to have answered has no such task.
    #[error("explain {task}: {model_id} {version} does not answer it; it answers {tasks}")]
    NotATask {
        /// The task.
        task: String,
        /// The model.
        model_id: String,
        /// Its version.
        version: String,
        /// What it answers, separated by commas.
        tasks: String,
    },
    /// Nothing of that name can be answered.
    #[error("compare with `{label}`: the model has no such label; it has {}", labels.join(", "))]
    UnknownLabel {
        /// What was asked for.
        label: String,
        /// What may be asked for, finest level first.
        labels: Vec<String>,
    },
    /// It is what was answered.
    #[error("compare with `{label}`: that is what was answered; name another label")]
    SameLabel {
        /// What was asked for.
        label: String,
    },
    /// The narrative is not the one that was judged.
    #[error(
        "explain {task} of {complaint_id}: the narrative is not the one that was judged (another input_sha256)"
    )]
    OtherNarrative {
        /// The complaint.
        complaint_id: String,
        /// The task.
        task: String,
    },
    /// The strategy that decided is not one that this version reads.
    #[error("read strategy {version}: {what}")]
    Strategy {
        /// Its number.
        version: i64,
        /// What is wrong.
        what: String,
    },
    /// The process stops.
    #[error("explain: the process stops; ask again")]
    Stopped,
}

impl ExplainError {
    /// A code that stays the same, for answers over HTTP.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ModelGone { .. } => "model-gone",
            Self::Model { .. } => "model-failed",
            Self::NotATask { .. } => "not-a-task",
            Self::UnknownLabel { .. } => "unknown-label",
            Self::SameLabel { .. } => "same-label",
            Self::OtherNarrative { .. } => "other-narrative",
            Self::Strategy { .. } => "strategy-unreadable",
            Self::Stopped => "stopped",
        }
    }
}

/// What ended the work of one model.
#[derive(Debug)]
pub(crate) enum Interruption {
    /// The process stops.
    Stopped,
    /// The model could not compute.
    Failed(ClassifyError),
    /// What it computed is no number, or does not fit its own parts.
    NotFinite,
}

impl From<ClassifyError> for Interruption {
    fn from(error: ClassifyError) -> Self {
        Self::Failed(error)
    }
}

impl Interruption {
    /// Of the model that was asked.
    pub(crate) fn of(self, model_id: &str, version: &str) -> ExplainError {
        let what = match self {
            Self::Stopped => return ExplainError::Stopped,
            Self::Failed(error) => error.to_string(),
            Self::NotFinite => "what it computes on the way are no finite numbers".to_owned(),
        };
        ExplainError::Model { model_id: model_id.to_owned(), version: version.to_owned(), what }
    }
}
