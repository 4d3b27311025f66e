//! What a folder holds against what it must hold: looked at before anything is written there.

use std::{fs, io::ErrorKind, path::Path};

use rusqlite::{Connection, ErrorCode};

use crate::{
    error::{LocalError, sql},
    file, folder,
    gaps::Gaps,
    heads::heads,
    loss::{Damage, Loss},
    marks::{self, Mark, MarksFile},
    media,
    topics::Topics,
};

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
    let path = folder::path(dir);
    let begun = match fs::metadata(&path) {
        // SQLite takes an empty file for a new one, and would remove the journal beside it.
        Ok(file) => file.len() > 0,
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(cause) => return Err(LocalError::Io { action: format!("look at {}", path.display()), cause }),
    };
    if !begun {
        // A folder of an older build has no marks; a journal beside no log says as much.
        let journal = dir.join("ombud.db-wal");
        if matches!(marked, MarksFile::Absent) && fs::metadata(&journal).is_ok_and(|file| file.len() > 0) {
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
        MarksFile::Absent if !has_marks => FolderState::Whole(connection, held),
        MarksFile::Absent | MarksFile::Damaged => lost(Damage::Unmarked, &marked, &held),
        MarksFile::Whole(mark) if mark.commit <= held.commit && mark.missing_in(&held).is_empty() => {
            FolderState::Whole(connection, held)
        }
        MarksFile::Whole(mark) => lost(Damage::Behind((mark.commit - held.commit).max(1)), &marked, &held),
    })
}

fn without_log(marked: MarksFile) -> FolderState {
    match &marked {
        MarksFile::Absent => FolderState::New,
        MarksFile::Whole(mark) if mark.is_empty() => FolderState::New,
        MarksFile::Whole(_) | MarksFile::Damaged => lost(Damage::Missing, &marked, &Mark::default()),
    }
}

fn lost(damage: Damage, marked: &MarksFile, held: &Mark) -> FolderState {
    let gaps = match marked {
        MarksFile::Whole(mark) => mark.missing_in(held),
        MarksFile::Absent | MarksFile::Damaged => Vec::new(),
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
    let heads = heads(connection, &gaps, topics.partition_count()).map_err(sql(doing()))?;
    let commit = file::last_commit(connection).map_err(sql(doing()))?;
    Ok(Some((Mark::of(commit.unwrap_or(0), &topics, &heads), commit.is_some())))
}

/// Whether the file is damaged, rather than away, locked, or on a disk that does not answer.
fn is_damage(cause: &rusqlite::Error) -> bool {
    // Statements of ours that SQLite does not understand, and rows that are not what we wrote: the file lies about itself.
    let damaged = [ErrorCode::DatabaseCorrupt, ErrorCode::NotADatabase, ErrorCode::Unknown];
    cause.sqlite_error_code().is_none_or(|code| damaged.contains(&code))
}
