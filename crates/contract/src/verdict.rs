//! What makes a verdict one that counts: one rule book for HTTP, the command line, and team systems that write the topic.

use crate::{
    codec::{self, CodecError},
    records::{DeadReason, Feedback, FeedbackKind},
    shown::is_plain,
    taxonomy::Taxonomy,
    validate::{EARLIEST_RECEIVED, LATEST_RECEIVED, MAX_ID_BYTES, MAX_TEXT_BYTES, check_id, check_text},
};

/// The longest code, pseudonym or role, in bytes.
pub const MAX_CODE_BYTES: usize = 64;
/// The task whose answer is a [`crate::records::Vulnerability`], which [`FeedbackKind::Vulnerability`] corrects.
pub const VULNERABLE: &str = "vulnerable";

/// The reason code of a verdict whose label no tree has yet, and that means it: learning admits one that comes often enough.
pub const NEW_LABEL: &str = "new-label";
/// Among a route's reasons for a human: the complaint was drawn at random, so what is found out about it is unbiased.
pub const AUDIT_SAMPLE: &str = "audit-sample";

/// The first rule that a verdict breaks: the field, and what to do. Says which, never what stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{field}: {mend}")]
pub struct InvalidFeedback {
    /// The field that breaks it.
    pub field: &'static str,
    /// A code that stays the same, for answers, rejected rows and metrics.
    pub code: &'static str,
    /// What would be right.
    pub mend: &'static str,
}

const fn wrong(field: &'static str, code: &'static str, mend: &'static str) -> InvalidFeedback {
    InvalidFeedback { field, code, mend }
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
            let mend = "give a time between 1990 and 2199 (milliseconds since 1970 are expected)";
            return Err(wrong("decided_at", "decided-at-out-of-range", mend));
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
        }
    }

    /// Checks what is taken by HTTP or from a file: every rule, and that the names which it brings look like what they are.
    /// Everything else that it names is the case's, as it lies in its topic.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn admit(&self) -> Result<(), InvalidFeedback> {
        self.validate()?;
        for (field, name) in [("label_after", &self.label_after), ("to_team", &self.to_team)] {
            if !name.as_deref().unwrap_or_default().chars().all(is_plain) {
                return Err(wrong(field, "name-malformed", "take out the characters that nobody sees"));
            }
        }
        Ok(())
    }

    /// No free text: what people write about a case does not belong on a topic.
    fn codes(&self) -> Result<(), InvalidFeedback> {
        if self.actor.is_empty() {
            let mend = "say who decided, by a pseudonym such as agent-17";
            return Err(wrong("actor", "actor-missing", mend));
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

    fn changes_nothing(&self, mend: &'static str) -> Result<(), InvalidFeedback> {
        if self.label_after.is_some() && self.label_after != self.label_before {
            return Err(wrong("label_after", "changes-something", mend));
        }
        if self.to_team.is_some() {
            return Err(wrong("to_team", "changes-something", mend));
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
        if self.label_after == self.label_before {
            let mend = "name another label than the decided one, or say CONFIRMED";
            return Err(wrong("label_after", "label-unchanged", mend));
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
        if !matches!(self.label_after.as_deref(), Some("VULNERABLE" | "NOT_INDICATED")) {
            return Err(wrong("label_after", "label-unknown", "say VULNERABLE or NOT_INDICATED"));
        }
        if self.label_after == self.label_before {
            let mend = "name the other of VULNERABLE and NOT_INDICATED, or say CONFIRMED";
            return Err(wrong("label_after", "label-unchanged", mend));
        }
        Ok(())
    }

    /// Whether the task has such a label, on any level of any of its numbered trees: verdicts outlive trees.
    fn knows(&self, label: &str) -> Result<(), InvalidFeedback> {
        let task = self.task.as_deref().unwrap_or("product");
        let mut trees = Taxonomy::of_task(task).peekable();
        // A task that a bank added has no tree here.
        if trees.peek().is_none() || self.reason_code == NEW_LABEL || trees.any(|tree| tree.has(label)) {
            return Ok(());
        }
        let mend = "name a label of the task, as schemas/taxonomy/ lists them; a new one with the reason_code new-label";
        Err(wrong("label_after", "label-unknown", mend))
    }
}

/// Whether `text` is a code, or nothing.
pub fn is_code(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    text.len() <= MAX_CODE_BYTES && text.chars().all(plain)
}

/// Why a record of complaints.feedback doesn't count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableFeedback {
    /// The bytes are no verdict.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The verdict breaks a rule.
    #[error(transparent)]
    Invalid(#[from] InvalidFeedback),
    /// Under another key it would not lie where the rest of its complaint does.
    #[error("the key is not the complaint id")]
    KeyIsNotTheId,
}

impl UnreadableFeedback {
    /// What a dead letter gives as its reason.
    pub fn dead_reason(&self) -> DeadReason {
        match self {
            Self::Codec(error) => error.dead_reason(),
            Self::Invalid(_) | Self::KeyIsNotTheId => DeadReason::Invalid,
        }
    }
}

/// The verdict in a record of complaints.feedback: decoded, valid, and under its own key.
///
/// # Errors
/// The first rule that the record breaks; it is then a dead letter.
pub fn feedback_of(key: Option<&[u8]>, value: &[u8]) -> Result<Feedback, UnreadableFeedback> {
    let feedback: Feedback = codec::decode(value)?;
    feedback.validate()?;
    if key != Some(feedback.complaint_id.as_bytes()) {
        return Err(UnreadableFeedback::KeyIsNotTheId);
    }
    Ok(feedback)
}

// Ids are bounded as complaints' are, names as texts are.
const _: () = assert!(MAX_CODE_BYTES <= MAX_ID_BYTES && MAX_ID_BYTES <= MAX_TEXT_BYTES);
