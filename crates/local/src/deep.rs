//! A deep look: every page, every record, every position and every case of the file is read, and held against its digest.

use ombud_stream::TopicPartition;
use rusqlite::{Connection, Row};
use sha2::{Digest, Sha256};

use crate::{
    digest,
    error::{LocalError, sql},
    file::open_to_read,
    headers,
    heads::{offset_of, place},
    local::LocalView,
    marks::{self, Mark, MarksFile},
    shared::Shared,
};

/// How many findings about its pages SQLite reports at most.
const PAGE_FINDINGS: &str = "PRAGMA integrity_check(1000)";
/// What stands before a value: a log's own number of its schema, which `content-sha256` leaves out.
const SCHEMA_PREFIX_BYTES: usize = 5;

impl LocalView {
    /// Reads all that the folder holds of log, positions and cases, as it is now, and reports each damage to `found`, by its place and
    /// without content. Gives the number of records that it looked at.
    ///
    /// # Errors
    /// The file can't be opened or read at all.
    pub fn examine(&self, found: &mut dyn FnMut(String)) -> Result<u64, LocalError> {
        let dir = self.shared.path.parent().unwrap_or(&self.shared.path);
        // First, as the log may grow meanwhile.
        let mark = match marks::read(dir)? {
            MarksFile::Whole(mark) => mark,
            MarksFile::Absent | MarksFile::Damaged => Mark::default(),
        };
        let connection = open_to_read(&self.shared.path)?;
        let moment = connection.unchecked_transaction().map_err(sql("read the log"))?;
        if let Err(error) = pages(&moment, found) {
            found(format!("ombud.db: {error}"));
        }
        let mut examination =
            Examination { connection: &moment, shared: &self.shared, mark, found, records: 0 };
        if let Err(error) = examination.records() {
            (examination.found)(format!("ombud.db, records: {error}"));
        }
        if let Err(error) = examination.positions() {
            (examination.found)(format!("ombud.db, positions: {error}"));
        }
        let records = examination.records;
        let cases = self.cases()?.each_damaged(&mut |event| {
            found(format!("case {}: an event is not what was written", event.complaint_id));
        });
        if let Err(error) = cases {
            found(format!("ombud.db, cases: {error}"));
        }
        Ok(records)
    }
}

fn pages(connection: &Connection, found: &mut dyn FnMut(String)) -> rusqlite::Result<()> {
    let mut query = connection.prepare(PAGE_FINDINGS)?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        if said != "ok" {
            found(format!("ombud.db: {said}"));
        }
    }
    Ok(())
}

struct Examination<'a> {
    connection: &'a Connection,
    shared: &'a Shared,
    mark: Mark,
    found: &'a mut dyn FnMut(String),
    records: u64,
}

impl Examination<'_> {
    fn records(&mut self) -> rusqlite::Result<()> {
        let (shared, connection) = (self.shared, self.connection);
        for (topic, ids) in shared.topics.ids() {
            for (number, id) in (0_i32..).zip(ids) {
                let partition = TopicPartition::new(topic.clone(), number);
                let end = self.mark.ends.get(topic).and_then(|ends| ends.get(number as usize)).copied();
                if let Err(error) = self.partition(&partition, id, end.unwrap_or(0)) {
                    (self.found)(format!("{partition}: {error}"));
                }
            }
        }
        let end = place(shared.topics.partition_count(), 0);
        let strays = "SELECT count(*) FROM records WHERE place < 0 OR place >= ?1";
        let strays: i64 = connection.query_row(strays, [end], |row| row.get(0))?;
        if strays > 0 {
            (self.found)(format!("{strays} records lie in no partition"));
        }
        Ok(())
    }

    /// One partition, which has to go on at least to `end`.
    fn partition(&mut self, partition: &TopicPartition, id: usize, end: i64) -> rusqlite::Result<()> {
        let connection = self.connection;
        let digest = self.shared.digest;
        let mut query = connection.prepare_cached(&format!(
            "SELECT place, appended_at, key, value, headers, {digest} FROM records
             WHERE place >= ?1 AND place < ?2 ORDER BY place",
        ))?;
        let mut rows = query.query((place(id, 0), place(id + 1, 0)))?;
        let mut next = self.shared.gaps.past(id, 0);
        while let Some(row) = rows.next()? {
            let offset = offset_of(row.get(0)?);
            self.missing(partition, next, offset);
            // What cannot be read as what was written is damage as well.
            if !is_intact(row).unwrap_or(false) {
                (self.found)(format!("{partition}@{offset}: the record is not what was written"));
            }
            self.records += 1;
            next = self.shared.gaps.past(id, offset + 1);
        }
        self.missing(partition, next, end);
        Ok(())
    }

    fn missing(&mut self, partition: &TopicPartition, from: i64, to: i64) {
        if from < to {
            (self.found)(format!("{partition} offsets {from} to {}: missing", to - 1));
        }
    }

    fn positions(&mut self) -> rusqlite::Result<()> {
        let connection = self.connection;
        let digest = self.shared.digest;
        let mut query = connection.prepare(&format!(
            "SELECT group_name, topic, partition, next_offset, metadata, {digest} FROM positions",
        ))?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (group, topic, partition): (String, String, i32) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let metadata: String = row.get(4)?;
            let made = digest::of_position(&group, &topic, partition, row.get(3)?, &metadata);
            if !is_same(row, made)?.unwrap_or(true) {
                (self.found)(format!(
                    "the position of {group} in {topic}[{partition}] is not what was written"
                ));
            }
        }
        Ok(())
    }
}

/// Whether the row's digest is the one that is `made` of it; `None` where it has none.
fn is_same(row: &Row<'_>, made: digest::RowDigest) -> rusqlite::Result<Option<bool>> {
    let kept: Option<Vec<u8>> = row.get(5)?;
    Ok(kept.map(|kept| kept == made))
}

/// By the row's digest, or, in one of an older build, by the digest that the record's worker put into its headers.
fn is_intact(row: &Row<'_>) -> rusqlite::Result<bool> {
    let blob = |column| row.get::<_, Option<Vec<u8>>>(column);
    let (key, value, headers) = (blob(2)?, blob(3)?, blob(4)?);
    let parts = [key.as_deref(), value.as_deref(), headers.as_deref()];
    let made = digest::of_record(row.get(0)?, row.get(1)?, parts);
    if let Some(same) = is_same(row, made)? {
        return Ok(same);
    }
    let Some(named) = headers::decode(headers) else { return Ok(false) };
    let said = named.iter().find(|(name, _)| name == "content-sha256").and_then(|(_, value)| value.as_ref());
    let value = value.unwrap_or_default();
    let content = value.get(SCHEMA_PREFIX_BYTES..).unwrap_or(&value);
    Ok(said.is_none_or(|said| *said == hex::encode(Sha256::digest(content))))
}
