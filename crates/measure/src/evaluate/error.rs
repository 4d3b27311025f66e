//! Why an evaluation could not be made.

use std::path::PathBuf;

use ombud_intake::IntakeError;
use ombud_models::{ClassifyError, LoadError};

/// What stops an evaluation.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The labelled complaints can't be read.
    #[error(transparent)]
    Data(#[from] IntakeError),
    /// A champion of the strategy has no artefact.
    #[error("find the champion of task {task}: no artefact is model {model_id} in the strategy's version")]
    NoChampion {
        /// The task.
        task: String,
        /// The model that the strategy names.
        model_id: String,
    },
    /// A head answers in labels that this version does not know.
    #[error("read the labels of task {task}: there is no taxonomy {label_set}")]
    LabelSet {
        /// The task.
        task: String,
        /// What the head names.
        label_set: String,
    },
    /// A model's logits are too few, too many or not finite.
    #[error("measure task {task}: model {model_id} gives logits that are not one finite number a label")]
    Logits {
        /// The task.
        task: String,
        /// The model.
        model_id: String,
    },
    /// A mix of products is none.
    #[error("read the mix {}: {what}", path.display())]
    Mix {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// A model card can't be read or written.
    #[error("put the figures into the card {}", path.display())]
    Card {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// A model can't serve.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A model can't score.
    #[error(transparent)]
    Classify(#[from] ClassifyError),
}
