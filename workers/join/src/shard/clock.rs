//! The shard's clock: the greatest append time of the raw records so far, by which submissions are numbered.

use crate::revision;

/// Advances with the raw records that are read, in this ownership or before; greater where a complaint was forgotten that
/// has a later revision. Never goes back, though the log's clock may.
#[derive(Debug)]
pub(super) struct LogClock {
    partition: i32,
    now: i64,
}

impl LogClock {
    pub(super) fn new(partition: i32, now: i64) -> Self {
        Self { partition, now }
    }

    /// A raw record was appended at `appended_at`. Returns the time by which its submission is numbered.
    pub(super) fn advance(&mut self, appended_at: i64) -> i64 {
        self.now = self.now.max(appended_at);
        self.now
    }

    pub(super) fn now(&self) -> i64 {
        self.now
    }

    /// What is numbered from now on is not below this, and what is forgotten must be.
    pub(super) fn least_revision(&self) -> i64 {
        revision::at(self.now, self.partition)
    }

    /// A complaint is forgotten: its next submission is known to be greater by the clock alone.
    pub(super) fn outlive(&mut self, greatest: i64) {
        if greatest >= self.least_revision() {
            self.now = revision::time(greatest) + 1;
        }
    }
}
