//! The SQLite file of the log: how it is opened, and its format.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use crate::{
    bodies, digest,
    error::{LocalError, sql},
    gaps::has_table,
    media, sketches,
};

/// How often the tables have changed: rows have digests, and the log has marks; there are sketches; bodies of events lie with their
/// records.
const TABLE_CHANGES: i64 = 3;
/// "ombd": tells our file from any other SQLite file.
const APPLICATION_ID: i64 = 0x6f6d_6264;
/// Compiled statements that a connection keeps: more than any of ours has.
const STATEMENTS_KEPT: usize = 32;
/// The format that this build writes, kept in SQLite's `user_version`. It rises with each schema that the catalogue gains and
/// with each change of the tables, so that an older build, which could read neither, refuses the file. The first build
/// wrote 1.
fn newest_format() -> i64 {
    let schemas: usize =
        ombud_contract::catalogue::Topic::ALL.iter().map(|topic| topic.schemas().len()).sum();
    schemas as i64 + TABLE_CHANGES
}

/// Opens the file, which is made where there is none; nothing is written to it before [`prepare`].
pub(crate) fn open(path: &Path) -> Result<Connection, LocalError> {
    let connection = Connection::open(path).map_err(sql(format!("open {}", path.display())))?;
    leave_journal(&connection, path, true)?;
    keep_plans(&connection).map_err(sql(format!("set up {}", path.display())))?;
    Ok(connection)
}

/// Lets a statement keep its plan whatever is bound to it: SQLite would compile those with a bound LIMIT anew at every call, which
/// costs more than most of them do, and no plan of ours depends on a value.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Whether the journal stays as it lies when the last connection is closed. SQLite would move what it takes for its whole
/// part into the file, and remove the rest: of a damaged one nothing would be left to look at.
fn leave_journal(connection: &Connection, path: &Path, leave: bool) -> Result<(), LocalError> {
    let set = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leave);
    set.map(drop).map_err(sql(format!("set up {}", path.display())))
}

/// Makes the file ready for its one writer: creates what it lacks, refuses a newer format.
pub(crate) fn prepare(connection: &mut Connection, path: &Path) -> Result<(), LocalError> {
    // First of all, so that a file of somebody else's is left as it is.
    let found = format(connection, path)?;
    leave_journal(connection, path, false)?;
    let set = |name: &str, value: &str| {
        connection.pragma_update(None, name, value).map_err(sql(format!("set {name} on {}", path.display())))
    };
    set("journal_mode", "wal")?;
    // FULL syncs the journal in every commit: what is acknowledged survives a power cut too.
    set("synchronous", "full")?;
    set("cache_size", "-16384")?;
    // Checkpoint every 16 MiB: often enough to keep the journal small, rarely enough to stay off the commit path.
    set("wal_autocheckpoint", "4096")?;
    set("journal_size_limit", "67108864")?;
    if found < newest_format() {
        bring_up_to_date(connection, path, found)?;
    }
    Ok(())
}

/// Opens the file for reading, beside its writer; also where nothing may be written.
pub(crate) fn open_to_read(path: &Path) -> Result<Connection, LocalError> {
    if !path.exists() {
        return Err(LocalError::Absent { path: path.into() });
    }
    // Not SQLITE_OPEN_READ_ONLY: after a kill -9 the first reader has to rebuild the journal's index.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags)
        .map_err(sql(format!("open {}", path.display())))
        .and_then(|connection| checked(connection, path));
    match opened {
        Err(LocalError::Sql { cause, .. }) if needs_writing(&cause) && media::is_read_only(path) => {
            checked(media::open(path)?, path)
        }
        opened => opened,
    }
}

/// SQLite could not make the index of its journal.
pub(crate) fn needs_writing(cause: &rusqlite::Error) -> bool {
    matches!(cause.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

fn checked(connection: Connection, path: &Path) -> Result<Connection, LocalError> {
    let doing = || format!("open {}", path.display());
    leave_journal(&connection, path, true)?;
    keep_plans(&connection).map_err(sql(doing()))?;
    connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(sql(doing()))?;
    connection.pragma_update(None, "query_only", true).map_err(sql(doing()))?;
    if format(&connection, path)? == 0 {
        return Err(LocalError::Absent { path: path.into() });
    }
    Ok(connection)
}

/// All tables of a new file, or what one of format `found` lacks.
fn bring_up_to_date(connection: &mut Connection, path: &Path, found: i64) -> Result<(), LocalError> {
    let doing = || format!("create the tables of {}", path.display());
    let change = connection.transaction().map_err(sql(doing()))?;
    if found == 0 {
        change.execute_batch(include_str!("schema.sql")).map_err(sql(doing()))?;
    } else {
        digest::add_columns(&change)?;
        bodies::add_column(&change)?;
    }
    if !has_table(&change, "commits").map_err(sql(doing()))? {
        change.execute_batch(include_str!("schema-marks.sql")).map_err(sql(doing()))?;
    }
    if !has_table(&change, sketches::TABLE).map_err(sql(doing()))? {
        change.execute_batch(include_str!("schema-sketches.sql")).map_err(sql(doing()))?;
    }
    change.pragma_update(None, "application_id", APPLICATION_ID).map_err(sql(doing()))?;
    change.pragma_update(None, "user_version", newest_format()).map_err(sql(doing()))?;
    change.commit().map_err(sql(doing()))
}

/// The file's format; 0 for an empty file.
pub(crate) fn format(connection: &Connection, path: &Path) -> Result<i64, LocalError> {
    let number = |pragma: &str| -> Result<i64, LocalError> {
        connection
            .query_row(pragma, [], |row| row.get(0))
            .map_err(sql(format!("read the format of {}", path.display())))
    };
    let found = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_master")?;
    match number("PRAGMA application_id")? {
        0 if found == 0 && tables == 0 => Ok(0),
        APPLICATION_ID if found > newest_format() => {
            Err(LocalError::Newer { path: path.into(), found, known: newest_format() })
        }
        APPLICATION_ID if found > 0 => Ok(found),
        _ => Err(LocalError::Foreign { path: path.into() }),
    }
}

/// The number of the last transaction; `None` in a file of an older build, which has no marks either.
pub(crate) fn last_commit(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    if !has_table(connection, "commits")? {
        return Ok(None);
    }
    connection.query_row("SELECT number FROM commits", [], |row| row.get(0)).map(Some)
}
