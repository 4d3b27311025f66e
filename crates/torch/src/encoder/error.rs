//! Why a folder can't serve as an encoder.

use std::fmt::Display;
use std::io::ErrorKind;

use ombud_models::{Blame, Fault, HostFault, WeightFilesError};

use crate::blame;

/// Completes "failed to load model ...: "; says what would be right where that is known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncoderError {
    #[error("{file} is missing or broken: {cause}")]
    File { file: &'static str, cause: String },
    #[error("config.json says {field} = {found}; supported is {supported}")]
    Unsupported { field: &'static str, found: String, supported: String },
    #[error("config.json has no {0}")]
    Unsaid(&'static str),
    #[error("ombud.json names {0} heads; a sequence classifier without `heads.` tensors has exactly one")]
    Heads(usize),
    #[error("id2label of config.json is {found:?}, but head {task} of ombud.json has labels {expected:?}")]
    Labels { task: String, found: Vec<String>, expected: Vec<String> },
    #[error("max_tokens of ombud.json is {asked}; this model reads {least} to {most}")]
    MaxTokens { asked: usize, least: usize, most: usize },
    #[error("tokenizer.json knows id {largest}, but config.json has vocab_size {vocabulary}")]
    Vocabulary { largest: u32, vocabulary: i64 },
    #[error("model.safetensors has no {0}")]
    Missing(String),
    #[error(
        "model.safetensors calls its tensors {0}.*, after a wrapper: save what it wraps, `model.{0}.save_pretrained(DIR)`"
    )]
    Wrapped(&'static str),
    #[error("{name} of model.safetensors has shape {found:?}, config.json asks for {expected:?}")]
    WrongShape { name: String, found: Vec<i64>, expected: Vec<i64> },
    #[error(transparent)]
    WeightFiles(#[from] WeightFilesError),
    /// Reading or arranging the weights; [`blame::of`] says whose fault it is.
    #[error("libtorch refused the weights: {0}")]
    Torch(#[from] tch::TchError),
    #[error("{file} can't be read: {cause}")]
    Unread { file: &'static str, cause: std::io::Error },
}

impl EncoderError {
    pub(crate) fn file(file: &'static str, cause: impl Display) -> Self {
        Self::File { file, cause: cause.to_string() }
    }

    /// `file` could not be read: it is missing or no text, or the file system is at fault.
    pub(crate) fn io(file: &'static str, cause: std::io::Error) -> Self {
        match cause.kind() {
            ErrorKind::NotFound | ErrorKind::InvalidData => Self::file(file, cause),
            _ => Self::Unread { file, cause },
        }
    }

    /// Whose fault it is.
    pub(crate) fn blame(&self) -> Blame {
        match self {
            Self::Unread { cause, .. } => Blame::Host(HostFault::of_io(cause)),
            Self::Torch(error) => blame::of(error),
            // Another build may support it.
            Self::Unsupported { .. } => Blame::Host(HostFault::Build),
            Self::Labels { found, expected, .. } if found.len() != expected.len() => {
                Blame::Version(Fault::LabelCount)
            }
            Self::File { .. }
            | Self::Unsaid(_)
            | Self::Heads(_)
            | Self::Labels { .. }
            | Self::MaxTokens { .. }
            | Self::Vocabulary { .. }
            | Self::Missing(_)
            | Self::WeightFiles(_)
            | Self::Wrapped(_)
            | Self::WrongShape { .. } => Blame::Version(Fault::Unloadable),
        }
    }
}
