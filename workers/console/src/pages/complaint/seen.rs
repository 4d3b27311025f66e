//! What a reader sees of a complaint.

use crate::{cases::Case, item::Item};

/// A complaint as its reader sees it.
pub(super) struct Seen {
    pub(super) case: Case,
    /// Whose work it is.
    pub(super) team: String,
    /// Others of the same customer.
    pub(super) others: Vec<Item>,
    /// The teams that it can go to.
    pub(super) teams: Vec<String>,
    /// The reader's own lease of it.
    pub(super) lease_id: Option<String>,
    pub(super) now: i64,
}
