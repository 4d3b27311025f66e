//! The topics of a joiner, with their prefix.

use std::sync::Arc;

/// What a joiner reads and writes.
#[derive(Clone, Debug)]
pub struct Topics {
    /// complaints.raw: subscribed to.
    pub raw: Arc<str>,
    /// complaints.predictions: read without a group.
    pub predictions: Arc<str>,
    /// complaints.routed: written, and read as the changelog.
    pub routed: Arc<str>,
    /// complaints.dead-letters: written.
    pub dead_letters: Arc<str>,
}
