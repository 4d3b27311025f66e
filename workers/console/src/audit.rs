//! Who did and who looked at what, as records of console.audit: durable before the answer goes out. No record, no narrative.
//!
//! Every route that writes or opens something of a complaint asks [`AuditLog`]; who signs in and who may is recorded by
//! `sign_in/deeds.rs`. Both append by [`hand_over`]. A record has ids and codes, and
//! never what a text says. Two things have none: a complaint that is sent (its record in complaints.raw is what was done, and a
//! machine sends it), and a lease that is renewed (a heartbeat of work whose beginning and end are recorded).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use metrics::counter;
use ombud_contract::{codec, records::AuditEntry};
use ombud_launch::guard::Caller;
use ombud_stream::{Clock, Outgoing};
use tokio::sync::oneshot;

use crate::{
    append::{AppendResult, Appender, Unavailable, WORKER, durable},
    refused::Problem,
};

/// How long an answer waits for its record. The same record sent again is another one, which harms nobody.
pub(crate) const AUDIT_TIMEOUT: Duration = Duration::from_secs(10);

/// What somebody did, as a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
    NarrativeOpened,
    EvidenceOpened,
    WorkRecorded,
    VerdictGiven,
    LeaseTaken,
    LeaseReleased,
    LeaseTakenOver,
    Exported,
    Redriven,
    Explained,
    DossierExported,
}

impl Action {
    pub(crate) const ALL: [Self; 11] = [
        Self::NarrativeOpened,
        Self::EvidenceOpened,
        Self::WorkRecorded,
        Self::VerdictGiven,
        Self::LeaseTaken,
        Self::LeaseReleased,
        Self::LeaseTakenOver,
        Self::Exported,
        Self::Redriven,
        Self::Explained,
        Self::DossierExported,
    ];

    /// As records have it.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::NarrativeOpened => "narrative-opened",
            Self::EvidenceOpened => "evidence-opened",
            Self::WorkRecorded => "work-recorded",
            Self::VerdictGiven => "verdict-given",
            Self::LeaseTaken => "lease-taken",
            Self::LeaseReleased => "lease-released",
            Self::LeaseTakenOver => "lease-taken-over",
            Self::Exported => "exported",
            Self::Redriven => "redriven",
            Self::Explained => "explained",
            Self::DossierExported => "dossier-exported",
        }
    }
}

/// One thing that somebody did with a complaint, or with what a team has.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub(crate) action: Action,
    /// The complaint, the team, or the dead letter.
    pub(crate) subject: String,
    /// The complaint, where it is about one.
    pub(crate) complaint_id: Option<String>,
    /// The record that is written with it: its id.
    pub(crate) record_id: Option<String>,
    /// Why, where a reason was asked.
    pub(crate) reason_code: String,
}

impl Act {
    pub(crate) fn new(action: Action, complaint_id: &str) -> Self {
        Self { complaint_id: Some(complaint_id.to_owned()), ..Self::of_team(action, complaint_id) }
    }

    /// About what a team has.
    pub(crate) fn of_team(action: Action, team: &str) -> Self {
        Self {
            action,
            subject: team.to_owned(),
            complaint_id: None,
            record_id: None,
            reason_code: String::new(),
        }
    }

    /// A dead letter that is sent again: of which complaint it is, nobody could read.
    pub(crate) fn redriven(dead_letter_id: &str) -> Self {
        Self::of_team(Action::Redriven, dead_letter_id)
    }

    /// With the record that is written.
    pub(crate) fn of_record(self, record_id: &str) -> Self {
        Self { record_id: Some(record_id.to_owned()), ..self }
    }

    /// With the reason.
    pub(crate) fn because(self, reason_code: &str) -> Self {
        Self { reason_code: reason_code.to_owned(), ..self }
    }
}

/// Appends to console.audit.
pub(crate) struct AuditLog {
    topic: Arc<str>,
    clock: Arc<dyn Clock>,
}

/// Records that are handed over and may not be durable yet.
#[must_use]
pub(crate) struct Recording(Vec<(Action, oneshot::Receiver<AppendResult>)>);

impl AuditLog {
    pub(crate) fn new(topic: Arc<str>, clock: Arc<dyn Clock>) -> Self {
        Self { topic, clock }
    }

    /// Starts every counter at 0: a counter that first appears with its first count raises no alarm.
    pub(crate) fn count_from_zero() {
        for action in Action::ALL {
            counter!("ombud_audit_total", "action" => action.code()).increment(0);
        }
        counter!("ombud_audit_failed_total").increment(0);
    }

    /// Records `acts` of `caller`; they are durable when this returns.
    pub(crate) async fn record(
        &self,
        appender: &Appender,
        caller: &Caller,
        acts: &[Act],
    ) -> Result<(), Problem> {
        self.begin(appender, caller, acts)?.finish().await
    }

    /// Hands `acts` over, for one who writes something else meanwhile and answers after [`Recording::finish`].
    pub(crate) fn begin(
        &self,
        appender: &Appender,
        caller: &Caller,
        acts: &[Act],
    ) -> Result<Recording, Problem> {
        let mut recording = Vec::with_capacity(acts.len());
        for act in acts {
            let entry = self.entry(caller, act);
            let handed_over = hand_over(appender, &self.topic, &entry).map_err(|why| unrecorded(&why.0))?;
            recording.push((act.action, handed_over));
        }
        Ok(Recording(recording))
    }

    fn entry(&self, caller: &Caller, act: &Act) -> AuditEntry {
        AuditEntry {
            audit_id: hex::encode(rand::random::<[u8; 16]>()),
            at: self.clock.now_ms(),
            actor: caller.signature("").to_owned(),
            roles: caller.roles_text(),
            source: caller.source().to_owned(),
            action: act.action.code().to_owned(),
            subject: act.subject.clone(),
            complaint_id: act.complaint_id.clone(),
            record_id: act.record_id.clone(),
            reason_code: act.reason_code.clone(),
        }
    }
}

impl Recording {
    /// Waits until all of it is durable.
    pub(crate) async fn finish(self) -> Result<(), Problem> {
        for (action, appended) in self.0 {
            match tokio::time::timeout(AUDIT_TIMEOUT, durable(appended)).await {
                Ok(Ok(_)) => counter!("ombud_audit_total", "action" => action.code()).increment(1),
                Ok(Err(why)) => return Err(unrecorded(&why.0)),
                Err(_) => {
                    return Err(unrecorded(&format!(
                        "it was not durable within {} s",
                        AUDIT_TIMEOUT.as_secs()
                    )));
                }
            }
        }
        Ok(())
    }
}

/// Hands `entry` over; what comes back gets where it lies, once it is durable.
pub(crate) fn hand_over(
    appender: &Appender,
    topic: &Arc<str>,
    entry: &AuditEntry,
) -> Result<oneshot::Receiver<AppendResult>, Unavailable> {
    let value = codec::encode(entry).map_err(|error| Unavailable(error.to_string()))?;
    let key = Some(Bytes::copy_from_slice(entry.subject.as_bytes()));
    appender.hand_over(Outgoing::stamped(Arc::clone(topic), None, key, value, WORKER, &[]))
}

fn unrecorded(why: &str) -> Problem {
    counter!("ombud_audit_failed_total").increment(1);
    Problem::later(
        "audit-unavailable",
        format!(
            "the record of who asked for this can't be written, and without it nothing is shown: {why}; send it again in a moment"
        ),
    )
}
