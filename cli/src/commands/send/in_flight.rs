//! Which rows of a file are durable: each up to the first that is still in flight.

use std::collections::BTreeSet;

/// Rows that were read, and those of them that no log has acknowledged yet.
#[derive(Debug, Default)]
pub(crate) struct RowsInFlight {
    sent: BTreeSet<u64>,
    read: u64,
}

impl RowsInFlight {
    /// Everything up to `row` was durable before.
    pub(crate) fn since(row: u64) -> Self {
        Self { sent: BTreeSet::new(), read: row }
    }

    /// `row` was read; what has nothing to be sent is done with that.
    pub(crate) fn read(&mut self, row: u64) {
        self.read = self.read.max(row);
    }

    /// `row` was sent. Before [`Self::read`] goes beyond it.
    pub(crate) fn sent(&mut self, row: u64) {
        self.read(row);
        self.sent.insert(row);
    }

    /// `row` is durable.
    pub(crate) fn acknowledged(&mut self, row: u64) {
        self.sent.remove(&row);
    }

    /// Everything up to this row is done.
    pub(crate) fn done(&self) -> u64 {
        self.sent.first().map_or(self.read, |first| first - 1)
    }

    /// How many are in flight.
    pub(crate) fn count(&self) -> usize {
        self.sent.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_past_a_row_that_is_in_flight() {
        let mut rows = RowsInFlight::since(10);
        assert_eq!(rows.done(), 10);
        rows.sent(11);
        rows.read(12);
        rows.sent(13);
        assert_eq!((rows.done(), rows.count()), (10, 2));
        rows.acknowledged(13);
        assert_eq!(rows.done(), 10);
        rows.acknowledged(11);
        assert_eq!((rows.done(), rows.count()), (13, 0));
    }
}
