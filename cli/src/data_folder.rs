//! The data folder and its backups, as `ombud backup`, `restore` and `repair` share them.

use std::{
    fs::{self, File},
    path::Path,
};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use ombud_contract::records::FileDigest;
use ombud_launch::config::Settings;
use serde::{Deserialize, Serialize};

/// The list of a backup's files, written last.
pub(crate) const MANIFEST: &str = "manifest.json";
/// How the list is laid out.
const LAYOUT: u32 = 1;

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    layout: u32,
    /// The version of Ombud that made it.
    ombud: String,
    pub(crate) made_at: Timestamp,
    pub(crate) files: Vec<FileDigest>,
}

impl Manifest {
    /// Of a backup that this version makes.
    pub(crate) fn new(made_at: Timestamp, files: Vec<FileDigest>) -> Self {
        Self { layout: LAYOUT, ombud: env!("CARGO_PKG_VERSION").to_owned(), made_at, files }
    }

    /// That of the backup in `dir`.
    pub(crate) fn read(dir: &Path) -> Result<Self> {
        let path = dir.join(MANIFEST);
        let text = fs::read(&path)
            .with_context(|| format!("read {}: name a folder that `ombud backup` wrote", path.display()))?;
        let manifest: Self =
            serde_json::from_slice(&text).with_context(|| format!("read {}", path.display()))?;
        let layout = manifest.layout;
        ensure!(layout == LAYOUT, "read {}: it has layout {layout}; use a newer ombud", path.display());
        Ok(manifest)
    }
}

/// Refuses settings that name brokers: backup, restore and repair work on the embedded log alone.
pub(crate) fn ensure_embedded(settings: &Settings) -> Result<()> {
    ensure!(
        settings.kafka_bootstrap.is_empty(),
        "find the embedded log: the settings name brokers; leave --kafka and OMBUD_KAFKA_BOOTSTRAP out, or back brokers \
         up by their own tools"
    );
    Ok(())
}

/// Makes the name of `path` durable.
pub(crate) fn sync_parent(path: &Path) -> Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = File::open(parent).and_then(|folder| folder.sync_all());
    synced.with_context(|| format!("write {}", parent.display()))
}
