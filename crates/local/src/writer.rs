//! The one thread that changes the file: takes all that waits, writes it in one transaction, syncs, marks how far the log has
//! come, and only then acknowledges each part of it.

use std::{io, sync::Arc, time::Duration};

use ombud_stream::{Clock, Outage, Outgoing, Position};
use rusqlite::Connection;

use crate::{
    case_rows,
    change::LogChange,
    digest,
    error::{is_full, outage},
    headers,
    heads::{Head, heads, place},
    marks::{Mark, Marks},
    shared::Shared,
};

/// How long to wait before a full disk is tried again.
const FULL_DISK_RETRY_INTERVAL: Duration = Duration::from_millis(250);

/// What the thread owns.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) heads: Vec<Head>,
    /// The number of the last transaction that was tried.
    pub(crate) commit: i64,
    pub(crate) marks: Marks,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) shared: Arc<Shared>,
}

/// Why a transaction was not acknowledged.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error(transparent)]
    Log(#[from] rusqlite::Error),
    /// The transaction is durable, and may be lost again without anybody noticing.
    #[error("write the marks: {0}")]
    Marks(io::Error),
}

impl WriteError {
    fn is_full(&self) -> bool {
        match self {
            Self::Log(cause) => is_full(cause),
            Self::Marks(_) => false,
        }
    }

    fn outage(&self, action: impl Into<String>) -> Outage {
        match self {
            Self::Log(cause) if is_full(cause) => {
                outage(format!("{}: the disk is full", action.into()), cause)
            }
            Self::Log(cause) => outage(action, cause),
            Self::Marks(_) => Outage::passing(action, self.to_string()),
        }
    }
}

impl Writer {
    /// Writes until the queue is closed and drained.
    pub(crate) fn run(mut self) {
        let limits = self.shared.limits;
        loop {
            let changes = self.shared.queue.take(limits.commit_len, limits.commit_bytes);
            if changes.is_empty() {
                return;
            }
            self.keep(changes);
        }
    }

    /// Writes `changes`, and reports to each sender what became of it. A full disk is waited out with those that may wait: their senders
    /// stand still, as they do while brokers are away. The others hear of it at once, and nothing of theirs was acknowledged.
    /// Whoever is not ready is sent nothing, so the disk is asked again though nobody waits.
    fn keep(&mut self, mut changes: Vec<LogChange>) {
        let shared = Arc::clone(&self.shared);
        loop {
            let cause = match self.write(&changes) {
                Ok(offsets) => {
                    shared.disk.found_room();
                    return self.acknowledge(changes, &offsets);
                }
                Err(cause) => cause,
            };
            if cause.is_full() {
                shared.disk.found_full(&shared.path);
            }
            // Once it was full it is asked until it has room, whatever else it says meanwhile.
            if !shared.disk.is_full() || shared.queue.is_closed() {
                return self.fail(changes, &cause);
            }
            let (waiting, failing): (Vec<_>, Vec<_>) =
                changes.into_iter().partition(|change| change.waits() && cause.is_full());
            self.fail(failing, &cause);
            std::thread::park_timeout(FULL_DISK_RETRY_INTERVAL);
            self.fail(shared.queue.take_out(|change| !change.waits()), &cause);
            changes = waiting;
        }
    }

    /// One transaction: the offset of every append, in order, or nothing at all. Without changes it only finds out whether
    /// the file can be written.
    fn write(&mut self, changes: &[LogChange]) -> Result<Vec<i64>, WriteError> {
        let now = self.clock.now_ms();
        // Also after a failure: what failed may have landed all the same.
        self.commit += 1;
        let mut heads = self.heads.clone();
        let mut offsets = Vec::new();
        let transaction = self.connection.transaction()?;
        for change in changes {
            match change {
                LogChange::Append { partition, record, .. } => {
                    offsets.push(heads[*partition].end);
                    append(&transaction, *partition, &mut heads[*partition], record, now)?;
                }
                LogChange::Commit { group, positions, .. } => commit(&transaction, group, positions)?,
                LogChange::Cases { rows, .. } => {
                    case_rows::write_all(&transaction, &self.shared.topics, rows)?
                }
            }
        }
        transaction.prepare_cached("UPDATE commits SET number = ?1")?.execute([self.commit])?;
        transaction.commit()?;
        self.heads = heads;
        let mark = Mark::of(self.commit, &self.shared.topics, &self.heads);
        self.marks.write(&mark).map_err(WriteError::Marks)?;
        Ok(offsets)
    }

    fn acknowledge(&self, changes: Vec<LogChange>, offsets: &[i64]) {
        if !offsets.is_empty() {
            let ends = self.heads.iter().map(|head| head.end);
            self.shared.board.change(|state| state.ends = ends.collect());
        }
        let mut offsets = offsets.iter();
        for change in changes {
            match change {
                LogChange::Append { done, .. } => done(Ok(*offsets.next().unwrap_or(&-1))),
                LogChange::Commit { done, .. } | LogChange::Cases { done, .. } => done(Ok(())),
            }
        }
    }

    fn fail(&mut self, changes: Vec<LogChange>, cause: &WriteError) {
        if changes.is_empty() {
            return;
        }
        if !cause.is_full() {
            tracing::error!(changes = changes.len(), error = %cause, "the log refused a transaction");
        }
        // A commit whose sync failed may have landed all the same: look where the partitions end.
        if let Ok(heads) = heads(&self.connection, &self.shared.gaps, self.heads.len()) {
            self.heads = heads;
        }
        for change in changes {
            match change {
                LogChange::Append { record, done, .. } => {
                    done(Err(cause.outage(format!("append to {}", record.topic))));
                }
                LogChange::Commit { group, done, .. } => {
                    done(Err(cause.outage(format!("commit the positions of {group}"))));
                }
                LogChange::Cases { done, .. } => done(Err(cause.outage("write rows of cases"))),
            }
        }
        // Whoever tries again at once would only heat the disk that is full.
        std::thread::park_timeout(Duration::from_millis(100));
    }
}

fn append(
    connection: &Connection,
    partition: usize,
    head: &mut Head,
    record: &Outgoing,
    now: i64,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO records (place, appended_at, key, value, headers, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    // Clocks are set back; append times never are: `offset_at` searches by halving.
    let appended_at = now.max(head.appended_at);
    let (place, key, value) = (place(partition, head.end), record.key.as_deref(), record.value.as_deref());
    let headers = headers::encode(&record.headers);
    let digest = digest::of_record(place, appended_at, [key, value, headers.as_deref()]);
    insert.execute((place, appended_at, key, value, headers, digest))?;
    *head = Head { end: head.end + 1, appended_at };
    Ok(())
}

fn commit(connection: &Connection, group: &str, positions: &[Position]) -> rusqlite::Result<()> {
    let mut upsert = connection.prepare_cached(
        "INSERT INTO positions (group_name, topic, partition, next_offset, metadata, digest)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET
           next_offset = excluded.next_offset, metadata = excluded.metadata, digest = excluded.digest",
    )?;
    for Position { partition, offset, metadata } in positions {
        let (topic, number) = (&*partition.topic, partition.partition);
        let digest = digest::of_position(group, topic, number, *offset, metadata);
        upsert.execute((group, topic, number, offset, metadata, digest))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
