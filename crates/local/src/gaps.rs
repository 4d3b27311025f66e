//! Offsets that hold no record any more: what was acknowledged, lost, and given up by a repair. They are never used again, so
//! that positions of groups keep their meaning.

use ombud_stream::TopicPartition;
use rusqlite::Connection;

use crate::{
    error::{LocalError, sql},
    gap::{AcceptedGap, Gap},
    topics::Topics,
};

/// All gaps of a log.
#[derive(Default)]
pub(crate) struct Gaps(Vec<(Option<usize>, AcceptedGap)>);

impl Gaps {
    /// Those in the file; none in one of an older build.
    pub(crate) fn read(connection: &Connection, topics: &Topics) -> Result<Self, LocalError> {
        let read = || -> rusqlite::Result<Vec<AcceptedGap>> {
            if !has_table(connection, "gaps")? {
                return Ok(Vec::new());
            }
            let mut query = connection.prepare(
                "SELECT topic, partition, first, next, accepted_at FROM gaps ORDER BY accepted_at, topic, partition",
            )?;
            let gap = |row: &rusqlite::Row<'_>| {
                let (topic, number): (String, i32) = (row.get(0)?, row.get(1)?);
                let gap =
                    Gap { partition: TopicPartition::new(topic, number), from: row.get(2)?, to: row.get(3)? };
                Ok(AcceptedGap { gap, accepted_at: row.get(4)? })
            };
            query.query_map([], gap)?.collect()
        };
        let gaps = read().map_err(sql("read the gaps"))?;
        Ok(Self(gaps.into_iter().map(|accepted| (topics.id(&accepted.gap.partition), accepted)).collect()))
    }

    /// The offset below which the partition of that id takes no more records.
    pub(crate) fn floor(&self, id: usize) -> i64 {
        self.of(id).map(|gap| gap.to).max().unwrap_or(0)
    }

    /// Where reading goes on from `offset`: there, or behind the gaps that begin there.
    pub(crate) fn past(&self, id: usize, mut offset: i64) -> i64 {
        while let Some(gap) = self.of(id).find(|gap| (gap.from..gap.to).contains(&offset)) {
            offset = gap.to;
        }
        offset
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &AcceptedGap> {
        self.0.iter().map(|(_, accepted)| accepted)
    }

    fn of(&self, id: usize) -> impl Iterator<Item = &Gap> {
        self.0.iter().filter(move |(of, _)| *of == Some(id)).map(|(_, accepted)| &accepted.gap)
    }
}

/// Writes gaps down within a repair's transaction.
pub(crate) fn write(connection: &Connection, gaps: &[Gap], accepted_at: i64) -> rusqlite::Result<()> {
    let mut insert = connection.prepare(
        "INSERT INTO gaps (topic, partition, first, next, accepted_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for Gap { partition, from, to } in gaps {
        insert.execute((&*partition.topic, partition.partition, from, to, accepted_at))?;
    }
    Ok(())
}

/// Whether the file has that table.
pub(crate) fn has_table(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?1",
        [name],
        |row| Ok(row.get::<_, i64>(0)? > 0),
    )
}
