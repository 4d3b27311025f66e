//! The desk's file: leases, sessions, requests and users, for any number of processes of this machine.
//!
//! Each call is one transaction that begins by taking the file's write lock, so that of two who ask at once one is first, and
//! reads the clock under it. What a process that dies had not committed never was.

pub(crate) mod backup;
mod leases;
mod requests;
mod sessions;
mod users;

use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt as _, path::Path, sync::Arc, time::Duration};

use backon::{BlockingRetryable as _, ConstantBuilder};
use ombud_stream::{Clock, Outage};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use crate::error::{LocalError, outage, sql};

/// How long a call waits for the others' transactions, each of which takes a few milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two attempts at what SQLite refuses at once where others are at it.
const BUSY_PAUSE: Duration = Duration::from_millis(5);
/// "omdk": tells this file from any other SQLite file.
const APPLICATION_ID: i64 = 0x6f6d_646b;
/// Rises with each change of the tables; an older build refuses the file.
const FORMAT: i64 = 1;

/// The SQLite file of a folder.
const FILE: &str = "desk.db";

/// What the desk keeps in a data folder. Whoever needs it on another thread opens it there once more.
pub struct LocalDesk {
    connection: Connection,
    clock: Arc<dyn Clock>,
}

impl LocalDesk {
    /// Opens the desk's file in `dir`, which is made where there is none. `clock` says when leases, sessions and links end.
    ///
    /// # Errors
    /// It is somebody else's file, it is newer than this build, or the file system refuses.
    pub fn open(dir: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self, LocalError> {
        let dir = dir.as_ref();
        let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|cause| LocalError::Io { action: format!("create folder {}", dir.display()), cause })?;
        let path = dir.join(FILE);
        let doing = || format!("open {}", path.display());
        let mut connection = Connection::open(&path).map_err(sql(doing()))?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(sql(doing()))?;
        // First of all, so that a file of somebody else's is left as it is; at one moment, for another process may be making it.
        let found = {
            let look = connection.transaction().map_err(sql(doing()))?;
            format(&look, &path)?
        };
        keep_a_journal(&connection).map_err(sql(format!("set journal_mode: {}", doing())))?;
        // FULL: a request that somebody approved, and a user, survive a power cut.
        let synced = connection.pragma_update(None, "synchronous", "full");
        synced.map_err(sql(format!("set synchronous: {}", doing())))?;
        if found < FORMAT {
            create_tables(&mut connection, &path)?;
        }
        Ok(Self { connection, clock })
    }

    /// One transaction that may write; `body` gets the time.
    fn write<T>(
        &mut self,
        action: impl FnOnce() -> String,
        body: impl FnOnce(&Transaction<'_>, i64) -> rusqlite::Result<T>,
    ) -> Result<T, Outage> {
        let clock = Arc::clone(&self.clock);
        let run = || -> rusqlite::Result<T> {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let outcome = body(&transaction, clock.now_ms())?;
            transaction.commit()?;
            Ok(outcome)
        };
        run().map_err(|cause| outage(action(), cause))
    }

    /// One look at the file as it is at one moment.
    fn read<T>(
        &mut self,
        action: impl FnOnce() -> String,
        body: impl FnOnce(&Transaction<'_>, i64) -> rusqlite::Result<T>,
    ) -> Result<T, Outage> {
        let clock = Arc::clone(&self.clock);
        let run = || -> rusqlite::Result<T> { body(&self.connection.transaction()?, clock.now_ms()) };
        run().map_err(|cause| outage(action(), cause))
    }
}

/// Sets the file to a write-ahead journal, as it stays. Of several who do this to a new file at once, SQLite refuses all but one
/// without waiting: each holds a read lock that the other's change would have to wait for.
fn keep_a_journal(connection: &Connection) -> rusqlite::Result<()> {
    let attempts = (BUSY_TIMEOUT.as_millis() / BUSY_PAUSE.as_millis()) as usize;
    (|| connection.pragma_update(None, "journal_mode", "wal"))
        .retry(ConstantBuilder::new().with_delay(BUSY_PAUSE).with_max_times(attempts))
        .when(|cause| cause.sqlite_error_code() == Some(ErrorCode::DatabaseBusy))
        .call()
}

/// The file's format; 0 for an empty file.
fn format(connection: &Connection, path: &Path) -> Result<i64, LocalError> {
    let number = |pragma: &str| -> Result<i64, LocalError> {
        let read = connection.query_row(pragma, [], |row| row.get(0));
        read.map_err(sql(format!("read the format of {}", path.display())))
    };
    let found = number("PRAGMA user_version")?;
    match number("PRAGMA application_id")? {
        0 if found == 0 && number("SELECT count(*) FROM sqlite_master")? == 0 => Ok(0),
        APPLICATION_ID if found > FORMAT => {
            Err(LocalError::Newer { path: path.into(), found, known: FORMAT })
        }
        APPLICATION_ID => Ok(found),
        _ => Err(LocalError::Foreign { path: path.into() }),
    }
}

/// Another process may be doing the same: whoever comes second finds it done.
fn create_tables(connection: &mut Connection, path: &Path) -> Result<(), LocalError> {
    let doing = || format!("create the tables of {}", path.display());
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let change = change.map_err(sql(doing()))?;
    if format(&change, path)? < FORMAT {
        change.execute_batch(include_str!("desk/schema.sql")).map_err(sql(doing()))?;
        change.pragma_update(None, "application_id", APPLICATION_ID).map_err(sql(doing()))?;
        change.pragma_update(None, "user_version", FORMAT).map_err(sql(doing()))?;
    }
    change.commit().map_err(sql(doing()))
}

/// When what begins `now` ends.
fn end(now: i64, length: Duration) -> i64 {
    now.saturating_add(i64::try_from(length.as_millis()).unwrap_or(i64::MAX))
}
