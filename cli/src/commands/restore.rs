//! `ombud restore`: a backup into the data folder, which keeps what it had.
//!
//! files of manifest.json -> DATA/restoring, digest by digest -> what is there is put aside -> marks -> models -> log

use std::{
    fs,
    io::Write,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use ombud_launch::config::Settings;
use ombud_local::Local;
use ombud_models::digest_file;
use ombud_stream::Clock;

use crate::{
    Done,
    data_folder::{Manifest, ensure_embedded, sync_parent},
    dossier::KEYS_FILE,
    input::examples::{Example, examples_text},
    output::terminal::Terminal,
};

const MARKS: &str = "marks";
/// What a backup has beside its marks, the log last.
const REST: [&str; 4] = ["models", KEYS_FILE, "desk.db", "ombud.db"];
/// What SQLite has beside its files.
const BESIDE: [&str; 4] = ["desk.db-wal", "desk.db-shm", "ombud.db-wal", "ombud.db-shm"];

const EXAMPLES: [Example; 2] = [
    ("Fill a new data folder", "ombud restore /backups/monday"),
    ("Put what is there aside, and the backup in its place", "ombud restore /backups/monday --replace"),
];

/// The arguments of `restore`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Restore {
    /// The folder that `ombud backup` wrote
    pub(crate) dir: PathBuf,

    /// Put what the data folder holds into a folder within it, and the backup in its place
    #[arg(long)]
    pub(crate) replace: bool,
}

/// Puts a backup into the data folder.
pub(crate) fn restore(
    args: &Restore,
    settings: &Settings,
    clock: &dyn Clock,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<Done> {
    ensure_embedded(settings)?;
    let manifest = Manifest::read(&args.dir)?;
    let data = &settings.data;
    let _held = Local::hold(data)?;
    let there: Vec<&str> =
        [MARKS].into_iter().chain(REST).chain(BESIDE).filter(|name| data.join(name).exists()).collect();
    ensure!(
        there.is_empty() || args.replace,
        "restore to {}: it has {}; name an empty folder with --data, or put them aside with --replace",
        data.display(),
        there.join(", ")
    );
    let coming = data.join("restoring");
    if coming.exists() {
        // It is left of a restore that did not end.
        fs::remove_dir_all(&coming).with_context(|| format!("remove {}", coming.display()))?;
    }
    if let Err(error) = fetch(&manifest, &args.dir, &coming, terminal) {
        // It holds narratives, and is of no use; what may stay behind is removed by the next restore.
        let _ = fs::remove_dir_all(&coming);
        return Err(error);
    }
    let aside = data.join(format!("replaced-{}", clock.now_ms()));
    if !there.is_empty() {
        fs::create_dir(&aside).with_context(|| format!("create {}", aside.display()))?;
    }
    // The log goes before its journal and comes last. In between there are marks at every moment, its own or the backup's, and
    // `up` refuses a folder that has them and no log.
    if there.contains(&MARKS) {
        let marks = data.join(MARKS);
        fs::copy(&marks, aside.join(MARKS)).with_context(|| format!("copy {}", marks.display()))?;
    } else {
        move_into(&coming.join(MARKS), &data.join(MARKS))?;
    }
    for name in there.iter().filter(|name| **name != MARKS) {
        move_into(&data.join(name), &aside.join(name))?;
    }
    for name in [MARKS].into_iter().chain(REST) {
        if coming.join(name).exists() {
            move_into(&coming.join(name), &data.join(name))?;
        }
    }
    fs::remove_dir_all(&coming).with_context(|| format!("remove {}", coming.display()))?;
    writeln!(out, "{} is as it was at {}: {} files", data.display(), manifest.made_at, manifest.files.len())?;
    if !there.is_empty() {
        writeln!(out, "what it held lies in {}", aside.display())?;
    }
    Ok(Done::Well)
}

/// Copies the backup's files to `to`, each verified once it has arrived.
fn fetch(manifest: &Manifest, from: &Path, to: &Path, terminal: &Terminal) -> Result<()> {
    let bar = terminal.bytes("restored");
    bar.set_length(manifest.files.iter().map(|file| file.bytes.unsigned_abs()).sum());
    for file in &manifest.files {
        let (source, target) = (from.join(inside(&file.name)?), to.join(inside(&file.name)?));
        let folder = target.parent().unwrap_or(to);
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        fs::copy(&source, &target).with_context(|| format!("copy {}", source.display()))?;
        let arrived = digest_file(&target, file.name.clone())?;
        if arrived != *file {
            bail!("restore {}: it is not what was backed up; take another backup", source.display());
        }
        let synced = fs::File::open(&target).and_then(|file| file.sync_all());
        synced.with_context(|| format!("write {}", target.display()))?;
        bar.inc(file.bytes.unsigned_abs());
    }
    bar.finish_and_clear();
    Ok(())
}

/// A name of the list, which may come from anybody: it must lead to one of the known places.
fn inside(name: &str) -> Result<&Path> {
    let path = Path::new(name);
    let mut parts = path.components();
    let first = parts.next().and_then(|part| part.as_os_str().to_str());
    let leads_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    let is_alone = parts.next().is_none();
    let is_ours = match first {
        Some("models") => !is_alone,
        Some("marks" | KEYS_FILE | "desk.db" | "ombud.db") => is_alone,
        _ => false,
    };
    ensure!(leads_inside && is_ours, "restore {name:?}: no backup has such a file");
    Ok(path)
}

fn move_into(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).with_context(|| format!("move {} to {}", from.display(), to.display()))?;
    sync_parent(from)?;
    sync_parent(to)
}
