//! Sketches in the log's own file.

use bytes::Bytes;
use jiff::{ToSpan as _, civil::Date};
use ombud_store::{ErasedSketch, SKETCH_DAYS, SketchRow, Sketches, day_of};
use ombud_stream::Outage;
use rusqlite::Connection;

use crate::{cases::LocalCases, error::outage, gaps::has_table};

/// Their table; a file that only older builds have written to has none.
pub(crate) const TABLE: &str = "sketches_by_day";

/// Writes a sketch, unless its complaint was erased, and deletes those that are too old to be compared with it.
pub(crate) fn write(connection: &Connection, row: &SketchRow) -> rusqlite::Result<()> {
    let day = day_of(row.received_at);
    if let Ok(oldest) = day.checked_sub(SKETCH_DAYS.days()) {
        connection
            .prepare_cached("DELETE FROM sketches_by_day WHERE day < ?1")?
            .execute([oldest.to_string()])?;
    }
    let mut insert = connection.prepare_cached(
        "INSERT OR REPLACE INTO sketches_by_day
         (day, complaint_id, submission, id, gone, received_at, sketch, channel, representative)
         SELECT ?1, ?2, ?3, ?4, FALSE, ?5, ?6, ?7, ?8
         WHERE NOT EXISTS (SELECT 1 FROM sketches_by_day WHERE day = ?1 AND complaint_id = ?2 AND gone)",
    )?;
    let values = (
        day.to_string(),
        &row.complaint_id,
        row.submission,
        &row.id,
        row.received_at,
        &*row.sketch,
        &row.channel,
        &row.representative,
    );
    insert.execute(values).map(drop)
}

/// Deletes the sketches of a complaint and leaves a mark, so that a replay brings none back.
pub(crate) fn erase(connection: &Connection, erased: &ErasedSketch) -> rusqlite::Result<()> {
    let key = (day_of(erased.received_at).to_string(), &erased.complaint_id);
    connection
        .prepare_cached("DELETE FROM sketches_by_day WHERE day = ?1 AND complaint_id = ?2")?
        .execute((&key.0, key.1))?;
    let mut mark = connection.prepare_cached(
        "INSERT INTO sketches_by_day (day, complaint_id, submission, id, gone, received_at, sketch, channel)
         VALUES (?1, ?2, 0, '', TRUE, ?3, x'', '')",
    )?;
    mark.execute((&key.0, key.1, erased.received_at)).map(drop)
}

impl Sketches for LocalCases {
    fn sketches(&mut self, day: Date, each: &mut dyn FnMut(SketchRow)) -> Result<(), Outage> {
        let file = self.file();
        let mut read = || -> rusqlite::Result<()> {
            if !has_table(file, TABLE)? {
                return Ok(());
            }
            let mut query = file.prepare_cached(
                "SELECT received_at, complaint_id, submission, id, sketch, channel, representative
                 FROM sketches_by_day WHERE day = ?1 AND NOT gone ORDER BY complaint_id, submission, id",
            )?;
            let mut rows = query.query([day.to_string()])?;
            while let Some(row) = rows.next()? {
                each(SketchRow {
                    received_at: row.get(0)?,
                    complaint_id: row.get(1)?,
                    submission: row.get(2)?,
                    id: row.get(3)?,
                    sketch: Bytes::from(row.get::<_, Vec<u8>>(4)?),
                    channel: row.get(5)?,
                    representative: row.get(6)?,
                });
            }
            Ok(())
        };
        read().map_err(|e| outage(format!("read the sketches of {day}"), e))
    }
}
