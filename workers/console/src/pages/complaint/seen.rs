//! What a reader sees of a complaint.

use super::decided::DecidedTask;
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
    /// What they may have explained; nothing, where they may not.
    pub(super) decided: Vec<DecidedTask>,
    /// Somebody explains here.
    pub(super) explains: bool,
    /// Somebody signs dossiers here.
    pub(super) writes_dossiers: bool,
    pub(super) now: i64,
}
