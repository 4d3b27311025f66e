//! A stretch of a partition that holds no record any more.

use std::fmt;

use ombud_stream::TopicPartition;

/// A stretch of a partition that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The partition.
    pub partition: TopicPartition,
    /// The first offset that is missing.
    pub from: i64,
    /// The offset after the last one that is missing.
    pub to: i64,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, from, to } = self;
        write!(f, "{partition} offsets {from} to {}", to - 1)
    }
}

/// A gap that a repair accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedGap {
    /// Which offsets.
    pub gap: Gap,
    /// When, in ms.
    pub accepted_at: i64,
}
