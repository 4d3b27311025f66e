//! What makes an event one that counts: one set of rules for HTTP, the command line, and team systems that write the topic.
//!
//! Whether it may follow what was done before is no rule of these: that changes with what else comes, and
//! [`crate::work::Work::fold`] says it of all events together. Nor is the team looked up: what a team did stays done after
//! it got another name.

use super::{AnswerOutcome, WorkEvent, WorkKind};
use crate::{
    records::{
        TimestampMs,
        feedback::{CLOCK_SKEW_MS, is_code},
        raw::{EARLIEST_RECEIVED, LATEST_RECEIVED, check_id, check_text},
    },
    shown::is_plain,
};

/// The first rule that an event breaks: the field, and what to do. Says which, never what stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{field}: {fix}")]
pub struct InvalidWork {
    /// The field that breaks it.
    pub field: &'static str,
    /// A code that stays the same, for answers and metrics.
    pub code: &'static str,
    /// What would be right.
    pub fix: &'static str,
}

const fn wrong(field: &'static str, code: &'static str, fix: &'static str) -> InvalidWork {
    InvalidWork { field, code, fix }
}

impl WorkEvent {
    /// Checks every rule. A kind that only a newer reader knows ([`WorkKind::Other`]) asks for nothing of its own, and may
    /// say anything.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn validate(&self) -> Result<(), InvalidWork> {
        self.ids()?;
        if self.revision < 0 {
            return Err(wrong("revision", "revision-negative", "copy it from the routed record"));
        }
        if !(EARLIEST_RECEIVED..LATEST_RECEIVED).contains(&self.done_at) {
            let fix = "give a time between 1990 and 2199 (milliseconds since 1970 are expected)";
            return Err(wrong("done_at", "done-at-out-of-range", fix));
        }
        self.codes()?;
        self.redress()?;
        if self.kind == WorkKind::Other {
            return Ok(());
        }
        self.answer()?;
        self.targets()
    }

    /// Checks what is taken by HTTP or from the command line at `now`: every rule, that it is of a known kind, and that the
    /// names which it brings look like what they are.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn admit(&self, now: TimestampMs) -> Result<(), InvalidWork> {
        self.validate()?;
        self.has_been_done(now)?;
        if self.kind == WorkKind::Other {
            return Err(wrong("kind", "kind-unknown", "name a kind that docs/product-teams.md lists"));
        }
        if self.outcome == Some(AnswerOutcome::Other) {
            let fix = "say UPHELD, PARTLY_UPHELD or REJECTED";
            return Err(wrong("outcome", "outcome-unknown", fix));
        }
        let names = [
            ("work_id", Some(&self.work_id)),
            ("complaint_id", Some(&self.complaint_id)),
            ("lease_id", self.lease_id.as_ref()),
            ("undoes", self.undoes.as_ref()),
            ("team", self.team.as_ref()),
        ];
        for (field, name) in names {
            if !name.is_none_or(|name| name.chars().all(is_plain)) {
                return Err(wrong(field, "name-malformed", "take out the characters that nobody sees"));
            }
        }
        Ok(())
    }

    /// Checks that it was done before `now`, but for [`CLOCK_SKEW_MS`].
    ///
    /// # Errors
    /// It was not.
    pub fn has_been_done(&self, now: TimestampMs) -> Result<(), InvalidWork> {
        if self.done_at > now.saturating_add(CLOCK_SKEW_MS) {
            let fix = "say when it was done: that time is yet to come (milliseconds since 1970, UTC)";
            return Err(wrong("done_at", "done-at-in-the-future", fix));
        }
        Ok(())
    }

    fn ids(&self) -> Result<(), InvalidWork> {
        check_id(&self.complaint_id).map_err(|_| {
            wrong("complaint_id", "id-malformed", "give the id of the complaint, as the routed record has it")
        })?;
        let ids = [
            ("work_id", Some(&self.work_id)),
            ("lease_id", self.lease_id.as_ref()),
            ("undoes", self.undoes.as_ref()),
        ];
        for (field, id) in ids {
            if id.is_some_and(|id| check_id(id).is_err()) {
                return Err(wrong(field, "id-malformed", "give an id of 1 to 128 bytes"));
            }
        }
        if !self.input_sha256.as_deref().is_none_or(is_sha256) {
            let fix = "copy it from the routed record, or leave it out";
            return Err(wrong("input_sha256", "input-malformed", fix));
        }
        Ok(())
    }

    /// No free text: what people write about a case does not belong on a topic.
    fn codes(&self) -> Result<(), InvalidWork> {
        if self.actor.is_empty() {
            return Err(wrong("actor", "actor-missing", "say who did it, by a pseudonym such as agent-17"));
        }
        let codes = [
            ("actor", Some(&self.actor)),
            ("actor_role", Some(&self.actor_role)),
            ("source", Some(&self.source)),
            ("reason_code", Some(&self.reason_code)),
            ("cause_code", self.cause_code.as_ref()),
            ("vulnerability_code", self.vulnerability_code.as_ref()),
            ("forwarded_to", self.forwarded_to.as_ref()),
        ];
        for (field, code) in codes {
            if !code.is_none_or(|code| is_code(code)) {
                return Err(wrong(
                    field,
                    "no-code",
                    "write a code: at most 64 letters, digits, dots, dashes and underscores, no text and no address",
                ));
            }
        }
        let may_be_left_out = [
            ("cause_code", &self.cause_code),
            ("vulnerability_code", &self.vulnerability_code),
            ("forwarded_to", &self.forwarded_to),
            ("team", &self.team),
        ];
        for (field, name) in may_be_left_out {
            if name.as_deref() == Some("") {
                return Err(wrong(field, "name-empty", "leave it out, or say which"));
            }
        }
        if self.team.as_deref().is_some_and(|team| check_text("team", team).is_err()) {
            return Err(wrong(
                "team",
                "name-malformed",
                "write a name of at most 256 bytes without control characters: it is no place for free text",
            ));
        }
        Ok(())
    }

    fn redress(&self) -> Result<(), InvalidWork> {
        if self.redress_minor.is_some_and(|amount| amount < 0) {
            let fix = "give what was paid to the customer: 0 or more, in minor units such as pence";
            return Err(wrong("redress_minor", "redress-negative", fix));
        }
        if self.redress_minor.is_some() != self.redress_currency.is_some() {
            let field = if self.redress_minor.is_none() { "redress_minor" } else { "redress_currency" };
            return Err(wrong(field, "redress-incomplete", "give amount and currency, or neither"));
        }
        let is_currency = |code: &str| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        if !self.redress_currency.as_deref().is_none_or(is_currency) {
            let fix = "write the three capital letters of ISO 4217, such as GBP";
            return Err(wrong("redress_currency", "currency-malformed", fix));
        }
        Ok(())
    }

    /// An answer says how it ended and why it came to the complaint; nothing else says so.
    fn answer(&self) -> Result<(), InvalidWork> {
        if self.kind.answers() {
            if self.outcome.is_none() {
                let fix = "say how the complaint was answered: UPHELD, PARTLY_UPHELD or REJECTED";
                return Err(wrong("outcome", "outcome-missing", fix));
            }
            if self.cause_code.is_none() {
                let fix = "say what was the cause, by one of your bank's codes";
                return Err(wrong("cause_code", "cause-missing", fix));
            }
            return Ok(());
        }
        let of_answers = [
            ("outcome", self.outcome.is_some()),
            ("cause_code", self.cause_code.is_some()),
            ("redress_minor", self.redress_minor.is_some()),
            ("redress_currency", self.redress_currency.is_some()),
            ("vulnerability_code", self.vulnerability_code.is_some()),
        ];
        match of_answers.into_iter().find(|(_, is_there)| *is_there) {
            Some((field, _)) => Err(wrong(
                field,
                "answers-nothing",
                "leave it out: FINAL_RESPONSE and SUMMARY_RESOLUTION alone answer",
            )),
            None => Ok(()),
        }
    }

    /// What a forwarding, an undoing and a note point at.
    fn targets(&self) -> Result<(), InvalidWork> {
        match (self.kind == WorkKind::Forwarded, &self.forwarded_to) {
            (true, None) => {
                let fix = "say which firm got it, by one of your bank's codes";
                return Err(wrong("forwarded_to", "forwarded-to-missing", fix));
            }
            (false, Some(_)) => {
                let fix = "leave it out: FORWARDED alone gives a complaint to another firm";
                return Err(wrong("forwarded_to", "forwards-nothing", fix));
            }
            _ => {}
        }
        match (self.kind == WorkKind::Undone, &self.undoes) {
            (true, None) => {
                let fix = "say which event is undone, by its work_id: `ombud show` lists them";
                return Err(wrong("undoes", "undoes-missing", fix));
            }
            (true, Some(id)) if *id == self.work_id => {
                return Err(wrong("undoes", "undoes-itself", "name another event than this one"));
            }
            (false, Some(_)) => {
                return Err(wrong("undoes", "undoes-nothing", "leave it out: UNDONE alone undoes"));
            }
            _ => {}
        }
        if self.kind == WorkKind::Noted && self.reason_code.is_empty() {
            let fix = "say what is noted, by one of your bank's codes";
            return Err(wrong("reason_code", "note-missing", fix));
        }
        Ok(())
    }
}

/// Whether it is a SHA-256 as records write it.
fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
