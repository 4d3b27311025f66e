//! Who changed what decides, as records of console.audit: durable before the answer goes out.

use std::sync::Arc;

use anyhow::{Context, Result};
use ombud_contract::{
    catalogue::Topic,
    records::{AuditEntry, TimestampMs},
};
use ombud_launch::guard::Caller;
use sha2::{Digest, Sha256};

use super::{
    backend::Backend,
    publish::{Publisher, outgoing},
};

/// Appends an entry; it is durable when this returns.
pub(crate) type AppendAudit = Box<dyn FnMut(&AuditEntry) -> Result<()> + Send>;

/// Appends to the audit topic of `backend`, whose topics' names begin with `prefix`.
pub(crate) fn append_audit_to(backend: &Backend, prefix: &str) -> Result<AppendAudit> {
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
pub(crate) struct Actor {
    pub(crate) name: String,
    roles: Vec<String>,
    source: &'static str,
}

impl Actor {
    /// Whoever asks over HTTP. With the operator's own token, the name counts that the request says.
    pub(crate) fn of(caller: &Caller, said: &str) -> Self {
        let name = caller.signature(said).to_owned();
        Self { name, roles: caller.roles_text(), source: caller.source() }
    }

    /// Whoever runs a command on brokers.
    pub(crate) fn of_command(name: &str) -> Self {
        Self { name: name.trim().to_owned(), roles: Vec::new(), source: "command" }
    }

    /// The entry of what they did: `action`, with `subject`, by which `record_id` was written. What is the same by `once` and
    /// done again by the same person is the same entry.
    pub(crate) fn entry(
        &self,
        action: &str,
        subject: &str,
        record_id: Option<String>,
        at: TimestampMs,
        once: &str,
    ) -> AuditEntry {
        let digest = Sha256::digest(format!("{action} {once} {}", self.name));
        AuditEntry {
            audit_id: hex::encode(digest)[..32].to_owned(),
            at,
            actor: self.name.clone(),
            roles: self.roles.clone(),
            source: self.source.to_owned(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            complaint_id: None,
            record_id,
            reason_code: String::new(),
        }
    }
}
