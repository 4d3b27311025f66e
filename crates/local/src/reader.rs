//! Reading partitions without a group, in the log's own process or beside it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use ombud_stream::{Outage, Position, Reader, Record, Stretch, TopicPartition};
use rusqlite::{Connection, OptionalExtension};

use crate::{
    error::{LocalError, outage},
    file::{head, offset_of, open_to_read, place},
    headers,
    local::Shared,
};

/// Another process's appends send no signal: how often a waiting reader beside it looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Reads any partition; made by [`crate::Local::reader`] and [`crate::LocalView::reader`].
pub struct LocalReader {
    shared: Arc<Shared>,
    connection: Connection,
}

impl LocalReader {
    pub(crate) fn new(shared: Arc<Shared>) -> Result<Self, LocalError> {
        let connection = open_to_read(&shared.path)?;
        Ok(Self { shared, connection })
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Waits until the partition goes beyond `from`; at once where it does already.
    fn wait_beyond(&self, id: usize, from: i64, wait: Duration) -> Result<(), Outage> {
        let deadline = Instant::now() + wait;
        if self.shared.live {
            let (mut state, mut waiting) = (self.shared.board.lock(), true);
            while waiting && state.ends[id] <= from {
                (state, waiting) = self.shared.board.wait(state, deadline);
            }
            return Ok(());
        }
        let end = || head(&self.connection, &self.shared.gaps, id).map(|head| head.end);
        while end().map_err(|e| outage("read the end of a partition", e))? <= from {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            std::thread::park_timeout(left.min(LOOK_AGAIN));
        }
        Ok(())
    }

    /// Where `group` stands in a partition; `None` where it has no position. Any group may be asked about.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn committed(&self, group: &str, partition: &TopicPartition) -> Result<Option<Position>, Outage> {
        let read = || -> rusqlite::Result<Option<(i64, String)>> {
            let mut query = self.connection.prepare_cached(
                "SELECT next_offset, metadata FROM positions WHERE group_name = ?1 AND topic = ?2 AND partition = ?3",
            )?;
            let key = (group, &*partition.topic, partition.partition);
            query.query_row(key, |row| Ok((row.get(0)?, row.get(1)?))).optional()
        };
        let found = read().map_err(|e| outage(format!("read the position of {group} in {partition}"), e))?;
        Ok(found.map(|(offset, metadata)| Position { partition: partition.clone(), offset, metadata }))
    }

    /// The first record from `offset` on: its offset, and when it was appended.
    fn first_from(&self, id: usize, offset: i64) -> rusqlite::Result<Option<(i64, i64)>> {
        let mut query = self.connection.prepare_cached(
            "SELECT place, appended_at FROM records WHERE place >= ?1 AND place < ?2 ORDER BY place LIMIT 1",
        )?;
        let found = |row: &rusqlite::Row<'_>| Ok((offset_of(row.get(0)?), row.get(1)?));
        query.query_row((place(id, offset), place(id + 1, 0)), found).optional()
    }
}

impl Reader for LocalReader {
    fn fetch(&mut self, partition: &TopicPartition, from: i64, wait: Duration) -> Result<Stretch, Outage> {
        let id = self.shared.id(partition)?;
        self.wait_beyond(id, from, wait)?;
        fetch(&self.connection, &self.shared, partition, from)
    }

    fn end(&mut self, partition: &TopicPartition) -> Result<i64, Outage> {
        let id = self.shared.id(partition)?;
        if self.shared.live {
            return Ok(self.shared.board.lock().ends[id]);
        }
        let head = head(&self.connection, &self.shared.gaps, id);
        head.map(|head| head.end).map_err(|e| outage(format!("read the end of {partition}"), e))
    }

    fn offset_at(&mut self, partition: &TopicPartition, time_ms: i64) -> Result<i64, Outage> {
        let id = self.shared.id(partition)?;
        let end = self.end(partition)?;
        let first_from =
            |offset| self.first_from(id, offset).map_err(|e| outage(format!("read {partition}@{offset}"), e));
        let (mut low, mut high) = (0, end);
        // Append times never fall within a partition: halving finds the first. What a repair gave up lies before what follows it.
        while low < high {
            let middle = low + (high - low) / 2;
            match first_from(middle)? {
                Some((offset, appended_at)) if offset < high && appended_at < time_ms => low = offset + 1,
                _ => high = middle,
            }
        }
        Ok(first_from(low)?.map_or(end, |(offset, _)| offset.min(end)))
    }
}

/// What the partition holds from `from` on, within the limits; at least one record where there is one.
pub(crate) fn fetch(
    connection: &Connection,
    shared: &Shared,
    partition: &TopicPartition,
    from: i64,
) -> Result<Stretch, Outage> {
    let id = shared.id(partition)?;
    let doing = || format!("read {partition}@{from}");
    if from < 0 {
        return Err(Outage::fatal(doing(), "offsets start at 0"));
    }
    let read = || -> rusqlite::Result<Option<Vec<Record>>> {
        let mut query = connection.prepare_cached(
            "SELECT place, appended_at, key, value, headers FROM records
             WHERE place >= ?1 AND place < ?2 ORDER BY place LIMIT ?3",
        )?;
        let mut rows = query.query((place(id, from), place(id + 1, 0), shared.limits.fetch_len))?;
        let (mut records, mut bytes) = (Vec::new(), 0);
        while bytes < shared.limits.fetch_bytes
            && let Some(row) = rows.next()?
        {
            let blob = |column| row.get::<_, Option<Vec<u8>>>(column);
            let (key, value) = (blob(2)?.map(Bytes::from), blob(3)?.map(Bytes::from));
            let Some(headers) = headers::decode(blob(4)?) else { return Ok(None) };
            bytes += key.as_ref().map_or(0, Bytes::len) + value.as_ref().map_or(0, Bytes::len);
            let (offset, appended_at) = (offset_of(row.get(0)?), row.get(1)?);
            records.push(Record {
                source: partition.clone(),
                offset,
                appended_at,
                key,
                value,
                headers,
                original: None,
            });
        }
        Ok(Some(records))
    };
    match read() {
        Ok(Some(records)) => {
            // No transactions, no compaction, no retention: what is missing here is what a repair gave up, or damage.
            let mut next = shared.gaps.past(id, from);
            for record in &records {
                if record.offset != next {
                    let why = format!(
                        "no record lies at {next}: the log is damaged, and `ombud doctor --deep` says where"
                    );
                    return Err(Outage::fatal(doing(), why));
                }
                next = shared.gaps.past(id, record.offset + 1);
            }
            Ok(Stretch { records, next })
        }
        Ok(None) => Err(Outage::fatal(doing(), "the headers of a record are damaged")),
        Err(cause) => Err(outage(doing(), cause)),
    }
}
