//! What a version says about itself beside its weights: its manifest, and the card that people and `ombud evaluate` wrote.
//!
//! No part of the registry, so it is read where this host has the version. Nothing is verified: it is for people to read.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use crate::{
    artefact::{CARD, MANIFEST},
    manifest::Manifest,
    shelf::ModelStore,
};

/// A card or a manifest is read up to here: a hundred times what one has.
const MOST_BYTES: u64 = 4 << 20;

/// What there is to read about a version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    /// Its `ombud.json`; `None` where this build can't read it.
    pub manifest: Option<Manifest>,
    /// Its card, as Markdown.
    pub card: Option<String>,
}

impl ModelStore {
    /// What there is to read about a version; `None` where it is not on this shelf. Names that can't name a folder are on
    /// none.
    pub fn description(&self, model_id: &str, version: &str) -> Option<Description> {
        let home = self.home(model_id, version).ok().filter(|home| home.is_dir())?;
        let read = |name: &str| read(&home.join(name)).ok();
        // Not by the checks of an artefact that serves: label trees may lie beside it that nobody has read yet.
        let manifest = read(MANIFEST).and_then(|text| serde_json::from_str(&text).ok());
        Some(Description { manifest, card: read(CARD) })
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
