//! Why a folder can't serve as an encoder.

use std::fmt::Display;
use std::io::ErrorKind;

use ombud_models::Fault;

/// Completes "failed to load model ...: "; says what would be right where that is known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
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
    #[error("{name} of model.safetensors has shape {found:?}, config.json asks for {expected:?}")]
    WrongShape { name: String, found: Vec<i64>, expected: Vec<i64> },
    #[error("libtorch refused the weights: {0}")]
    Torch(#[from] tch::TchError),
    #[error("{file} can't be read: {cause}")]
    Unread { file: &'static str, cause: std::io::Error },
}

/// What libtorch's allocator says when there is no memory left.
const NO_MEMORY: &str = "can't allocate memory";

impl Unfit {
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

    /// How the artefact is at fault; `None` where this machine may be.
    pub(crate) fn fault(&self) -> Option<Fault> {
        match self {
            Self::Unread { .. } => None,
            Self::Torch(error) if error.to_string().contains(NO_MEMORY) => None,
            Self::Labels { found, expected, .. } if found.len() != expected.len() => Some(Fault::LabelCount),
            _ => Some(Fault::Unloadable),
        }
    }
}
