//! Going on without what is lost: what is gone is written down, and its offsets are never used again.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    error::{LocalError, sql},
    file, folder, gaps,
    inspect::{self, FolderState},
    local::Local,
    loss::{Damage, Loss},
    marks::{self, Mark, Marks, MarksFile, sync_folder},
    topics::Topics,
};

/// The log's files: what is put aside with it.
const FILES: [&str; 3] = ["ombud.db", "ombud.db-wal", "ombud.db-shm"];

/// What a repair did.
#[derive(Debug)]
pub struct Repaired {
    /// What is lost for good.
    pub loss: Loss,
    /// Where the log lies that nobody could read.
    pub aside: Option<PathBuf>,
}

impl Local {
    /// Accepts what the log in `dir` has lost: writes the gaps down at `now_ms`, and lets each partition go on behind what was ever
    /// acknowledged. A log that is gone or unreadable is put aside, and a new one begun. `None` where nothing is lost.
    ///
    /// # Errors
    /// Another process has the folder, or the file system refuses. Called again, it continues.
    pub fn accept_loss(dir: impl AsRef<Path>, now_ms: i64) -> Result<Option<Repaired>, LocalError> {
        let dir = dir.as_ref();
        let _held = folder::lock(dir)?;
        let FolderState::Lost(loss) = inspect::inspect(dir)? else { return Ok(None) };
        let mark = match marks::read(dir)? {
            MarksFile::Whole(mark) => mark,
            MarksFile::Absent | MarksFile::Damaged => Mark::default(),
        };
        let aside = match loss.damage {
            Damage::Missing | Damage::Unreadable(_) => put_aside(dir, now_ms)?,
            Damage::Behind(_) | Damage::Unmarked => None,
        };
        write_down(dir, &mark, &loss, now_ms)?;
        Ok(Some(Repaired { loss, aside }))
    }
}

fn write_down(dir: &Path, mark: &Mark, loss: &Loss, now_ms: i64) -> Result<(), LocalError> {
    let path = folder::path(dir);
    let mut connection = file::open(&path)?;
    file::prepare(&mut connection, &path)?;
    let doing = || format!("write down what {} has lost", path.display());
    let change = connection.transaction().map_err(sql(doing()))?;
    let mut topics = Topics::read(&change)?;
    for (topic, ends) in &mark.ends {
        topics.ensure(&change, topic, i32::try_from(ends.len()).unwrap_or(i32::MAX))?;
    }
    gaps::write(&change, &loss.gaps, now_ms).map_err(sql(doing()))?;
    // No transaction has a number twice.
    let number = "UPDATE commits SET number = max(number, ?1)";
    change.execute(number, [mark.commit]).map_err(sql(doing()))?;
    change.commit().map_err(sql(doing()))?;
    if let Some((held, _)) = inspect::held(&connection, &path)? {
        Marks::begin(dir, &held)?;
    }
    Ok(())
}

/// Moves the log's files, where there are any, into a folder beside them.
fn put_aside(dir: &Path, now_ms: i64) -> Result<Option<PathBuf>, LocalError> {
    let aside = dir.join(format!("damaged-{now_ms}"));
    let put = || -> io::Result<bool> {
        let there: Vec<&str> = FILES.into_iter().filter(|name| dir.join(name).exists()).collect();
        if there.is_empty() {
            return Ok(false);
        }
        fs::create_dir(&aside)?;
        for name in there {
            fs::rename(dir.join(name), aside.join(name))?;
        }
        sync_folder(&aside)?;
        sync_folder(dir)?;
        Ok(true)
    };
    match put() {
        Ok(moved) => Ok(moved.then_some(aside)),
        Err(cause) => {
            Err(LocalError::Io { action: format!("put the log of {} aside", dir.display()), cause })
        }
    }
}
