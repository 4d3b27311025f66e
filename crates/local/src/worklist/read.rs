//! Items by id and by what people search for, counts, and positions.

use std::collections::BTreeMap;

use ombud_contract::{records::Vulnerability, work::Phase};
use ombud_store::{DueCount, LastRecord, OpenCount, ReadClock, WorkItem, WorklistPosition};
use rusqlite::{Connection, Row};

use super::{
    columns::{COLUMNS, Columns, OPEN, state_of, vulnerability_of},
    row::{RowError, source_of},
};

/// The item of `complaint_id`.
pub(super) fn item(
    connection: &Connection,
    complaint_id: &str,
    read_clock: &ReadClock,
) -> Result<Option<WorkItem>, RowError> {
    let sql = format!("SELECT source, digest, {COLUMNS} FROM complaints WHERE complaint_id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([complaint_id])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let Some(item) = source_of(complaint_id, row)?.item(complaint_id, read_clock) else { return Ok(None) };
    Columns::ensure(&item, row, 2)?;
    Ok(Some(item))
}

/// Up to `most` items that have `text` as their id, their customer or their external reference, the latest received first.
pub(super) fn search(
    connection: &Connection,
    text: &str,
    most: usize,
    read_clock: &ReadClock,
) -> Result<Vec<WorkItem>, RowError> {
    const BY: [&str; 3] =
        ["complaint_id = ?1 AND received_at IS NOT NULL", "customer_ref = ?1", "external_ref = ?1"];
    let state = connection.unchecked_transaction()?;
    let mut found: BTreeMap<String, i64> = BTreeMap::new();
    for by in BY {
        let sql = format!(
            "SELECT complaint_id, received_at FROM complaints WHERE {by} ORDER BY received_at DESC, complaint_id LIMIT ?2"
        );
        let mut statement = state.prepare_cached(&sql)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        for pair in statement.query_map((text, most), |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?)))? {
            let (complaint_id, received_at) = pair?;
            found.insert(complaint_id, received_at);
        }
    }
    let mut found: Vec<(i64, String)> = found.into_iter().map(|(id, at)| (-at, id)).collect();
    found.sort();
    let mut items = Vec::new();
    for (_, complaint_id) in found.into_iter().take(most) {
        items.extend(item(&state, &complaint_id, read_clock)?);
    }
    Ok(items)
}

/// How many items of each team are in each state.
pub(super) fn counts(connection: &Connection) -> Result<Vec<(String, Phase, u64)>, RowError> {
    let mut statement = connection.prepare_cached(
        "SELECT teams.name, counted.state, counted.items FROM
           (SELECT team, state, count(*) AS items FROM complaints INDEXED BY by_due
            WHERE list IS NOT NULL GROUP BY team, state) AS counted
         JOIN teams ON teams.number = counted.team ORDER BY teams.name, counted.state",
    )?;
    let mut rows = statement.query([])?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next()? {
        let items: i64 = row.get(2)?;
        counts.push((row.get(0)?, state_of(row.get(1)?)?, items.unsigned_abs()));
    }
    Ok(counts)
}

/// How many open items of each team are how vulnerable.
pub(super) fn vulnerability_counts(
    connection: &Connection,
) -> Result<Vec<(String, Vulnerability, u64)>, RowError> {
    let mut statement = connection.prepare_cached(
        "SELECT teams.name, counted.vulnerability, counted.items FROM
           (SELECT team, vulnerability, count(*) AS items FROM complaints INDEXED BY by_due
            WHERE list = ?1 GROUP BY team, vulnerability) AS counted
         JOIN teams ON teams.number = counted.team ORDER BY teams.name, counted.vulnerability",
    )?;
    let mut rows = statement.query([OPEN])?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next()? {
        let items: i64 = row.get(2)?;
        counts.push((row.get(0)?, vulnerability_of(row.get(1)?)?, items.unsigned_abs()));
    }
    Ok(counts)
}

/// How much open work each team has that has any. From one index alone: a console asks with every change.
pub(super) fn open_counts(connection: &Connection) -> Result<Vec<OpenCount>, RowError> {
    // The mark is a sum, for which no order matters. Of each time the low half: no number of items overflows.
    let mut statement = connection.prepare_cached(
        "SELECT teams.name, counted.items, counted.mark FROM
           (SELECT team, count(*) AS items, sum((changed_at & 4294967295) * 3 + state) AS mark
            FROM complaints INDEXED BY by_changed WHERE list = ?1 GROUP BY team) AS counted
         JOIN teams ON teams.number = counted.team ORDER BY teams.name",
    )?;
    let mut rows = statement.query([OPEN])?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next()? {
        let items: i64 = row.get(1)?;
        counts.push(OpenCount { team: row.get(0)?, open: items.unsigned_abs(), mark: row.get(2)? });
    }
    Ok(counts)
}

/// How much of each team's open work is due at `now`, and how much more by `soon`.
pub(super) fn due_counts(connection: &Connection, now: i64, soon: i64) -> Result<Vec<DueCount>, RowError> {
    // A team at a time: the index is ordered by due moment within a team, so only what is due is walked, and once.
    let of_team = "SELECT count(*) FROM complaints INDEXED BY by_due WHERE list = ?1 AND team = teams.number";
    let sql = format!(
        "SELECT name, ({of_team} AND due <= ?2), ({of_team} AND due > ?2 AND due <= ?3) FROM teams ORDER BY name"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((OPEN, now, soon.max(now)))?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next()? {
        let (overdue, due_soon): (i64, i64) = (row.get(1)?, row.get(2)?);
        counts.push(DueCount {
            team: row.get(0)?,
            overdue: overdue.unsigned_abs(),
            due_soon: due_soon.unsigned_abs(),
        });
    }
    Ok(counts)
}

/// How far every partition was read.
pub(super) fn positions(connection: &Connection) -> Result<Vec<WorklistPosition>, RowError> {
    let mut statement = connection
        .prepare_cached("SELECT topic, partition, next, last_offset, last_digest FROM positions")?;
    let mut rows = statement.query([])?;
    let mut positions = Vec::new();
    while let Some(row) = rows.next()? {
        let last: Option<(i64, [u8; 32])> = row.get::<_, Option<i64>>(3)?.zip(row.get(4)?);
        positions.push(WorklistPosition {
            topic: row.get(0)?,
            partition: row.get(1)?,
            next: row.get(2)?,
            last: last.map(|(offset, digest)| LastRecord { offset, digest }),
        });
    }
    Ok(positions)
}
