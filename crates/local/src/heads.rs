//! Where records lie in the file, and where each partition ends.

use rusqlite::{Connection, OptionalExtension};

use crate::gaps::Gaps;

/// How many low bits of a record's place are its offset.
const OFFSET_BITS: u32 = 40;

/// Where in the file the record of a partition and offset lies.
pub(crate) fn place(partition_id: usize, offset: i64) -> i64 {
    ((partition_id as i64) << OFFSET_BITS) | offset
}

/// The offset of a record's place.
pub(crate) fn offset_of(place: i64) -> i64 {
    place & ((1 << OFFSET_BITS) - 1)
}

/// Where a partition ends, and when its last record was appended.
#[derive(Clone, Copy, Default)]
pub(crate) struct Head {
    pub(crate) end: i64,
    pub(crate) appended_at: i64,
}

/// The head of the partition of that id.
pub(crate) fn head(connection: &Connection, gaps: &Gaps, id: usize) -> rusqlite::Result<Head> {
    let mut query = connection.prepare_cached(
        "SELECT place, appended_at FROM records WHERE place >= ?1 AND place < ?2 ORDER BY place DESC LIMIT 1",
    )?;
    let last = query.query_row((place(id, 0), place(id + 1, 0)), |row| {
        Ok(Head { end: offset_of(row.get(0)?) + 1, appended_at: row.get(1)? })
    });
    let last = last.optional()?.unwrap_or_default();
    Ok(Head { end: last.end.max(gaps.floor(id)), ..last })
}

/// The heads of the first `count` partitions, by id.
pub(crate) fn heads(connection: &Connection, gaps: &Gaps, count: usize) -> rusqlite::Result<Vec<Head>> {
    (0..count).map(|id| head(connection, gaps, id)).collect()
}
