//! What makes a verdict one that counts: one set of rules for HTTP, the command line, and team systems that write the topic.

use super::{Feedback, FeedbackKind};
use crate::{
    records::{
        TimestampMs, Vulnerability,
        raw::{EARLIEST_RECEIVED, LATEST_RECEIVED, MAX_ID_BYTES, MAX_TEXT_BYTES, check_id, check_text},
        routed::{NO, YES},
    },
    shown::is_plain,
    task::{PRODUCT, VULNERABLE},
    taxonomy::{Taxonomy, label_named, label_or_name},
};

/// The longest code, pseudonym or role, in bytes.
pub const MAX_CODE_BYTES: usize = 64;

/// The reason code of a verdict whose label no tree has yet, and that means it: learning admits one that comes often enough.
pub const NEW_LABEL: &str = "new-label";

/// How far ahead of ours the clock of whoever decides may be, in milliseconds.
pub const CLOCK_SKEW_MS: i64 = 5 * 60 * 1000;

/// The first rule that a verdict breaks: the field, and what to do. Says which, never what stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{field}: {fix}")]
pub struct InvalidFeedback {
    /// The field that breaks it.
    pub field: &'static str,
    /// A code that stays the same, for answers, rejected rows and metrics.
    pub code: &'static str,
    /// What would be right.
    pub fix: &'static str,
}

const fn wrong(field: &'static str, code: &'static str, fix: &'static str) -> InvalidFeedback {
    InvalidFeedback { field, code, fix }
}

