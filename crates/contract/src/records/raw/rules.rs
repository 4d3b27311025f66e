//! What makes a raw complaint one that can be routed: one set of rules for files, HTTP and workers.

use oxilangtag::LanguageTag;

use super::{RawComplaint, ids};
use crate::{
    records::{TimestampMs, dead_letter::DeadReason},
    shown::is_hidden,
};

/// The longest `complaint_id`, in bytes.
pub const MAX_ID_BYTES: usize = 128;
/// The longest narrative, in bytes. The longest of the CFPB's is about 32 KB; a log takes a megabyte.
pub const MAX_NARRATIVE_BYTES: usize = 256 << 10;
/// The longest value of every other text field, in bytes.
pub const MAX_TEXT_BYTES: usize = 256;
/// The most attributes.
pub const MAX_ATTRIBUTES: usize = 64;
/// The longest name of an attribute, in bytes.
pub const MAX_ATTRIBUTE_NAME_BYTES: usize = 128;
/// The longest value of an attribute, in bytes.
pub const MAX_ATTRIBUTE_BYTES: usize = 1024;
/// The earliest time that can be meant: 1990-01-01.
pub const EARLIEST_RECEIVED: TimestampMs = 631_152_000_000;
/// The first time that can't be meant: 2200-01-01.
pub const LATEST_RECEIVED: TimestampMs = 7_258_118_400_000;
/// How far `notice_at` may lie behind `received_at`, because one of them may be a date without a clock.
pub const NOTICE_TOLERANCE_MS: i64 = 86_400_000;

/// The first rule that a raw complaint breaks. Says which, never what stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Invalid {
    /// The id is empty.
    #[error("the complaint id is empty")]
    IdEmpty,
    /// The id is longer than [`MAX_ID_BYTES`].
    #[error("the complaint id is longer than {MAX_ID_BYTES} bytes")]
    IdTooLong,
    /// The id has a control character.
    #[error("the complaint id contains a control character")]
    IdControlCharacter,
    /// The id has a character that nobody sees, or that changes how others are read: [`is_hidden`]. Checked where a
    /// complaint comes in: [`RawComplaint::admit`].
    #[error("the complaint id contains a format character")]
    IdFormatCharacter,
    /// The id is one that a record gets in which nobody finds an id: [`crate::ids::unnamed_id`].
    #[error("the complaint id is that of a record without one")]
    IdReserved,
    /// The narrative is empty or only white space.
    #[error("the narrative is blank")]
    NarrativeBlank,
    /// The narrative has no letter: emoji, punctuation or digits only.
    #[error("the narrative contains no letter")]
    NarrativeWithoutLetters,
    /// The narrative has a NUL, so it is no text.
    #[error("the narrative contains a NUL character")]
    NarrativeNul,
    /// The narrative is longer than [`MAX_NARRATIVE_BYTES`].
    #[error("the narrative is longer than {MAX_NARRATIVE_BYTES} bytes")]
    NarrativeTooLarge,
    /// The language is no BCP 47 tag. (A tag of a language that no model reads is valid: it goes to a human.)
    #[error("the language is no BCP 47 tag")]
    LanguageMalformed,
    /// `received_at` is before 1990 or after 2199.
    #[error("received_at is not between 1990 and 2199 (milliseconds since 1970 are expected)")]
    ReceivedAtOutOfRange,
    /// `regulator_sent_at` is before 1990 or after 2199.
    #[error("regulator_sent_at is not between 1990 and 2199 (milliseconds since 1970 are expected)")]
    RegulatorSentAtOutOfRange,
    /// `notice_at` is before 1990 or after 2199.
    #[error("notice_at is not between 1990 and 2199 (milliseconds since 1970 are expected)")]
    NoticeAtOutOfRange,
    /// `notice_at` is more than [`NOTICE_TOLERANCE_MS`] after `received_at`: a clock that began there would begin too late.
    #[error("notice_at is more than a day after received_at")]
    NoticeAtAfterReceived,
    /// `submission` is less than 1.
    #[error("submission is less than 1")]
    SubmissionBelowOne,
    /// A text field is longer than [`MAX_TEXT_BYTES`].
    #[error("{0} is longer than {MAX_TEXT_BYTES} bytes")]
    TextTooLong(&'static str),
    /// A text field has a control character.
    #[error("{0} contains a control character")]
    TextControlCharacter(&'static str),
    /// A reference has a format character, as [`Invalid::IdFormatCharacter`].
    #[error("{0} contains a format character")]
    TextFormatCharacter(&'static str),
    /// There are more than [`MAX_ATTRIBUTES`].
    #[error("there are more than {MAX_ATTRIBUTES} attributes")]
    TooManyAttributes,
    /// The name or value of an attribute is too long.
    #[error(
        "an attribute's name is longer than {MAX_ATTRIBUTE_NAME_BYTES} bytes or its value than {MAX_ATTRIBUTE_BYTES}"
    )]
    AttributeTooLong,
}

