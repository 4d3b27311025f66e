//! What waits to be written: one change of the file, and the callback that gets its outcome.

use std::sync::Arc;

use ombud_store::Row;
use ombud_stream::{Outage, Outgoing, Position};

/// Called with the outcome of one change; must not block.
pub(crate) type Done<T> = Box<dyn FnOnce(Result<T, Outage>) + Send>;

/// Something that waits to become durable.
pub(crate) enum LogChange {
    /// A record, to the partition of that id; done with its offset. Waits where the disk is full, or fails at once.
    Append { partition: usize, record: Outgoing, waits: bool, done: Done<i64> },
    /// A group's positions.
    Commit { group: Arc<str>, positions: Vec<Position>, done: Done<()> },
    /// Rows of cases.
    Cases { rows: Vec<Row>, done: Done<()> },
}

impl LogChange {
    /// Whether it stays until there is room on a full disk.
    pub(crate) fn waits(&self) -> bool {
        matches!(self, Self::Append { waits: true, .. })
    }
}
