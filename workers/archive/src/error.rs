//! Why an archive worker ends.

use ombud_contract::codec::CodecError;
use ombud_stream::{Outage, TopicPartition};

/// Why an archive worker ended.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The log or the store does not answer.
    #[error("keep archiving")]
    Outage(#[from] Outage),
    /// A dead letter can't be put into its schema.
    #[error("park {source_topic}@{offset}")]
    Letter {
        /// Where the unreadable record lies.
        source_topic: TopicPartition,
        /// Its offset.
        offset: i64,
        /// What is wrong with the letter.
        #[source]
        cause: CodecError,
    },
}
