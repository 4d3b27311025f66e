//! The writer: takes changes and positions in one transaction.

use std::collections::BTreeMap;

use ombud_store::{ItemSource, ReadClock, WorkItem, WorklistChange, WorklistPosition};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    columns::Columns,
    names::{NameKind, Names},
    row::{RowError, encode, source_of},
};

/// Writes the file; there is one.
pub(super) struct Writer {
    connection: Connection,
    names: Names,
}

/// A complaint as it lies in the file.
struct Known {
    number: Option<i64>,
    source: ItemSource,
}

impl Writer {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, names: Names::default() }
    }

    /// Forgets numbers of names that a transaction which failed may have given.
    pub(super) fn forget_names(&mut self) {
        self.names = Names::default();
    }

    pub(super) fn apply(
        &mut self,
        changes: &[WorklistChange],
        positions: &[WorklistPosition],
        read_clock: &ReadClock,
    ) -> Result<(), RowError> {
        // A complaint is folded and written once, however many of these are about it.
        let mut by_complaint: BTreeMap<&str, Vec<&WorklistChange>> = BTreeMap::new();
        for change in changes {
            by_complaint.entry(change.complaint_id()).or_default().push(change);
        }
        let transaction = self.connection.transaction()?;
        for (complaint_id, changes) in by_complaint {
            let Known { number, source } = known(&transaction, complaint_id)?;
            let mut changed = source.clone();
            changes.into_iter().for_each(|change| changed.take(change));
            if changed == source {
                continue;
            }
            if changed.is_empty() {
                transaction.prepare_cached("DELETE FROM complaints WHERE number = ?1")?.execute([number])?;
            } else {
                let item = changed.item(complaint_id, read_clock);
                write(&transaction, &mut self.names, number, complaint_id, &changed, item.as_ref())?;
            }
        }
        for position in positions {
            let last = position.last.as_ref();
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO positions (topic, partition, next, last_offset, last_digest)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![
                    position.topic,
                    position.partition,
                    position.next,
                    last.map(|last| last.offset),
                    last.map(|last| last.digest),
                ])?;
        }
        Ok(transaction.commit()?)
    }

    /// Takes closed items from their lists.
    pub(super) fn put_away(&mut self, changed_before: i64, most: usize) -> Result<usize, RowError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut update = self.connection.prepare_cached(
            "UPDATE complaints SET list = NULL WHERE number IN
               (SELECT number FROM complaints INDEXED BY closed_since
                WHERE list = 1 AND changed_at < ?1 ORDER BY changed_at LIMIT ?2)",
        )?;
        Ok(update.execute([changed_before, most])?)
    }
}

fn known(connection: &Connection, complaint_id: &str) -> Result<Known, RowError> {
    let mut statement =
        connection.prepare_cached("SELECT source, digest, number FROM complaints WHERE complaint_id = ?1")?;
    let read = |row: &rusqlite::Row<'_>| Ok((source_of(complaint_id, row), row.get(2)?));
    Ok(match statement.query_row([complaint_id], read).optional()? {
        Some((source, number)) => Known { number: Some(number), source: source? },
        None => Known { number: None, source: ItemSource::default() },
    })
}

fn write(
    connection: &Connection,
    names: &mut Names,
    number: Option<i64>,
    complaint_id: &str,
    source: &ItemSource,
    item: Option<&WorkItem>,
) -> Result<(), RowError> {
    let (bytes, digest) = encode(complaint_id, source)?;
    let columns = item.map(Columns::of);
    let columns = columns.as_ref();
    let team = item.map(|item| names.number(connection, NameKind::Team, &item.team)).transpose()?;
    let product = item.and_then(|item| item.product.as_deref());
    let product = product.map(|product| names.number(connection, NameKind::Product, product)).transpose()?;
    connection
        .prepare_cached(match number {
            Some(_) => {
                "UPDATE complaints SET complaint_id = ?2, source = ?3, digest = ?4, list = ?5, team = ?6, state = ?7,
                   vulnerability = ?8, product = ?9, needs_human = ?10, audit_sample = ?11, turn = ?12, due = ?13,
                   urgency = ?14, received_at = ?15, changed_at = ?16, customer_ref = ?17, external_ref = ?18
                 WHERE number = ?1"
            }
            None => {
                "INSERT INTO complaints (number, complaint_id, source, digest, list, team, state, vulnerability, product,
                   needs_human, audit_sample, turn, due, urgency, received_at, changed_at, customer_ref, external_ref)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
            }
        })?
        .execute(params![
            number,
            complaint_id,
            bytes,
            digest,
            columns.map(|c| c.list),
            team,
            columns.map(|c| c.state),
            columns.map(|c| c.vulnerability),
            product,
            columns.map(|c| c.needs_human),
            columns.map(|c| c.audit_sample),
            columns.map(|c| c.turn),
            columns.map(|c| c.due),
            columns.map(|c| c.urgency),
            columns.map(|c| c.received_at),
            columns.map(|c| c.changed_at),
            item.and_then(|item| item.customer_ref.as_deref()),
            item.and_then(|item| item.external_ref.as_deref()),
        ])?;
    Ok(())
}
