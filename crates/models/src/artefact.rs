//! An artefact: a folder in the Hugging Face style with `ombud.json`, whose version is the hash of its content.

use std::path::PathBuf;

use ombud_contract::records::FileDigest;

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
