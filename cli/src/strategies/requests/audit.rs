//! Who asked, approved, published and closed, as records of console.audit: durable before the answer goes out.

use std::sync::Arc;

use anyhow::{Context, Result};
use ombud_contract::{
    catalogue::Topic,
    records::{AuditEntry, TimestampMs},
};
use ombud_launch::guard::Caller;
use sha2::{Digest, Sha256};

use crate::log::{
    backend::Backend,
    publish::{Publisher, outgoing},
};

/// Appends an entry; it is durable when this returns.
pub(crate) type AppendAudit = Box<dyn FnMut(&AuditEntry) -> Result<()> + Send>;

/// Appends to the audit topic of `backend`, whose topics' names begin with `prefix`.
pub(crate) fn append_to(backend: &Backend, prefix: &str) -> Result<AppendAudit> {
    let topic: Arc<str> = Topic::Audit.name(prefix).into();
    let mut publisher = Publisher::new(backend.sink(1)?);
    Ok(Box::new(move |entry: &AuditEntry| {
        let sent = outgoing(&topic, &entry.subject, entry).and_then(|record| publisher.send(record));
        let durable = sent.and_then(|()| publisher.flush());
        durable.context("record in console.audit who did this, without which it is not done")
    }))
}

/// Who does something, and how they came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Actor {
    pub(super) name: String,
    pub(super) roles: Vec<String>,
    pub(super) source: &'static str,
}

impl Actor {
    /// Whoever asks over HTTP. With the operator's own token, the name counts that the request says.
    pub(super) fn of(caller: &Caller, said: &str) -> Self {
        let name = caller.signature(said).to_owned();
        Self { name, roles: caller.roles_text(), source: caller.source() }
    }

    /// Whoever runs a command on brokers.
    pub(super) fn of_command(name: &str) -> Self {
        Self { name: name.trim().to_owned(), roles: Vec::new(), source: "command" }
    }
}

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
        let once = format!("{} {request_id} {}", self.code(), actor.name);
        AuditEntry {
            audit_id: hex::encode(Sha256::digest(once))[..32].to_owned(),
            at,
            actor: actor.name.clone(),
            roles: actor.roles.clone(),
            source: actor.source.to_owned(),
            action: self.code().to_owned(),
            subject: request_id.to_owned(),
            complaint_id: None,
            record_id,
            reason_code: String::new(),
        }
    }
}
