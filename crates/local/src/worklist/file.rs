//! The worklist's file: whose it is, how it is opened, and how it is made again.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};
use tracing::warn;

use crate::error::{LocalError, sql};

/// "ombw": tells our file from any other SQLite file.
const APPLICATION_ID: i64 = 0x6f6d_6277;
/// Rises with each change of the tables, and of what an item is made of: a file with another number is made again.
const FORMAT: i64 = 1;
/// How many processes may keep a worklist in one folder.
const MOST_FILES: usize = 16;
/// How long a statement waits for another connection's lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// What the writer keeps of the file in memory, in KiB: rows of complaints that change lie anywhere in it.
const WRITER_CACHE_KIB: i64 = 64 << 10;
/// What one reader keeps of it, in KiB.
const READER_CACHE_KIB: i64 = 8 << 10;
/// The journal is moved into the file whenever it has grown by so many pages: 16 MiB.
const CHECKPOINT_PAGES: i64 = 4_096;

/// A file that this process alone uses.
pub(super) struct WorklistFile {
    path: PathBuf,
    /// Locked for as long as it is open.
    _lock: File,
}

impl WorklistFile {
    /// The first file of `folder` that no other process uses.
    pub(super) fn claim(folder: &Path) -> Result<Self, LocalError> {
        let io = |action: &str| {
            let action = format!("{action} {}", folder.display());
            move |cause| LocalError::Io { action, cause }
        };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io("create folder"))?;
        for number in 1..=MOST_FILES {
            let name = if number == 1 { "worklist".to_owned() } else { format!("worklist-{number}") };
            let lock = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(folder.join(format!("{name}.lock")))
                .map_err(io("open the worklist's lock in"))?;
            match lock.try_lock() {
                Ok(()) => return Ok(Self { path: folder.join(format!("{name}.sqlite")), _lock: lock }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(cause)) => return Err(io("lock a worklist in")(cause)),
            }
        }
        let taken =
            io::Error::new(io::ErrorKind::ResourceBusy, format!("{MOST_FILES} processes keep theirs there"));
        Err(io("find room for a worklist in")(taken))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file to write; an empty one where there is none that can be used.
    pub(super) fn open(&self) -> Result<Connection, LocalError> {
        match open_whole(&self.path) {
            Ok(connection) => Ok(connection),
            Err(Unusable::Absent) => self.make_again(),
            Err(Unusable::Other(why)) => {
                warn!(path = %self.path.display(), why, "the worklist is made again");
                self.make_again()
            }
        }
    }

    /// An empty file in place of what is there. Who has the old one open reads that until it is closed.
    pub(super) fn make_again(&self) -> Result<Connection, LocalError> {
        for end in ["", "-wal", "-shm", "-journal"] {
            let mut path = self.path.clone().into_os_string();
            path.push(end);
            match fs::remove_file(&path) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                    return Err(LocalError::Io { action: format!("remove {}", path.display()), cause });
                }
                _ => {}
            }
        }
        let doing = || format!("make {}", self.path.display());
        let connection = Connection::open(&self.path).map_err(sql(doing()))?;
        set_up(&connection, WRITER_CACHE_KIB).map_err(sql(doing()))?;
        let tables = format!(
            "BEGIN; {} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT}; COMMIT;",
            include_str!("schema.sql")
        );
        connection.execute_batch(&tables).map_err(sql(doing()))?;
        Ok(connection)
    }
}

/// Why a file is made again.
enum Unusable {
    Absent,
    Other(String),
}

impl From<rusqlite::Error> for Unusable {
    fn from(error: rusqlite::Error) -> Self {
        Self::Other(error.to_string())
    }
}

fn open_whole(path: &Path) -> Result<Connection, Unusable> {
    if !path.exists() {
        return Err(Unusable::Absent);
    }
    let connection = Connection::open(path)?;
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
    if number("PRAGMA application_id")? != APPLICATION_ID || number("PRAGMA user_version")? != FORMAT {
        return Err(Unusable::Other("another build made it".to_owned()));
    }
    set_up(&connection, WRITER_CACHE_KIB)?;
    // Reads the first page of each: that a page further in is damaged is noticed when it is read.
    for table in ["teams", "products", "complaints", "positions"] {
        number(&format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT 1)"))?;
    }
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // The last one that is closed would move its journal into the file and remove what lies there by the journal's name, which
    // is another's by then where the file was made again.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    set_up(&connection, READER_CACHE_KIB)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn set_up(connection: &Connection, cache_kib: i64) -> rusqlite::Result<()> {
    connection.busy_timeout(LOCK_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "journal_mode", "wal")?;
    // Not FULL: after a power cut the last transactions may be missing, with their positions, and are read again.
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)
}
