//! Every bound of the archive, in one place.

use std::time::Duration;

/// Bounds of one archive worker.
///
/// Between two polls of its group lie at most `batch_within`, one more reading and one more write of the store,
/// `park_within` and a commit. Together they have to stay well below the consumer's `max.poll.interval.ms` (5 minutes), or
/// the group gives the partitions to somebody else, who fares no better.
#[derive(Clone, Copy, Debug)]
pub struct ArchiveLimits {
    /// Records in one batch. More is fewer, larger writes, and more of a complaint's rows in one request.
    pub batch_len: usize,
    /// Bytes in one batch; one larger record still passes, alone.
    pub batch_bytes: usize,
    /// How long a batch is worked on before what is kept of it is committed and the group is polled; the rest
    /// follows after that. Only a slow store needs so long.
    pub batch_within: Duration,
    /// How long a poll waits when nothing comes: bounds how late a shutdown is seen.
    pub poll: Duration,
    /// How long a batch waits for more after its first record. Longer: fewer and larger writes and commits, and cases
    /// that are seen later.
    pub linger: Duration,
    /// How long a store that keeps nothing is asked again before the worker gives up; the group is polled all along.
    pub give_up_after: Duration,
    /// The wait before a store is asked again that did not answer; it doubles up to a hundredfold.
    pub retry_after: Duration,
    /// How long dead letters may take to become durable; below the session timeout.
    pub park_within: Duration,
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self {
            batch_len: 8_192,
            batch_bytes: 16 << 20,
            batch_within: Duration::from_secs(20),
            poll: Duration::from_millis(100),
            linger: Duration::from_millis(200),
            give_up_after: Duration::from_secs(60),
            retry_after: Duration::from_millis(50),
            park_within: Duration::from_secs(20),
        }
    }
}

/// A bound in the clock's milliseconds.
pub(crate) fn millis(bound: Duration) -> i64 {
    i64::try_from(bound.as_millis()).unwrap_or(i64::MAX)
}
