//! What the archive reads, and the names that it goes by.

use ombud_contract::catalogue::Topic;

/// The archive's consumer group.
pub const GROUP: &str = "ombud.archive";

/// How this worker signs, and what metrics call it.
pub(crate) const WORKER: &str = "archive";

/// What it reads.
pub const TOPICS: [Topic; 7] = [
    Topic::Raw,
    Topic::Predictions,
    Topic::Routed,
    Topic::Feedback,
    Topic::Work,
    Topic::Registry,
    Topic::Strategy,
];
