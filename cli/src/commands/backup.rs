//! `ombud backup`: what the data folder holds, copied while it is served, checked, and listed with its digests.
//!
//! log and cases as they are now -> DIR.partial -> read once more, whole -> models -> manifest.json -> DIR

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use jiff::Timestamp;
use ombud_contract::records::FileDigest;
use ombud_launch::config::Settings;
use ombud_local::Local;
use ombud_models::{ModelStore, digest_file};
use ombud_stream::Clock;

use crate::{
    Done,
    data_folder::{MANIFEST, Manifest, ensure_embedded, sync_parent},
    dossier::KEYS_FILE,
    input::examples::{Example, examples_text},
    output::terminal::Terminal,
};

/// Damages that are named where a copy is refused.
const NAMED: usize = 10;

const EXAMPLES: [Example; 2] = [
    ("Copy the data folder, also while `ombud up` serves", "ombud backup /backups/monday"),
    ("Copy another data folder", "ombud backup /backups/monday --data /srv/ombud"),
];

/// The arguments of `backup`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Backup {
    /// The folder to write: a new one, or an empty one
    pub(crate) dir: PathBuf,
}

/// Writes a backup of the data folder, whole or not at all.
pub(crate) fn backup(
    args: &Backup,
    settings: &Settings,
    clock: &dyn Clock,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<Done> {
    ensure_embedded(settings)?;
    let (to, partial) = (&args.dir, beside(&args.dir));
    let is_free = !to.exists() || fs::read_dir(to)?.next().is_none();
    ensure!(is_free, "write a backup to {}: it is not empty; name a new folder", to.display());
    let left = "it is left of a backup that did not end; remove it";
    ensure!(!partial.exists(), "write a backup to {}: {left}", partial.display());
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&partial)
        .with_context(|| format!("create {}", partial.display()))?;
    let written = write(&partial, settings, clock, terminal);
    let (records, files) = match written {
        Ok(written) => written,
        Err(error) => {
            fs::remove_dir_all(&partial).with_context(|| format!("remove {}", partial.display()))?;
            return Err(error);
        }
    };
    if let Err(error) = fs::rename(&partial, to) {
        fs::remove_dir_all(&partial).with_context(|| format!("remove {}", partial.display()))?;
        let said = format!("give the backup the name {}: name a folder that is not there yet", to.display());
        return Err(error).context(said);
    }
    sync_parent(to)?;
    writeln!(out, "{}: {records} records, {files} files", to.display())?;
    Ok(Done::Well)
}

/// The folder of a backup until it is whole.
fn beside(dir: &Path) -> PathBuf {
    // Without a slash at its end: a name beside it, not one within.
    let mut name: OsString = dir.components().as_path().as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

/// How many records and files it has.
fn write(to: &Path, settings: &Settings, clock: &dyn Clock, terminal: &Terminal) -> Result<(u64, usize)> {
    let made_at = Timestamp::from_millisecond(clock.now_ms())?;
    let bar = terminal.bar("pages");
    if let Some(loss) = Local::loss(&settings.data)? {
        bail!("back up {}: {loss}; see `ombud repair`", settings.data.display());
    }
    let view = Local::open_read_only(&settings.data)?;
    view.back_up(to, &mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    let mut damages = Vec::new();
    let records = Local::open_read_only(to)?.examine(&mut |damage| damages.push(damage))?;
    if !damages.is_empty() {
        let (all, first) = (damages.len(), damages[..damages.len().min(NAMED)].join("; "));
        bail!(
            "back up {}: it is damaged in {all} places: {first}; see `ombud doctor --deep`",
            settings.data.display()
        );
    }
    // After the log: each model that it names is on the shelf.
    let (from, shelf) = (ModelStore::new(settings.data.join("models")), ModelStore::new(to.join("models")));
    for (model_id, version) in from.versions()? {
        if let Some(artefact) = from.get(&model_id, &version)? {
            shelf.add(&artefact)?;
        }
    }
    // Not the key: a backup signs nothing. With the list, what was signed before is verified after a restore.
    let keys = settings.data.join(KEYS_FILE);
    if keys.exists() {
        fs::copy(&keys, to.join(KEYS_FILE)).with_context(|| format!("copy {}", keys.display()))?;
    }
    let mut files = Vec::new();
    list(to, "", &mut files)?;
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let count = files.len();
    let manifest = Manifest::new(made_at, files);
    let path = to.join(MANIFEST);
    fs::write(&path, serde_json::to_vec_pretty(&manifest)?)?;
    close_off(&path, 0o600)?;
    close_off(to, 0o700)?;
    Ok((records, count))
}

/// Lists what lies in `folder`, and makes it readable for its owner alone: it holds narratives.
fn list(folder: &Path, prefix: &str, files: &mut Vec<FileDigest>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = format!("{prefix}{}", name.to_string_lossy());
        if entry.file_type()?.is_dir() {
            list(&path, &format!("{name}/"), files)?;
            close_off(&path, 0o700)?;
        } else {
            close_off(&path, 0o600)?;
            files.push(digest_file(&path, name)?);
        }
    }
    Ok(())
}

/// Gives a file or folder its mode, and makes it durable.
fn close_off(path: &Path, mode: u32) -> Result<()> {
    let close = || -> io::Result<()> {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
        File::open(path)?.sync_all()
    };
    close().with_context(|| format!("write {}", path.display()))
}

#[cfg(test)]
mod tests;
