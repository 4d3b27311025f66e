//! An artefact: a folder in the Hugging Face style with `ombud.json`, whose version is the hash of its content.
//!
//! The version covers every file but the card (`README.md`) and hidden files: a better description is not another
//! model, a single changed weight is. Of a blend it covers all of its members' folders, their cards included.

mod error;
mod files;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use error::ArtefactError;
pub(crate) use files::CARD;
pub use files::{MANIFEST, TAXONOMY};
use ombud_contract::records::FileDigest;
use ombud_contract::taxonomy::Taxonomy;

use crate::digest::{digest_folder, version_of};
use crate::manifest::Manifest;

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
    /// Reads and checks `ombud.json` and digests every file; the weights themselves are read by their family's code.
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
    /// [`ArtefactError::Differs`] when the content is another, before anything else in the folder is trusted;
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
