//! Writes an artefact's folder: whole, or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use ombud_models::{Artefact, Manifest};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::error::LearnError;
use super::examples::Source;

/// `training.json`: what it takes to learn the same weights again, and to find whose complaints are in them.
#[derive(Serialize)]
pub(crate) struct Training<'a, R> {
    pub(crate) seed: u64,
    pub(crate) recipe: &'a R,
    pub(crate) files: &'a [Source],
    /// `None` where a tenth of `files` was held out.
    pub(crate) validation: Option<&'a Source>,
    pub(crate) rows: usize,
    pub(crate) validation_rows: usize,
    /// Of the complaints learned from: the first 16 digits of the SHA-256 of each id, sorted.
    pub(crate) row_ids: Vec<&'a str>,
}

/// Refuses a folder that holds something other than an artefact.
pub(crate) fn check_free(out: &Path) -> Result<(), LearnError> {
    let taken = match fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_some() && !out.join("ombud.json").is_file(),
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => false,
        Err(source) => return Err(LearnError::File { path: out.to_owned(), source }),
    };
    if taken { Err(LearnError::Occupied { path: out.to_owned() }) } else { Ok(()) }
}

/// `out` with an ending; a sibling, so that it can be renamed to.
pub(crate) fn beside(out: &Path, ending: &str) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_os_string();
    name.push(ending);
    out.with_file_name(name)
}

/// Writes beside `out` and moves it there; an older artefact is replaced. Fills the manifest's digest in. `save`
/// writes the weights and whatever else they need into the folder that it is given.
pub(crate) fn write<R: Serialize>(
    out: &Path,
    manifest: &mut Manifest,
    training: &Training<'_, R>,
    card: &str,
    save: impl FnOnce(&Path) -> Result<(), LearnError>,
) -> Result<Artefact, LearnError> {
    check_free(out)?;
    let partial = beside(out, ".partial");
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| LearnError::File { path, source }
    };
    remove(&partial)?;
    fs::create_dir_all(&partial).map_err(failed(&partial))?;

    let training = json(training, &partial)?;
    manifest.training_manifest_sha256 = Some(hex::encode(Sha256::digest(&training)));
    let files = [
        ("training.json", training),
        ("ombud.json", json(manifest, &partial)?),
        ("README.md", card.to_owned()),
    ];
    for (name, text) in files {
        let path = partial.join(name);
        fs::write(&path, text).map_err(failed(&path))?;
    }
    save(&partial)?;
    remove(out)?;
    fs::rename(&partial, out).map_err(failed(out))?;
    Ok(Artefact::open(out)?)
}

fn json(value: &impl Serialize, near: &Path) -> Result<String, LearnError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| LearnError::File { path: PathBuf::from(near), source: error.into() })?;
    Ok(text + "\n")
}

fn remove(folder: &Path) -> Result<(), LearnError> {
    match fs::remove_dir_all(folder) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(LearnError::File { path: folder.to_owned(), source })
        }
        _ => Ok(()),
    }
}
