//! A log that lies where nothing may be written: a read-only mount, or a folder of another user.
//!
//! SQLite wants to write the index of its journal even to read. A log that was closed has no journal, and can be read as it
//! stands; one that somebody serves, or whose journal still holds transactions, can't.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use rusqlite::{Connection, OpenFlags};
use rustix::fs::{Access, access};

use crate::error::{LocalError, sql};

/// Whether this process may not write beside the file at `path`.
pub(crate) fn is_read_only(path: &Path) -> bool {
    path.parent().is_some_and(|folder| access(folder, Access::WRITE_OK).is_err())
}

/// Opens the file as one that nobody changes.
///
/// # Errors
/// Somebody may change it, or its journal holds what the file lacks.
pub(crate) fn open(path: &Path) -> Result<Connection, LocalError> {
    let folder = path.parent().unwrap_or(path);
    if is_served(folder) || has_journal(path) {
        return Err(LocalError::Journal { dir: folder.into() });
    }
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(uri(path), flags).map_err(sql(format!("open {}", path.display())))
}

/// Whether a process holds the folder; one whose lock may not even be read is held.
fn is_served(folder: &Path) -> bool {
    match File::open(folder.join("lock")) {
        Ok(lock) => matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

fn has_journal(path: &Path) -> bool {
    let journal = path.with_file_name("ombud.db-wal");
    fs::metadata(journal).is_ok_and(|file| file.len() > 0)
}

/// SQLite's name of a file that nobody changes.
fn uri(path: &Path) -> String {
    let text = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{text}?immutable=1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Local, Options};

    #[test]
    fn a_log_that_was_closed_is_read_without_writing_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a #1? folder 100%");
        drop(Local::open(&folder, Options::catalogue("", 2)).unwrap());
        let path = crate::folder::path(&folder);
        let names = || {
            let mut names: Vec<_> =
                fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let before = names();
        let connection = open(&path).unwrap();
        let topics: i64 = connection.query_row("SELECT count(*) FROM topics", [], |row| row.get(0)).unwrap();
        assert!(topics > 0 && names() == before, "{topics} topics, {:?}", names());
        assert!(connection.execute("DELETE FROM topics", []).is_err());
    }

    #[test]
    fn a_log_that_somebody_serves_or_whose_journal_is_not_folded_in_is_not_taken_for_one_that_nobody_changes()
    {
        let dir = tempfile::tempdir().unwrap();
        let path = crate::folder::path(dir.path());
        let local = Local::open(dir.path(), Options::catalogue("", 2)).unwrap();
        assert!(matches!(open(&path), Err(LocalError::Journal { .. })));
        drop(local);
        open(&path).unwrap();
        fs::write(dir.path().join("ombud.db-wal"), "a transaction").unwrap();
        let refused = open(&path).err().unwrap().to_string();
        assert!(refused.contains("copy the folder"), "{refused}");
    }
}
