//! Sketches in the log's own file.

use std::collections::HashSet;

use jiff::{ToSpan as _, civil::Date};
use ombud_store::{ErasedSketch, Row, SKETCH_DAYS, SketchBlock, SketchRow, day_of};
use rusqlite::Connection;

use crate::gaps::has_table;

/// Their table; a file that only older builds have written to has none.
pub(crate) const TABLE: &str = "sketches_by_day";

/// Writes the sketches among `rows` in blocks, and deletes those that are too old to be compared with them.
pub(crate) fn write(connection: &Connection, rows: &[Row]) -> rusqlite::Result<()> {
    let sketches = rows.iter().filter_map(|row| match row {
        Row::Sketch(sketch) => Some(sketch),
        _ => None,
    });
    SketchBlock::pack(sketches).iter().try_for_each(|block| {
        if let Ok(oldest) = block.day.checked_sub(SKETCH_DAYS.days()) {
            for old in
                ["DELETE FROM sketches_by_day WHERE day < ?1", "DELETE FROM erased_sketches WHERE day < ?1"]
            {
                connection.prepare_cached(old)?.execute([oldest.to_string()])?;
            }
        }
        put(connection, block)
    })
}

fn put(connection: &Connection, block: &SketchBlock) -> rusqlite::Result<()> {
    let insert = "INSERT OR IGNORE INTO sketches_by_day (day, digest, body) VALUES (?1, ?2, ?3)";
    let values = (block.day.to_string(), &block.digest[..], &*block.body);
    connection.prepare_cached(insert)?.execute(values).map(drop)
}

/// Writes the blocks anew that hold a sketch of an erased complaint, and marks it, so that a replay brings none to a reader.
pub(crate) fn erase(connection: &Connection, erased: &ErasedSketch) -> rusqlite::Result<()> {
    let day = day_of(erased.received_at).to_string();
    let mark = "INSERT OR IGNORE INTO erased_sketches (day, complaint_id) VALUES (?1, ?2)";
    connection.prepare_cached(mark)?.execute((&day, &erased.complaint_id))?;
    let mut query = connection.prepare_cached("SELECT digest, body FROM sketches_by_day WHERE day = ?1")?;
    let blocks = query.query_map([&day], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let blocks: Vec<(Vec<u8>, Vec<u8>)> = blocks.collect::<rusqlite::Result<_>>()?;
    for (digest, body) in blocks {
        let Some(mut rows) = SketchBlock::read(&digest, body) else { continue };
        let all = rows.len();
        rows.retain(|row| row.complaint_id != erased.complaint_id);
        if rows.len() < all {
            let delete = "DELETE FROM sketches_by_day WHERE day = ?1 AND digest = ?2";
            connection.prepare_cached(delete)?.execute((&day, digest))?;
            SketchBlock::pack(rows.iter()).iter().try_for_each(|block| put(connection, block))?;
        }
    }
    Ok(())
}

/// Gives every sketch of `day` to `each`, but those of complaints that were erased.
pub(crate) fn read(file: &Connection, day: Date, each: &mut dyn FnMut(SketchRow)) -> rusqlite::Result<()> {
    if !has_table(file, TABLE)? {
        return Ok(());
    }
    let mut query = file.prepare_cached("SELECT complaint_id FROM erased_sketches WHERE day = ?1")?;
    let erased = query.query_map([day.to_string()], |row| row.get(0))?;
    let erased: HashSet<String> = erased.collect::<rusqlite::Result<_>>()?;
    let mut query = file.prepare_cached("SELECT digest, body FROM sketches_by_day WHERE day = ?1")?;
    let mut blocks = query.query([day.to_string()])?;
    while let Some(block) = blocks.next()? {
        let (digest, body): (Vec<u8>, Vec<u8>) = (block.get(0)?, block.get(1)?);
        let rows = SketchBlock::read(&digest, body).into_iter().flatten();
        rows.filter(|row| !erased.contains(&row.complaint_id)).for_each(&mut *each);
    }
    Ok(())
}
