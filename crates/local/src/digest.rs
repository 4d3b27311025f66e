//! What a row is known by: a digest of its columns, kept beside them and compared whenever they are read. Rows from before
//! there were digests have none, and are taken as they are.

use ombud_contract::ids::row_sha256;
use rusqlite::{Connection, types::ValueRef};

use crate::error::{LocalError, sql};

/// A row's digest.
pub(crate) type RowDigest = [u8; 32];

/// The tables whose rows have one.
const TABLES: [&str; 3] = ["records", "positions", "case_events"];

/// Of a record: its key, value and headers behind its place and its time.
pub(crate) fn of_record(place: i64, appended_at: i64, parts: [Option<&[u8]>; 3]) -> RowDigest {
    let [key, value, headers] = parts;
    row_sha256(&[Some(&place.to_be_bytes()[..]), Some(&appended_at.to_be_bytes()[..]), key, value, headers])
}

/// Of a group's position.
pub(crate) fn of_position(
    group: &str,
    topic: &str,
    partition: i32,
    offset: i64,
    metadata: &str,
) -> RowDigest {
    row_sha256(&[
        Some(group.as_bytes()),
        Some(topic.as_bytes()),
        Some(&partition.to_be_bytes()[..]),
        Some(&offset.to_be_bytes()[..]),
        Some(metadata.as_bytes()),
    ])
}

/// Whether a row is what was written; `stored` is its column `digest`.
pub(crate) fn fits(stored: ValueRef<'_>, digest: impl FnOnce() -> RowDigest) -> bool {
    matches!(stored, ValueRef::Null) || bytes(stored).is_some_and(|stored| stored == digest())
}

/// The bytes of a column, whatever a damaged row takes them for.
pub(crate) fn bytes(column: ValueRef<'_>) -> Option<&[u8]> {
    match column {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => None,
    }
}

/// The number in a column; 0 where a damaged row has none.
pub(crate) fn number(column: ValueRef<'_>) -> i64 {
    match column {
        ValueRef::Integer(number) => number,
        _ => 0,
    }
}

/// What a query says for a row's digest: in a file that no build has written to since there are any, the column is missing.
pub(crate) fn column(connection: &Connection) -> Result<&'static str, LocalError> {
    Ok(if has_column(connection, TABLES[0], "digest")? { "digest" } else { "NULL" })
}

/// Gives the tables of an older build the column.
pub(crate) fn add_columns(connection: &Connection) -> Result<(), LocalError> {
    for table in TABLES {
        if !has_column(connection, table, "digest")? {
            let add = format!("ALTER TABLE {table} ADD COLUMN digest BLOB");
            connection.execute_batch(&add).map_err(sql(format!("add digests to {table}")))?;
        }
    }
    Ok(())
}

/// Whether a table has the column of that name, which older builds' have not.
pub(crate) fn has_column(connection: &Connection, table: &str, name: &str) -> Result<bool, LocalError> {
    let count = "SELECT count(*) FROM pragma_table_info(?1) WHERE name = ?2";
    let count: i64 = connection
        .query_row(count, [table, name], |row| row.get(0))
        .map_err(sql(format!("look for {name} in {table}")))?;
    Ok(count > 0)
}
