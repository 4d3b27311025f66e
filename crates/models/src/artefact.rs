//! An artefact: a folder in the Hugging Face style with `ombud.json`, whose version is the hash of its content.
//!
//! The version covers every file but the card (`README.md`) and hidden files: a better description is no other
//! model, a single changed weight is. Of a blend it covers all of its members' folders, their cards included.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ombud_contract::records::FileDigest;
use ombud_contract::taxonomy::{Taxonomy, TaxonomyError};

use crate::digest::{digest_folder, version_of};
use crate::manifest::Manifest;
use crate::rejection::{Blame, Fault, HostFault};

/// What every artefact says of itself.
pub const MANIFEST: &str = "ombud.json";
/// The label trees of heads whose label sets are a bank's own; see [`Taxonomy::adopt`].
pub const TAXONOMY: &str = "taxonomy.toml";
/// The model card: shown to people, not part of the version.
pub(crate) const CARD: &str = "README.md";

/// A verified artefact on disk.
#[derive(Clone, Debug)]
pub struct Artefact {
    /// Its folder.
    pub dir: PathBuf,
    /// SHA-256 over its files, hex.
    pub version: String,
    /// Its `ombud.json`.
    pub manifest: Manifest,
    /// The files that the version covers, sorted by name.
    pub files: Vec<FileDigest>,
}

impl Artefact {
    /// Reads and checks `ombud.json` and digests every file; the weights themselves are the family's to read.
    ///
    /// # Errors
    /// [`ArtefactError`] names the file, and in `ombud.json` the line and the field.
    pub fn open(dir: &Path) -> Result<Self, ArtefactError> {
        let files = digest_folder(dir)?;
        Self::of(dir, files)
    }

    /// Opens `dir` only if its content is `expected_version`.
    ///
    /// # Errors
    /// [`ArtefactError::Differs`] when the content is another, before anything else of the folder is believed;
    /// else as [`Artefact::open`].
    pub fn verify(dir: &Path, expected_version: &str) -> Result<Self, ArtefactError> {
        let files = digest_folder(dir)?;
        let found = version_of(&files);
        if found != expected_version {
            return Err(ArtefactError::Differs {
                dir: dir.to_owned(),
                expected: expected_version.to_owned(),
                found,
                what: "its content was changed".to_owned(),
            });
        }
        Self::of(dir, files)
    }

    fn of(dir: &Path, files: Vec<FileDigest>) -> Result<Self, ArtefactError> {
        let has = |needed: &'static str| {
            let there = files.iter().any(|file| file.name == needed);
            if there { Ok(()) } else { Err(ArtefactError::Missing { dir: dir.to_owned(), file: needed }) }
        };
        has(MANIFEST)?;
        let read = |path: &Path| {
            std::fs::read_to_string(path)
                .map_err(|source| ArtefactError::Read { path: path.to_owned(), source })
        };
        // Before the manifest, whose label sets may be of these.
        if files.iter().any(|file| file.name == TAXONOMY) {
            let path = dir.join(TAXONOMY);
            let text = read(&path)?;
            Taxonomy::adopt(&text).map_err(|source| ArtefactError::Taxonomy { file: path, source })?;
        }
        let path = dir.join(MANIFEST);
        let text = read(&path)?;
        let manifest = Manifest::parse(&text).map_err(|fault| ArtefactError::Manifest {
            file: path,
            line: fault.line,
            what: fault.what,
            needs_other_build: fault.needs_other_build,
        })?;
        has(manifest.family.needs())?;
        Ok(Self { dir: dir.to_owned(), version: version_of(&files), manifest, files })
    }

    /// The tasks that it answers, in the order of its heads.
    pub fn tasks(&self) -> Vec<String> {
        self.manifest.heads.iter().map(|head| head.task.clone()).collect()
    }

    /// Task to leaf labels in logit order.
    pub fn labels(&self) -> BTreeMap<String, Vec<String>> {
        self.manifest.heads.iter().map(|head| (head.task.clone(), head.labels.clone())).collect()
    }
}

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
