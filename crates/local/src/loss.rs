//! What a folder holds against what it must hold: looked at before anything is written there.

use std::{fmt, fs, io::ErrorKind, path::Path};

use rusqlite::{Connection, ErrorCode};

use crate::{
    error::{LocalError, sql},
    file::{self, Topics},
    gaps::{Gap, Gaps},
    marks::{self, Mark, Marked},
    media,
};

/// Partitions that a message names one by one; `ombud repair` names all.
const NAMED: usize = 16;

/// What a log has lost of what it had acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// How that shows.
    pub damage: Damage,
    /// The records that are gone, as far as that is known.
    pub gaps: Vec<Gap>,
}

/// How it shows that something is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// There are marks of a log, and no log.
    Missing,
    /// SQLite can't read the log; why.
    Unreadable(String),
    /// The log ends so many transactions before its marks.
    Behind(i64),
    /// The log has to have marks, and they are gone or damaged: nobody can tell whether it is whole.
    Unmarked,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.damage {
            Damage::Missing => write!(f, "ombud.db is missing, and there was one")?,
            Damage::Unreadable(why) => write!(f, "ombud.db is damaged ({why})")?,
            Damage::Behind(commits) => {
                write!(f, "ombud.db lacks {commits} transactions that it acknowledged")?
            }
            Damage::Unmarked => write!(
                f,
                "its file of marks is gone or damaged, so that nobody can tell whether it is whole"
            )?,
        }
        for (number, gap) in self.gaps.iter().take(NAMED).enumerate() {
            write!(f, "{} {gap}", if number == 0 { "; missing are" } else { "," })?;
        }
        match self.gaps.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " and offsets of {more} other partitions"),
        }
    }
}

/// How a folder is.
pub(crate) enum FolderState {
    /// No log has been here.
    New,
    /// All that was acknowledged is there: the log and where it stands.
    Whole(Connection, Mark),
    /// Some of it is not.
    Lost(Loss),
}

/// Compares the log in `dir` with its marks. Changes nothing; the journal stays as it lies, too.
pub(crate) fn inspect(dir: &Path) -> Result<FolderState, LocalError> {
    // First: a writer beside us acknowledges nothing that the log, read later, does not hold.
    let marked = marks::read(dir)?;
    let path = file::path(dir);
    let begun = match fs::metadata(&path) {
        // SQLite takes an empty file for a new one, and would remove the journal beside it.
        Ok(file) => file.len() > 0,
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(cause) => return Err(LocalError::Io { action: format!("look at {}", path.display()), cause }),
    };
    if !begun {
        // A folder of an older build has no marks; a journal beside no log says as much.
        let journal = dir.join("ombud.db-wal");
        if matches!(marked, Marked::Absent) && fs::metadata(&journal).is_ok_and(|file| file.len() > 0) {
            return Ok(lost(Damage::Missing, &marked, &Mark::default()));
        }
        return Ok(without_log(marked));
    }
    let mut connection = file::open(&path)?;
    let mut found = held(&connection, &path);
    if let Err(LocalError::Sql { cause, .. }) = &found
        && file::needs_writing(cause)
        && media::is_read_only(&path)
    {
        connection = media::open(&path)?;
        found = held(&connection, &path);
    }
    let held = match found {
        Ok(held) => held,
        Err(LocalError::Sql { cause, .. }) if is_damage(&cause) => {
            return Ok(lost(Damage::Unreadable(cause.to_string()), &marked, &Mark::default()));
        }
        Err(error) => return Err(error),
    };
    let Some((held, has_marks)) = held else { return Ok(without_log(marked)) };
    Ok(match &marked {
        // Of an older build, which had none.
        Marked::Absent if !has_marks => FolderState::Whole(connection, held),
        Marked::Absent | Marked::Damaged => lost(Damage::Unmarked, &marked, &held),
        Marked::Whole(mark) if mark.commit <= held.commit && mark.missing_in(&held).is_empty() => {
            FolderState::Whole(connection, held)
        }
        Marked::Whole(mark) => lost(Damage::Behind((mark.commit - held.commit).max(1)), &marked, &held),
    })
}

fn without_log(marked: Marked) -> FolderState {
    match &marked {
        Marked::Absent => FolderState::New,
        Marked::Whole(mark) if mark.is_empty() => FolderState::New,
        Marked::Whole(_) | Marked::Damaged => lost(Damage::Missing, &marked, &Mark::default()),
    }
}

fn lost(damage: Damage, marked: &Marked, held: &Mark) -> FolderState {
    let gaps = match marked {
        Marked::Whole(mark) => mark.missing_in(held),
        Marked::Absent | Marked::Damaged => Vec::new(),
    };
    FolderState::Lost(Loss { damage, gaps })
}

/// Where the log stands, and whether it has to have marks; `None` where it is empty.
pub(crate) fn held(connection: &Connection, path: &Path) -> Result<Option<(Mark, bool)>, LocalError> {
    if file::format(connection, path)? == 0 {
        return Ok(None);
    }
    let doing = || format!("read where {} ends", path.display());
    let topics = Topics::read(connection)?;
    let gaps = Gaps::read(connection, &topics)?;
    let heads = file::heads(connection, &gaps, topics.partition_count()).map_err(sql(doing()))?;
    let commit = file::last_commit(connection).map_err(sql(doing()))?;
    Ok(Some((Mark::of(commit.unwrap_or(0), &topics, &heads), commit.is_some())))
}

/// Whether the file is damaged, rather than away, locked, or on a disk that does not answer.
fn is_damage(cause: &rusqlite::Error) -> bool {
    // Statements of ours that SQLite does not understand, and rows that are not what we wrote: the file lies about itself.
    let damaged = [ErrorCode::DatabaseCorrupt, ErrorCode::NotADatabase, ErrorCode::Unknown];
    cause.sqlite_error_code().is_none_or(|code| damaged.contains(&code))
}
