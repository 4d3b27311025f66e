//! Why a joiner ends.

use ombud_contract::codec::CodecError;
use ombud_stream::{Outage, TopicPartition};

use crate::{limits::JoinLimitsError, position::MetaError};

/// Why a joiner ended.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The log does not answer.
    #[error("keep joining")]
    Outage(#[from] Outage),
    /// The limits contradict each other.
    #[error("begin joining")]
    Limits(#[from] JoinLimitsError),
    /// Another program commits in the group.
    #[error("take on {partition}")]
    Commit {
        /// The raw partition.
        partition: TopicPartition,
        /// What is wrong with its commit.
        #[source]
        cause: MetaError,
    },
    /// A newer joiner wrote to the changelog: this one must not continue without what it says.
    #[error("read the changelog {place}@{offset}")]
    Changelog {
        /// The routed partition.
        place: TopicPartition,
        /// Where.
        offset: i64,
        /// Why.
        #[source]
        cause: CodecError,
    },
    /// A record of our own does not fit its schema.
    #[error("write a record of {partition}")]
    Unwritable {
        /// The raw partition that it follows from.
        partition: TopicPartition,
        /// Why.
        #[source]
        cause: CodecError,
    },
}
