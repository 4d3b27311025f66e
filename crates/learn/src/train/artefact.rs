//! Writes an artefact's folder: whole, or not at all.

use std::path::{Path, PathBuf};

use ombud_contract::taxonomy::{Document, Taxonomy};
use ombud_models::{Artefact, Draft, MANIFEST, Manifest, TAXONOMY};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::error::LearnError;
use super::examples::Source;
use crate::lineage::{SetFigures, SetRequest};

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
    /// What humans made of the decisions, where it was learned from that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcomes: Option<&'a (SetRequest, SetFigures)>,
    /// Of the complaints learned from: the first 16 digits of the SHA-256 of each id, sorted.
    pub(crate) row_ids: Vec<&'a str>,
}

/// Refuses a folder that holds something other than an artefact.
pub(crate) fn check_free(out: &Path) -> Result<(), LearnError> {
    Ok(ombud_models::check_free(out, MANIFEST)?)
}

/// `out` with an ending; a sibling, so that it can be renamed to.
pub(crate) fn beside(out: &Path, ending: &str) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_os_string();
    name.push(ending);
    out.with_file_name(name)
}

/// Writes `out`; an older artefact is replaced. Fills the manifest's digest in. `save` writes the weights and whatever
/// else they need into the folder that it is given.
pub(crate) fn write<R: Serialize>(
    out: &Path,
    manifest: &mut Manifest,
    training: &Training<'_, R>,
    card: &str,
    save: impl FnOnce(&Path) -> Result<(), LearnError>,
) -> Result<Artefact, LearnError> {
    let draft = Draft::begin(out, MANIFEST)?;
    let training = draft.write_json("training.json", training)?;
    manifest.training_manifest_sha256 = Some(hex::encode(Sha256::digest(&training)));
    draft.write_json(MANIFEST, manifest)?;
    let trees = manifest.heads.iter().filter_map(|head| Taxonomy::by_label_set(&head.label_set));
    if let Some(trees) = own_trees(trees) {
        draft.write(TAXONOMY, trees)?;
    }
    draft.write("README.md", card)?;
    save(draft.folder())?;
    draft.publish()?;
    Ok(Artefact::open(out)?)
}

/// The document of those of `trees` that are not built in: nobody has them who doesn't get them with the model.
pub(crate) fn own_trees(trees: impl Iterator<Item = &'static Taxonomy>) -> Option<String> {
    let own: Vec<&Taxonomy> = trees.filter(|tree| !tree.is_built_in()).collect();
    // Names and numbers alone: nothing in it can't be written as TOML.
    (!own.is_empty()).then(|| toml::to_string(&Document::of(own)).unwrap_or_default())
}
