//! Where the body of a case's event lies: with the record that it came from, where that is of this log, and else in its row.
//! The log keeps its records, so a narrative is written once.

use ombud_store::CaseEvent;
use ombud_stream::TopicPartition;
use rusqlite::{Connection, OptionalExtension as _};

use crate::{
    digest::has_column,
    error::{LocalError, sql},
    heads::place,
    topics::Topics,
};

/// The column that says where it lies; null where it is in the row.
const COLUMN: &str = "record_place";

/// What a query of events says for a body: in a file that no build has written to since bodies lie with records, the column is
/// missing.
pub(crate) fn column(connection: &Connection) -> Result<&'static str, LocalError> {
    Ok(match has_column(connection, "case_events", COLUMN)? {
        true => "coalesce((SELECT value FROM records WHERE place = record_place), body)",
        false => "body",
    })
}

/// Gives the table of an older build the column.
pub(crate) fn add_column(connection: &Connection) -> Result<(), LocalError> {
    if !has_column(connection, "case_events", COLUMN)? {
        let add = format!("ALTER TABLE case_events ADD COLUMN {COLUMN} INTEGER");
        connection.execute_batch(&add).map_err(sql("say where bodies of events lie"))?;
    }
    Ok(())
}

/// Where a record lies that has the body of `event`; `None` where none has.
pub(crate) fn record_of(
    connection: &Connection,
    topics: &Topics,
    event: &CaseEvent,
) -> rusqlite::Result<Option<i64>> {
    let Some(place) = place_of(topics, &event.origin) else { return Ok(None) };
    let mut query = connection.prepare_cached("SELECT value = ?2 FROM records WHERE place = ?1")?;
    let is_same: Option<Option<bool>> =
        query.query_row((place, &*event.body), |row| row.get(0)).optional()?;
    Ok((is_same.flatten() == Some(true)).then_some(place))
}

/// Where the record of `topic/partition/offset` would lie; `None` for a partition that this log does not have.
fn place_of(topics: &Topics, origin: &str) -> Option<i64> {
    let (partition, offset) = origin.rsplit_once('/')?;
    let (topic, number) = partition.rsplit_once('/')?;
    let id = topics.id(&TopicPartition::new(topic, number.parse().ok()?))?;
    Some(place(id, offset.parse().ok().filter(|offset| *offset >= 0)?))
}
