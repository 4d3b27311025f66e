//! console.audit: who did and who looked at what.

use serde::{Deserialize, Serialize};

use super::TimestampMs;
use crate::{catalogue::Topic, codec::Record};

/// One thing that somebody did or looked at. Key: `subject`. Never what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Unique id of the entry.
    pub audit_id: String,
    /// When, by the console's clock.
    pub at: TimestampMs,
    /// Pseudonym of who it was; of a system, its token's name.
    pub actor: String,
    /// Their roles at the time, sorted; of a system, its scopes.
    #[serde(default)]
    pub roles: Vec<String>,
    /// How they came in: `session`, `token`, `command`.
    #[serde(default)]
    pub source: String,
    /// A code such as `narrative-opened`.
    pub action: String,
    /// What it is about: a complaint's id, a request's, a strategy's version, a session's digest.
    pub subject: String,
    /// The complaint, where it is about one.
    pub complaint_id: Option<String>,
    /// The record that was written, by its own id.
    pub record_id: Option<String>,
    /// Why, as a code, where a reason was asked.
    #[serde(default)]
    pub reason_code: String,
}

impl Record for AuditEntry {
    const TOPIC: Topic = Topic::Audit;
}
