//! What was done with a request, as an entry of console.audit.

use ombud_contract::records::{AuditEntry, TimestampMs};

use crate::log::audit::Actor;

/// What was done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestAct {
    Requested,
    Approved,
    /// With the version that it became.
    Published(i64),
    Closed,
}

impl RequestAct {
    fn code(self) -> &'static str {
        match self {
            Self::Requested => "change-requested",
            Self::Approved => "change-approved",
            Self::Published(_) => "change-published",
            Self::Closed => "change-closed",
        }
    }

    /// The entry. Done again by the same person, it is the same entry.
    pub(super) fn entry(self, request_id: &str, actor: &Actor, at: TimestampMs) -> AuditEntry {
        let record_id = match self {
            Self::Published(version) => Some(version.to_string()),
            _ => None,
        };
        actor.entry(self.code(), request_id, record_id, at, request_id)
    }
}