impl Invalid {
    /// A code that stays the same, for rejected rows, HTTP answers and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::IdEmpty => "id-empty",
            Self::IdTooLong => "id-too-long",
            Self::IdControlCharacter => "id-control-character",
            Self::IdFormatCharacter => "id-format-character",
            Self::IdReserved => "id-reserved",
            Self::NarrativeBlank => "narrative-blank",
            Self::NarrativeWithoutLetters => "narrative-without-letters",
            Self::NarrativeNul => "narrative-nul",
            Self::NarrativeTooLarge => "narrative-too-large",
            Self::LanguageMalformed => "language-malformed",
            Self::ReceivedAtOutOfRange => "received-at-out-of-range",
            Self::RegulatorSentAtOutOfRange => "regulator-sent-at-out-of-range",
            Self::NoticeAtOutOfRange => "notice-at-out-of-range",
            Self::NoticeAtAfterReceived => "notice-at-after-received",
            Self::SubmissionBelowOne => "submission-below-one",
            Self::TextTooLong(_) => "text-too-long",
            Self::TextControlCharacter(_) => "text-control-character",
            Self::TextFormatCharacter(_) => "text-format-character",
            Self::TooManyAttributes => "too-many-attributes",
            Self::AttributeTooLong => "attribute-too-long",
        }
    }

    /// What a dead letter gives as its reason.
    pub const fn dead_reason(self) -> DeadReason {
        match self {
            Self::NarrativeTooLarge => DeadReason::TooLarge,
            _ => DeadReason::Invalid,
        }
    }
}

impl RawComplaint {
    /// Checks every rule; cheap enough for every record on the hot path.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn validate(&self) -> Result<(), Invalid> {
        check_own_id(&self.complaint_id)?;
        check_narrative(&self.narrative)?;
        if LanguageTag::parse(self.language.as_str()).is_err() {
            return Err(Invalid::LanguageMalformed);
        }
        self.check_times()?;
        if self.submission < 1 {
            return Err(Invalid::SubmissionBelowOne);
        }
        check_text("channel", &self.channel)?;
        check_text("language", &self.language)?;
        let optional = [
            ("legal_entity", &self.legal_entity),
            ("customer_ref", &self.customer_ref),
            ("external_ref", &self.external_ref),
            ("known_product", &self.known_product),
        ];
        for (name, value) in optional {
            check_text(name, value.as_deref().unwrap_or_default())?;
        }
        if self.attributes.len() > MAX_ATTRIBUTES {
            return Err(Invalid::TooManyAttributes);
        }
        let too_long = |(name, value): (&String, &String)| {
            name.len() > MAX_ATTRIBUTE_NAME_BYTES || value.len() > MAX_ATTRIBUTE_BYTES
        };
        if self.attributes.iter().any(too_long) {
            return Err(Invalid::AttributeTooLong);
        }
        Ok(())
    }

    /// A regulator may send a complaint on before the bank gets it from the customer, or after: any order is meant. A notice
    /// that comes later than the complaint is part of it, and no beginning of a clock.
    fn check_times(&self) -> Result<(), Invalid> {
        let can_be_meant = |at: &TimestampMs| (EARLIEST_RECEIVED..LATEST_RECEIVED).contains(at);
        if !can_be_meant(&self.received_at) {
            return Err(Invalid::ReceivedAtOutOfRange);
        }
        if !self.regulator_sent_at.iter().all(can_be_meant) {
            return Err(Invalid::RegulatorSentAtOutOfRange);
        }
        if !self.notice_at.iter().all(can_be_meant) {
            return Err(Invalid::NoticeAtOutOfRange);
        }
        if self.notice_at.is_some_and(|notice| notice > self.received_at + NOTICE_TOLERANCE_MS) {
            return Err(Invalid::NoticeAtAfterReceived);
        }
        Ok(())
    }

    /// Checks what is taken by HTTP or from a file: every rule, and that two ids which look alike are alike. What lies in a
    /// topic already is read all the same, and shown escaped ([`crate::shown`]).
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn admit(&self) -> Result<(), Invalid> {
        self.validate()?;
        if self.complaint_id.chars().any(is_hidden) {
            return Err(Invalid::IdFormatCharacter);
        }
        for (name, reference) in [("customer_ref", &self.customer_ref), ("external_ref", &self.external_ref)]
        {
            if reference.as_deref().unwrap_or_default().chars().any(is_hidden) {
                return Err(Invalid::TextFormatCharacter(name));
            }
        }
        Ok(())
    }
}

pub(crate) fn check_id(id: &str) -> Result<(), Invalid> {
    if id.is_empty() {
        return Err(Invalid::IdEmpty);
    }
    if id.len() > MAX_ID_BYTES {
        return Err(Invalid::IdTooLong);
    }
    if id.chars().any(char::is_control) {
        return Err(Invalid::IdControlCharacter);
    }
    Ok(())
}

/// An id that a CRM may give.
pub(crate) fn check_own_id(id: &str) -> Result<(), Invalid> {
    check_id(id)?;
    if ids::is_unnamed(id) {
        return Err(Invalid::IdReserved);
    }
    Ok(())
}

fn check_narrative(narrative: &str) -> Result<(), Invalid> {
    // First: nothing else should have to read megabytes.
    if narrative.len() > MAX_NARRATIVE_BYTES {
        return Err(Invalid::NarrativeTooLarge);
    }
    if narrative.trim().is_empty() {
        return Err(Invalid::NarrativeBlank);
    }
    if narrative.contains('\0') {
        return Err(Invalid::NarrativeNul);
    }
    if !narrative.chars().any(is_letter) {
        return Err(Invalid::NarrativeWithoutLetters);
    }
    Ok(())
}

/// A letter of a script. Unicode also calls some pictures alphabetic: letters in circles and squares, and ℹ.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !matches!(c, '\u{24B6}'..='\u{24E9}' | '\u{1F100}'..='\u{1F1FF}' | '\u{2139}')
}

pub(crate) fn check_text(name: &'static str, text: &str) -> Result<(), Invalid> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Invalid::TextTooLong(name));
    }
    if text.chars().any(char::is_control) {
        return Err(Invalid::TextControlCharacter(name));
    }
    Ok(())
}
