//! What sign-in leaves in console.audit: who came in and went, and who may. Durable before the answer goes out.

use std::sync::Arc;

use ombud_contract::records::AuditEntry;
use ombud_stream::{Clock, Outage};

use super::sessions::random_id;
use crate::{
    append::{Appender, durable},
    audit::{AUDIT_TIMEOUT, hand_over},
};

/// One thing that somebody did.
pub(crate) struct Deed<'a> {
    /// A code.
    pub(crate) action: &'static str,
    /// Who.
    pub(crate) actor: &'a str,
    pub(crate) roles: Vec<String>,
    /// How they came in.
    pub(crate) source: &'static str,
    /// A session's digest, or a user's name.
    pub(crate) subject: &'a str,
}

/// Appends to console.audit.
pub(crate) struct DeedRecorder {
    appender: Appender,
    topic: Arc<str>,
    clock: Arc<dyn Clock>,
}

impl DeedRecorder {
    pub(crate) fn new(appender: Appender, topic: Arc<str>, clock: Arc<dyn Clock>) -> Self {
        Self { appender, topic, clock }
    }

    /// Records it; it is durable when this returns.
    pub(crate) async fn record(&self, deed: Deed<'_>) -> Result<(), Outage> {
        let entry = AuditEntry {
            audit_id: random_id(),
            at: self.clock.now_ms(),
            actor: deed.actor.to_owned(),
            roles: deed.roles,
            source: deed.source.to_owned(),
            action: deed.action.to_owned(),
            subject: deed.subject.to_owned(),
            complaint_id: None,
            record_id: None,
            reason_code: String::new(),
        };
        let failed = |why: String| Outage::passing("record it in console.audit", why);
        let appended =
            hand_over(&self.appender, &self.topic, &entry).map_err(|unavailable| failed(unavailable.0))?;
        match tokio::time::timeout(AUDIT_TIMEOUT, durable(appended)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(unavailable)) => Err(failed(unavailable.0)),
            Err(_) => Err(failed("the log has not answered for 10 s".to_owned())),
        }
    }
}
