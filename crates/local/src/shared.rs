//! What the threads of one opening of the log share.

use std::path::PathBuf;

use ombud_stream::{Outage, TopicPartition};

use crate::{
    board::Board, change::LogChange, disk::Disk, gaps::Gaps, options::LogLimits, queue::Queue, topics::Topics,
};

/// What the threads of one opening share.
pub(crate) struct Shared {
    pub(crate) path: PathBuf,
    pub(crate) topics: Topics,
    /// They change only while the folder is held by a repair.
    pub(crate) gaps: Gaps,
    pub(crate) limits: LogLimits,
    pub(crate) board: Board,
    pub(crate) queue: Queue<LogChange>,
    /// The writer is in this process, so that the board is true.
    pub(crate) live: bool,
    /// What a query says for a row's digest.
    pub(crate) digest: &'static str,
    /// What a query says for the body of a case's event.
    pub(crate) body: &'static str,
    /// Whether there is room for more.
    pub(crate) disk: Disk,
}

impl Shared {
    /// The id of a partition; asking for one that doesn't exist is a mistake that retrying won't fix.
    pub(crate) fn id(&self, partition: &TopicPartition) -> Result<usize, Outage> {
        let unknown = || Outage::fatal(format!("find {partition}"), "the log has no such partition");
        self.topics.id(partition).ok_or_else(unknown)
    }
}
