//! Why an encoder could not be fine-tuned.

use std::path::PathBuf;

use tch::TchError;

use crate::encoder::error::EncoderError;

/// What stops a fine-tuning.
#[derive(Debug, thiserror::Error)]
pub enum TuneError {
    /// The base can't be trained on.
    #[error("train on base {}: {what}", dir.display())]
    Base {
        /// Its folder.
        dir: PathBuf,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// A value of the recipe that can't be used.
    #[error("follow the recipe: {field} is {value}; {right}")]
    Recipe {
        /// Which.
        field: &'static str,
        /// What it is.
        value: String,
        /// What would be right.
        right: String,
    },
    /// The folder of an unfinished run is another run's.
    #[error("resume in {}: it holds a run with another {what}; give the settings of that run, or remove the folder to start again", dir.display())]
    OtherRun {
        /// The folder.
        dir: PathBuf,
        /// What differs.
        what: String,
    },
    /// A file of an unfinished run is damaged.
    #[error("resume from {}: {what}; remove the folder to start again", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The loss is no longer a number.
    #[error("continue at step {step}: the loss is no longer a number; lower the learning rate")]
    Diverged {
        /// Where.
        step: usize,
    },
    /// The run was stopped, and has kept its state.
    #[error("finish: stopped at step {step}; the same command resumes there")]
    Stopped {
        /// Where.
        step: usize,
    },
    /// A file or folder can't be read or written.
    #[error("read or write {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// libtorch refused.
    #[error("compute with libtorch: {0}")]
    Torch(#[from] TchError),
}

impl TuneError {
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    pub(super) fn base(dir: impl Into<PathBuf>) -> impl FnOnce(EncoderError) -> Self {
        let dir = dir.into();
        move |error| Self::Base { dir, what: error.to_string() }
    }
}
