//! The newest route of a complaint, as far as work depends on it.

use crate::records::{RoutedComplaint, Why, WorkEvent};

/// Revisions from here on are `FLOOR + (ms << TIME_SHIFT | route << 6 | partition)`; those before are
/// `raw_offset << OFFSET_SHIFT | route`. docs/adr/0012-revisions.md says why; workers/join/src/revision.rs makes them.
const FLOOR: i64 = 1 << 48;
const TIME_SHIFT: u32 = 11;
const OFFSET_SHIFT: u32 = 10;

/// The newest route of the complaint, as far as work depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewestRoute {
    /// Its revision.
    pub revision: i64,
    /// The first revision of the submission that it is of: an answer to an older submission does not close this one.
    pub submission_from: i64,
    /// The customer took the complaint back.
    pub withdrawn: bool,
    /// The SHA-256 of what it says, where that is known: an answer to the same content holds, whenever it was sent.
    pub content: Option<[u8; 32]>,
}

/// What a complaint said when something was done about it.
#[derive(Clone, Copy)]
pub(super) struct Submission {
    revision: i64,
    content: Option<[u8; 32]>,
}

impl Submission {
    /// That of which `event` is.
    pub(super) fn of(event: &WorkEvent) -> Self {
        Self { revision: event.revision, content: event.input_sha256.as_deref().and_then(digest) }
    }

    /// Whether it came after `other`, and says something else where both are known.
    pub(super) fn is_later_than(self, other: Self) -> bool {
        match (self.content, other.content) {
            (Some(this), Some(that)) => this != that && self.revision > other.revision,
            _ => submission_from(self.revision) > submission_from(other.revision),
        }
    }
}

impl NewestRoute {
    /// Of the newest route itself.
    pub fn of(route: &RoutedComplaint) -> Self {
        Self::new(route.revision, &route.input_sha256, route.why == Why::Withdrawn)
    }

    /// By the revision of the newest route, and by what was judged.
    pub fn new(revision: i64, input_sha256: &str, withdrawn: bool) -> Self {
        let submission_from = submission_from(revision);
        Self { revision, submission_from, withdrawn, content: digest(input_sha256) }
    }

    /// Whether an answer to `done` answers what the complaint says now.
    pub(super) fn is_answered_by(&self, done: Submission) -> bool {
        if done.revision > self.revision {
            // Of a route that has yet to come here.
            return true;
        }
        match (self.content, done.content) {
            (Some(now), Some(then)) => now == then,
            _ => done.revision >= self.submission_from,
        }
    }

    /// Whether `done` is the complaint as it was taken back.
    pub(super) fn is_withdrawn_as(&self, done: Submission) -> bool {
        self.withdrawn && done.revision <= self.revision && self.is_answered_by(done)
    }
}

/// The least revision that a route of the same submission may have. All routes of a submission lie within the millisecond in
/// which the log took it, or at the same raw offset. Where two submissions of a complaint share a millisecond, this is that
/// of the first.
pub fn submission_from(revision: i64) -> i64 {
    let shift = if revision >= FLOOR { TIME_SHIFT } else { OFFSET_SHIFT };
    revision >> shift << shift
}

fn digest(hash: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(hash, &mut digest).ok()?;
    Some(digest)
}
