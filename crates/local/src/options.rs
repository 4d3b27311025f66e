//! How an embedded log is opened: its topics, its clock, and what bounds it.

use std::sync::Arc;

use ombud_contract::catalogue::Topic;
use ombud_stream::{Clock, SystemClock};

/// How to open a log.
#[derive(Clone)]
pub struct Options {
    /// Topics and their partition counts, which are fixed for life. Created where the file lacks them.
    pub topics: Vec<(String, i32)>,
    /// Says when a record is appended.
    pub clock: Arc<dyn Clock>,
    /// What bounds memory.
    pub limits: LogLimits,
}

impl Options {
    /// These topics, the machine's clock and the default limits.
    pub fn new(topics: impl IntoIterator<Item = (String, i32)>) -> Self {
        Self {
            topics: topics.into_iter().collect(),
            clock: Arc::new(SystemClock),
            limits: LogLimits::default(),
        }
    }

    /// The topics of the catalogue under `prefix`: `partitions` each, one for those that need an order over all.
    pub fn catalogue(prefix: &str, partitions: i32) -> Self {
        let count = |topic: Topic| if topic.settings().embedded_partitions == 1 { 1 } else { partitions };
        Self::new(Topic::ALL.map(|topic| (topic.name(prefix), count(topic))))
    }
}

impl Default for Options {
    /// The topics of the catalogue with four partitions each, without a prefix.
    fn default() -> Self {
        Self::catalogue("", 4)
    }
}

/// What bounds memory and waiting. The defaults suit complaints of a few KiB.
#[derive(Clone, Copy, Debug)]
pub struct LogLimits {
    /// Changes that may wait for the writer; more make senders wait.
    pub queue_len: usize,
    /// Bytes that may wait for the writer; one larger record still passes, alone.
    pub queue_bytes: usize,
    /// Changes in one transaction. Greater is more throughput and, under load, more latency.
    pub commit_len: usize,
    /// Bytes in one transaction.
    pub commit_bytes: usize,
    /// Records that are read ahead for each partition.
    pub fetch_len: u32,
    /// Bytes that are read ahead for each partition; one larger record still passes, alone.
    pub fetch_bytes: usize,
    /// The largest record that is taken, in bytes of key, value and headers.
    pub record_bytes: usize,
}

impl Default for LogLimits {
    fn default() -> Self {
        Self {
            queue_len: 8_192,
            queue_bytes: 64 << 20,
            commit_len: 2_048,
            commit_bytes: 8 << 20,
            fetch_len: 256,
            fetch_bytes: 1 << 20,
            record_bytes: 32 << 20,
        }
    }
}
