//! Reading partitions without a group, in the log's own process or beside it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use ombud_contract::codec;
use ombud_stream::{Outage, Position, Reader, Record, Stretch, TopicPartition};
use rusqlite::{Connection, OptionalExtension};

use crate::{
    digest,
    error::{LocalError, outage},
    file::open_to_read,
    headers,
    heads::{head, offset_of, place},
    shared::Shared,
};

/// How often a waiting reader beside another process looks for new records: that process's appends send no signal.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

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
            std::thread::park_timeout(left.min(POLL_INTERVAL));
        }
        Ok(())
    }

    /// Where `group` stands in a partition; `None` where it has no position. Any group may be asked about.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn committed(&self, group: &str, partition: &TopicPartition) -> Result<Option<Position>, Outage> {
        let doing = || format!("read the position of {group} in {partition}");
        let read = || -> rusqlite::Result<Option<(Position, bool)>> {
            let mut query = self.connection.prepare_cached(&format!(
                "SELECT next_offset, metadata, {} FROM positions
                 WHERE group_name = ?1 AND topic = ?2 AND partition = ?3",
                self.shared.digest
            ))?;
            let (topic, number) = (&*partition.topic, partition.partition);
            let position = |row: &rusqlite::Row<'_>| {
                let offset = digest::number(row.get_ref(0)?);
                let metadata = String::from_utf8_lossy(digest::bytes(row.get_ref(1)?).unwrap_or_default());
                let is_sound = digest::fits(row.get_ref(2)?, || {
                    digest::of_position(group, topic, number, offset, &metadata)
                });
                let metadata = metadata.into_owned();
                Ok((Position { partition: partition.clone(), offset, metadata }, is_sound))
            };
            query.query_row((group, topic, number), position).optional()
        };
        match read().map_err(|e| outage(doing(), e))? {
            None => Ok(None),
            Some((position, true)) => Ok(Some(position)),
            // To go on from another place would pass over records, or decide them once more.
            Some((_, false)) => {
                Err(Outage::fatal(doing(), "it is not what was committed: take the folder from a backup"))
            }
        }
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
    let read = || -> rusqlite::Result<Vec<Record>> {
        let mut query = connection.prepare_cached(&format!(
            "SELECT place, appended_at, key, value, headers, {} FROM records
             WHERE place >= ?1 AND place < ?2 ORDER BY place LIMIT ?3",
            shared.digest
        ))?;
        let mut rows = query.query((place(id, from), place(id + 1, 0), shared.limits.fetch_len))?;
        let (mut records, mut bytes) = (Vec::new(), 0);
        while bytes < shared.limits.fetch_bytes
            && let Some(row) = rows.next()?
        {
            let record = record(row, partition)?;
            bytes += record.key.as_ref().map_or(0, Bytes::len) + record.as_logged().map_or(0, Bytes::len);
            records.push(record);
        }
        Ok(records)
    };
    let records = read().map_err(|cause| outage(doing(), cause))?;
    // No transactions, no compaction, no retention: what is missing here is what a repair gave up, or damage.
    let mut next = shared.gaps.past(id, from);
    for record in &records {
        if record.offset != next {
            let why =
                format!("no record lies at {next}: the log is damaged, and `ombud doctor --deep` says where");
            return Err(Outage::fatal(doing(), why));
        }
        next = shared.gaps.past(id, record.offset + 1);
    }
    Ok(Stretch { records, next })
}

/// The record of a row of [`fetch`]; spoilt, where it is not what was written.
fn record(row: &rusqlite::Row<'_>, partition: &TopicPartition) -> rusqlite::Result<Record> {
    let (place, appended_at) = (row.get(0)?, digest::number(row.get_ref(1)?));
    let (key, value) = (digest::bytes(row.get_ref(2)?), digest::bytes(row.get_ref(3)?));
    let blob = digest::bytes(row.get_ref(4)?);
    let is_sound =
        digest::fits(row.get_ref(5)?, || digest::of_record(place, appended_at, [key, value, blob]));
    let headers = headers::decode(blob.map(<[u8]>::to_vec));
    let is_sound = is_sound && headers.is_some();
    let record = Record {
        source: partition.clone(),
        offset: offset_of(place),
        appended_at,
        key: key.map(Bytes::copy_from_slice),
        value: value.map(Bytes::copy_from_slice),
        headers: headers.unwrap_or_default(),
        original: None,
    };
    Ok(if is_sound { record.verified(codec::CORRUPT) } else { record.spoilt(codec::CORRUPT) })
}
