//! The one reader of complaints.work: a record is something that was done, or a dead letter.

use super::{InvalidWork, WorkEvent};
use crate::{
    codec::{self, CodecError},
    records::{
        TimestampMs,
        dead_letter::{DeadReason, Fault},
    },
};

/// Why a record of complaints.work doesn't count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableWork {
    /// The bytes are no event.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The event breaks a rule.
    #[error(transparent)]
    Invalid(#[from] InvalidWork),
    /// Under another key it would not be found with the rest of its complaint.
    #[error("the key is not the complaint id")]
    KeyIsNotTheId,
}

impl UnreadableWork {
    /// What a dead letter gives as its reason.
    pub fn dead_reason(&self) -> DeadReason {
        match self {
            Self::Codec(error) => error.dead_reason(),
            Self::Invalid(_) | Self::KeyIsNotTheId => DeadReason::Invalid,
        }
    }
}

impl From<UnreadableWork> for Fault {
    fn from(why: UnreadableWork) -> Self {
        Self { reason: why.dead_reason(), detail: why.to_string() }
    }
}

/// The event in a record of complaints.work at `now`: decoded, valid, done, and under its own key. In which partition it
/// lies is all the same: a complaint's events may lie in any.
///
/// # Errors
/// The first rule that the record breaks; it is then a dead letter.
pub fn work_of(key: Option<&[u8]>, value: &[u8], now: TimestampMs) -> Result<WorkEvent, UnreadableWork> {
    let event: WorkEvent = codec::decode(value)?;
    event.validate()?;
    event.has_been_done(now)?;
    if key != Some(event.complaint_id.as_bytes()) {
        return Err(UnreadableWork::KeyIsNotTheId);
    }
    Ok(event)
}
