//! Why a model version never serves: a code for metrics and the registry, and words for who mends it.

use std::fmt;

/// What kind of fault a rejected model version has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The content is not what the version says: a half-written or a changed folder.
    ContentDiffers,
    /// `ombud.json`, or a file that every artefact has, is missing or wrong: labels that are not the task's among it.
    Manifest,
    /// The weights or the tokenizer can't be read, or their shapes don't fit.
    Unloadable,
    /// A head answers with more or fewer logits than it has labels.
    LabelCount,
    /// A probe gave numbers that are none.
    NotFinite,
    /// A golden input is answered otherwise than the artefact says.
    Golden,
}

impl Fault {
    /// As metrics and the registry write it.
    pub fn code(self) -> &'static str {
        match self {
            Self::ContentDiffers => "content-differs",
            Self::Manifest => "manifest",
            Self::Unloadable => "unloadable",
            Self::LabelCount => "label-count",
            Self::NotFinite => "not-finite",
            Self::Golden => "golden",
        }
    }
}

/// A model version that must not serve, whoever tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The kind.
    pub fault: Fault,
    /// What is wrong, and where.
    pub what: String,
}

impl Rejection {
    /// `what` is wrong, in the way of `fault`.
    pub fn new(fault: Fault, what: impl Into<String>) -> Self {
        Self { fault, what: what.into() }
    }
}

/// As the registry has it: the code, a colon, and what is wrong.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.fault.code(), self.what)
    }
}
