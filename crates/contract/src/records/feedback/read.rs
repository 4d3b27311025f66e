//! The one reader of complaints.feedback: a record is a verdict that counts, or a dead letter.

use super::{Feedback, InvalidFeedback};
use crate::{
    codec::{self, CodecError},
    records::{
        TimestampMs,
        dead_letter::{DeadReason, Fault},
    },
};

/// Why a record of complaints.feedback doesn't count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableFeedback {
    /// The bytes are no verdict.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The verdict breaks a rule.
    #[error(transparent)]
    Invalid(#[from] InvalidFeedback),
    /// Under another key it would not lie where the rest of its complaint does.
    #[error("the key is not the complaint id")]
    KeyIsNotTheId,
}

impl UnreadableFeedback {
    /// What a dead letter gives as its reason.
    pub fn dead_reason(&self) -> DeadReason {
        match self {
            Self::Codec(error) => error.dead_reason(),
            Self::Invalid(_) | Self::KeyIsNotTheId => DeadReason::Invalid,
        }
    }
}

impl From<UnreadableFeedback> for Fault {
    fn from(why: UnreadableFeedback) -> Self {
        Self { reason: why.dead_reason(), detail: why.to_string() }
    }
}

/// The verdict in a record of complaints.feedback at `now`: decoded, valid, decided, and under its own key.
///
/// # Errors
/// The first rule that the record breaks; it is then a dead letter.
pub fn feedback_of(
    key: Option<&[u8]>,
    value: &[u8],
    now: TimestampMs,
) -> Result<Feedback, UnreadableFeedback> {
    let feedback: Feedback = codec::decode(value)?;
    feedback.validate()?;
    feedback.has_been_decided(now)?;
    if key != Some(feedback.complaint_id.as_bytes()) {
        return Err(UnreadableFeedback::KeyIsNotTheId);
    }
    Ok(feedback)
}
