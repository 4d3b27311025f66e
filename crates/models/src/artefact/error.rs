//! Why a folder is no artefact, or not the one that it should be, and whose fault that is.

use std::io::ErrorKind;
use std::path::PathBuf;

use ombud_contract::taxonomy::TaxonomyError;

use crate::rejection::{Blame, Fault, HostFault};

/// A folder that is no artefact, or not the one it should be.
#[derive(Debug, thiserror::Error)]
pub enum ArtefactError {
    /// A file or folder can't be read.
    #[error("read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A copy can't be written.
    #[error("write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that every artefact has is not there.
    #[error("open artefact {}: it has no {file}", dir.display())]
    Missing {
        /// The folder.
        dir: PathBuf,
        /// What it lacks.
        file: &'static str,
    },
    /// `ombud.json` is wrong.
    #[error("accept {} line {line}: {what}", file.display())]
    Manifest {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The field, what is wrong with it and what would be right.
        what: String,
        /// Whether another build may know what this one doesn't.
        needs_other_build: bool,
    },
    /// A label tree that it brings can't be used.
    #[error("accept {}", file.display())]
    Taxonomy {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: TaxonomyError,
    },
    /// Something in the folder can't be part of an artefact.
    #[error("accept {}: {what}", path.display())]
    Unacceptable {
        /// Where.
        path: PathBuf,
        /// Why.
        what: &'static str,
    },
    /// The content is not what was asked for.
    #[error("verify {}: expected version {expected}, found {found}: {what}", dir.display())]
    Differs {
        /// The folder.
        dir: PathBuf,
        /// The version that it should have.
        expected: String,
        /// The version that its content has.
        found: String,
        /// Which files differ, where that is known.
        what: String,
    },
    /// A name from outside can't name a folder.
    #[error("find model {model_id}@{version}: not a model name and a SHA-256 in hex")]
    Name {
        /// The model.
        model_id: String,
        /// The version.
        version: String,
    },
}

impl ArtefactError {
    /// Whose fault it is: the folder's, whoever reads it, or this machine's or this build's.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Differs { .. } | Self::Unacceptable { .. } => Blame::Version(Fault::ContentDiffers),
            Self::Manifest { needs_other_build: true, .. } => Blame::Host(HostFault::Build),
            Self::Missing { .. }
            | Self::Manifest { .. }
            | Self::Taxonomy { source: TaxonomyError::Broken(_), .. } => Blame::Version(Fault::Manifest),
            Self::Taxonomy { .. } => Blame::Host(HostFault::Build),
            // A file that should be text and is none.
            Self::Read { source, .. } if source.kind() == ErrorKind::InvalidData => {
                Blame::Version(Fault::Manifest)
            }
            Self::Read { source, .. } | Self::Write { source, .. } => Blame::Host(HostFault::of_io(source)),
            // No host has it, and none may make a path of it.
            Self::Name { .. } => Blame::Version(Fault::Record),
        }
    }
}