impl Feedback {
    /// Checks every rule. A kind that only a newer reader knows ([`FeedbackKind::Other`]) asks for nothing of its own.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn validate(&self) -> Result<(), InvalidFeedback> {
        check_id(&self.complaint_id).map_err(|_| {
            wrong("complaint_id", "id-malformed", "give the id of the complaint, as the routed record has it")
        })?;
        let malformed = |field| wrong(field, "id-malformed", "give an id of 1 to 128 bytes");
        if check_id(&self.feedback_id).is_err() {
            return Err(malformed("feedback_id"));
        }
        if check_id(&self.route_id).is_err() {
            return Err(malformed("route_id"));
        }
        if self.revision < 0 {
            return Err(wrong("revision", "revision-negative", "copy it from the routed record"));
        }
        if !(EARLIEST_RECEIVED..LATEST_RECEIVED).contains(&self.decided_at) {
            let fix = "give a time between 1990 and 2199 (milliseconds since 1970 are expected)";
            return Err(wrong("decided_at", "decided-at-out-of-range", fix));
        }
        self.codes()?;
        self.names()?;
        match self.kind {
            FeedbackKind::Other => Ok(()),
            FeedbackKind::Confirmed => self.changes_nothing("CONFIRMED says that what was decided is right"),
            FeedbackKind::NotAComplaint => self.changes_nothing("NOT_A_COMPLAINT judges no decision"),
            FeedbackKind::Reallocated => self.reallocates(),
            FeedbackKind::Relabelled => self.relabels(),
            FeedbackKind::Vulnerability => self.corrects_the_flag(),
            FeedbackKind::Retracted => self.takes_back(),
        }
    }

    /// Checks what is taken by HTTP or from a file at `now`: every rule, that it says something, and that the names which it
    /// brings look like what they are. Everything else that it names is the case's, as it lies in its topic.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn admit(&self, now: TimestampMs) -> Result<(), InvalidFeedback> {
        self.validate()?;
        self.has_been_decided(now)?;
        self.is_clear()?;
        for (field, name) in [("label_after", &self.label_after), ("to_team", &self.to_team)] {
            if !name.as_deref().unwrap_or_default().chars().all(is_plain) {
                return Err(wrong(field, "name-malformed", "take out the characters that nobody sees"));
            }
        }
        Ok(())
    }

    /// Checks that it was decided before `now`, but for [`CLOCK_SKEW_MS`].
    ///
    /// # Errors
    /// It was not.
    pub fn has_been_decided(&self, now: TimestampMs) -> Result<(), InvalidFeedback> {
        if self.decided_at > now.saturating_add(CLOCK_SKEW_MS) {
            let fix = "say when it was decided: that time is yet to come (milliseconds since 1970, UTC)";
            return Err(wrong("decided_at", "decided-at-in-the-future", fix));
        }
        Ok(())
    }

    /// That a POSSIBLE is right, or wrong, says neither yes nor no.
    fn is_clear(&self) -> Result<(), InvalidFeedback> {
        let of_possible = self.task.as_deref() == Some(VULNERABLE)
            && self.label_before.as_deref() == Some(Vulnerability::Possible.symbol());
        let says_nothing = match self.kind {
            FeedbackKind::Confirmed => true,
            FeedbackKind::Reallocated => self.label_after.is_none(),
            _ => false,
        };
        if of_possible && says_nothing {
            let fix = "the flag is POSSIBLE: send VULNERABILITY with the label_after VULNERABLE or NOT_INDICATED, \
                        whichever is so";
            return Err(wrong("kind", "possible-unsettled", fix));
        }
        Ok(())
    }

    /// No free text: what people write about a case does not belong on a topic.
    fn codes(&self) -> Result<(), InvalidFeedback> {
        if self.actor.is_empty() {
            let fix = "say who decided, by a pseudonym such as agent-17";
            return Err(wrong("actor", "actor-missing", fix));
        }
        let codes = [
            ("actor", &self.actor),
            ("actor_role", &self.actor_role),
            ("reason_code", &self.reason_code),
            ("source", &self.source),
        ];
        match codes.into_iter().find(|(_, code)| !is_code(code)) {
            Some((field, _)) => Err(wrong(
                field,
                "no-code",
                "write a code: at most 64 letters, digits, dots, dashes and underscores, no text and no address",
            )),
            None => Ok(()),
        }
    }

    fn names(&self) -> Result<(), InvalidFeedback> {
        if self.retracts.is_some() && !matches!(self.kind, FeedbackKind::Retracted | FeedbackKind::Other) {
            return Err(wrong(
                "retracts",
                "retracts-nothing",
                "leave it out: RETRACTED alone takes back a verdict",
            ));
        }
        let names = [
            ("task", &self.task),
            ("prediction_id", &self.prediction_id),
            ("model_id", &self.model_id),
            ("model_version", &self.model_version),
            ("label_before", &self.label_before),
            ("label_after", &self.label_after),
            ("from_team", &self.from_team),
            ("to_team", &self.to_team),
        ];
        for (field, name) in names {
            let Some(name) = name else { continue };
            if name.is_empty() {
                return Err(wrong(field, "name-empty", "leave it out, or say which"));
            }
            if check_text(field, name).is_err() {
                return Err(wrong(
                    field,
                    "name-malformed",
                    "write a name of at most 256 bytes without control characters: it is no place for free text",
                ));
            }
        }
        Ok(())
    }

    fn changes_nothing(&self, fix: &'static str) -> Result<(), InvalidFeedback> {
        if self.label_after.is_some() && self.label_after != self.label_before {
            return Err(wrong("label_after", "changes-something", fix));
        }
        if self.to_team.is_some() {
            return Err(wrong("to_team", "changes-something", fix));
        }
        Ok(())
    }

    fn reallocates(&self) -> Result<(), InvalidFeedback> {
        if self.to_team.is_none() {
            return Err(wrong("to_team", "to-team-missing", "say which team gets the complaint"));
        }
        if self.to_team == self.from_team {
            return Err(wrong("to_team", "to-team-unchanged", "name another team than the one that had it"));
        }
        match &self.label_after {
            Some(label) => self.knows(label),
            None => Ok(()),
        }
    }

    fn relabels(&self) -> Result<(), InvalidFeedback> {
        match self.task.as_deref() {
            None => return Err(wrong("task", "task-missing", "say which task's label was wrong")),
            Some(VULNERABLE) => {
                return Err(wrong(
                    "kind",
                    "kind-wrong",
                    "correct the flag of vulnerability by VULNERABILITY",
                ));
            }
            Some(_) => {}
        }
        let Some(label) = &self.label_after else {
            return Err(wrong("label_after", "label-missing", "say which label is right"));
        };
        if self.leaves_the_label() {
            let fix = "name another label than the decided one, or say CONFIRMED";
            return Err(wrong("label_after", "label-unchanged", fix));
        }
        self.knows(label)
    }

    fn corrects_the_flag(&self) -> Result<(), InvalidFeedback> {
        if self.task.as_deref().is_some_and(|task| task != VULNERABLE) {
            return Err(wrong(
                "task",
                "task-wrong",
                "leave it out: VULNERABILITY is about the task vulnerable",
            ));
        }
        // A person knows: there is no POSSIBLE among the answers.
        let said = self.label_after.as_deref().and_then(|label| label_named(VULNERABLE, label));
        if !matches!(said, Some(YES | NO)) {
            return Err(wrong("label_after", "label-unknown", "say VULNERABLE or NOT_INDICATED"));
        }
        if self.leaves_the_label() {
            let fix =
                "name the other of VULNERABLE and NOT_INDICATED, or say CONFIRMED with the task vulnerable";
            return Err(wrong("label_after", "label-unchanged", fix));
        }
        Ok(())
    }

    fn takes_back(&self) -> Result<(), InvalidFeedback> {
        const FIX: &str = "leave it out: RETRACTED takes a verdict back, and says nothing in its place";
        match &self.retracts {
            None => {
                let fix = "say which verdict is taken back, by its feedback_id: `ombud show` lists them";
                return Err(wrong("retracts", "retracts-missing", fix));
            }
            Some(id) if check_id(id).is_err() => {
                return Err(wrong("retracts", "id-malformed", "give an id of 1 to 128 bytes"));
            }
            Some(id) if *id == self.feedback_id => {
                return Err(wrong("retracts", "retracts-itself", "name another verdict than this one"));
            }
            Some(_) => {}
        }
        self.changes_nothing(FIX)?;
        if self.task.is_some() {
            return Err(wrong("task", "changes-something", FIX));
        }
        Ok(())
    }

    /// Whether the right label is what was decided, by whatever name.
    fn leaves_the_label(&self) -> bool {
        let task = self.task.as_deref().unwrap_or(VULNERABLE);
        let [after, before] = [&self.label_after, &self.label_before]
            .map(|label| label.as_deref().map(|name| label_or_name(task, name)));
        after == before
    }

    /// Whether the task has such a label, in any case or by an older name, on any level of any of its numbered trees:
    /// verdicts outlive trees.
    fn knows(&self, label: &str) -> Result<(), InvalidFeedback> {
        let task = self.task.as_deref().unwrap_or(PRODUCT);
        // A task that a bank added has no tree here.
        let has_trees = Taxonomy::of_task(task).next().is_some();
        if !has_trees || self.reason_code == NEW_LABEL || label_named(task, label).is_some() {
            return Ok(());
        }
        let fix = "name a label of the task, as schemas/taxonomy/ lists them; a new one with the reason_code new-label";
        Err(wrong("label_after", "label-unknown", fix))
    }
}

/// Whether `text` is a code, or nothing.
pub fn is_code(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    text.len() <= MAX_CODE_BYTES && text.chars().all(plain)
}

/// Why a verdict is refused whose team is unknown.
pub const UNKNOWN_TEAM: InvalidFeedback = wrong(
    "to_team",
    "team-unknown",
    "name a team of the strategy in force, or of the one that routed the complaint: `ombud strategy show` lists them",
);

// Ids are bounded as complaints' are, names as texts are.
const _: () = assert!(MAX_CODE_BYTES <= MAX_ID_BYTES && MAX_ID_BYTES <= MAX_TEXT_BYTES);
