//! What makes a raw complaint one that can be routed: one rule book for files, HTTP and workers.

use oxilangtag::LanguageTag;

use crate::{
    codec::{self, CodecError},
    ids,
    key::{id_in_key, may_name},
    records::{DeadReason, RawComplaint, TimestampMs},
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
    /// The id has a character that nobody sees, or that changes how others are read: [`is_hidden`]. Asked of what is
    /// taken anew: [`RawComplaint::admit`].
    #[error("the complaint id contains a format character")]
    IdFormatCharacter,
    /// The id is one that a record gets in which nobody finds an id: [`ids::unnamed_id`].
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
        if !(EARLIEST_RECEIVED..LATEST_RECEIVED).contains(&self.received_at) {
            return Err(Invalid::ReceivedAtOutOfRange);
        }
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

/// Why nobody can read a record of complaints.raw. Says which rule is broken, never what stood there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A tombstone, where every record is a complaint.
    #[error("the record has no value")]
    NoValue,
    /// The bytes are no complaint.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The complaint breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The key names another complaint than the value: nobody can tell whose it is.
    #[error("the key is not the complaint id")]
    KeyIsNotTheId,
}

impl Unreadable {
    /// A code that stays the same, as [`Invalid::code`].
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoValue => "no-value",
            Self::Codec(CodecError::Undecodable { .. } | CodecError::Unencodable { .. }) => "undecodable",
            Self::Codec(CodecError::UnknownSchema { .. }) => "unknown-schema",
            Self::Codec(CodecError::Foreign { .. }) => "foreign-schema",
            Self::Codec(CodecError::TooLarge { .. }) => "too-large",
            Self::Codec(CodecError::Corrupt { .. }) => "corrupt",
            Self::Invalid(invalid) => invalid.code(),
            Self::KeyIsNotTheId => "key-is-not-the-id",
        }
    }

    /// What a dead letter gives as its reason.
    pub fn dead_reason(&self) -> DeadReason {
        match self {
            Self::NoValue | Self::KeyIsNotTheId => DeadReason::Invalid,
            Self::Codec(error) => error.dead_reason(),
            Self::Invalid(invalid) => invalid.dead_reason(),
        }
    }
}

/// The complaint in a record of complaints.raw: decoded, valid, and under no other complaint's key. Whoever reads the topic
/// asks here, so that a record is a complaint for all of them or for none.
///
/// # Errors
/// The first rule that the record breaks; it is then a dead letter.
pub fn complaint_of(key: Option<&[u8]>, value: Option<&[u8]>) -> Result<RawComplaint, Unreadable> {
    let complaint: RawComplaint = codec::decode(value.ok_or(Unreadable::NoValue)?)?;
    complaint.validate()?;
    if !may_name(key, &complaint.complaint_id) {
        return Err(Unreadable::KeyIsNotTheId);
    }
    Ok(complaint)
}

/// The complaint that a record belongs to whose value nobody can use: the one that its key names, else the one in what can
/// be decoded of the value. `None` where neither says it: its case is then [`ids::unnamed_id`].
pub fn id_of(key: Option<&[u8]>, value: Option<&[u8]>) -> Option<String> {
    if let Some(id) = key.and_then(id_in_key) {
        return Some(id.into_owned());
    }
    let complaint: RawComplaint = codec::decode(value?).ok()?;
    check_own_id(&complaint.complaint_id).is_ok().then_some(complaint.complaint_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_record_is_read_or_says_which_rule_it_breaks() {
        let complaint = RawComplaint::new("c-1", "They charged me twice.", EARLIEST_RECEIVED);
        let value = codec::encode(&complaint).unwrap();
        assert_eq!(complaint_of(Some(b"c-1"), Some(&value)), Ok(complaint.clone()));
        let code = |key: Option<&[u8]>, value: Option<&[u8]>| complaint_of(key, value).unwrap_err().code();
        assert_eq!(code(Some(b"c-1"), None), "no-value");
        assert_eq!(code(Some(b"c-2"), Some(&value)), "key-is-not-the-id");
        assert_eq!(code(Some(b"c-1"), Some(b"{}")), "undecodable");
        assert_eq!(code(Some(b"c-1"), Some(b"\0\0\0\x01\0junk")), "unknown-schema");
        assert_eq!(code(Some(b"c-1"), Some(&vec![0; 2 << 20])), "too-large");
        assert_eq!(code(Some(b"c-1"), Some(codec::CORRUPT)), "corrupt");
        let blank = codec::encode(&RawComplaint { narrative: " ".into(), ..complaint }).unwrap();
        assert_eq!(code(Some(b"c-1"), Some(&blank)), "narrative-blank");
    }

    #[test]
    fn an_id_with_a_format_character_is_read_from_a_topic_and_not_taken_anew() {
        let id = "c-\u{202e}1";
        let complaint = RawComplaint::new(id, "They charged me twice.", EARLIEST_RECEIVED);
        let value = codec::encode(&complaint).unwrap();
        assert_eq!(complaint_of(Some(id.as_bytes()), Some(&value)), Ok(complaint.clone()));
        assert_eq!(complaint.admit(), Err(Invalid::IdFormatCharacter));
        let honest = RawComplaint { complaint_id: "Ü1-東".into(), ..complaint };
        assert_eq!(honest.admit(), Ok(()));
        let hidden = RawComplaint { external_ref: Some("crm\u{200b}-7".into()), ..honest };
        assert_eq!(hidden.admit(), Err(Invalid::TextFormatCharacter("external_ref")));
    }

    #[test]
    fn without_a_key_that_names_another_the_id_in_the_value_counts() {
        let complaint = RawComplaint::new("c-1", "They charged me twice.", EARLIEST_RECEIVED);
        let value = codec::encode(&complaint).unwrap();
        let keys: [Option<&[u8]>; 5] =
            [None, Some(b""), Some(b"\"c-1\""), Some(b"\0\0\0\0\x05\x06c-1"), Some(b"\xff\0")];
        for key in keys {
            assert_eq!(complaint_of(key, Some(&value)), Ok(complaint.clone()), "{key:?}");
        }
        let others: [&[u8]; 3] = [b"c-2", b"\"c-2\"", b"\0\0\0\0\x05\x06c-2"];
        for key in others {
            assert_eq!(complaint_of(Some(key), Some(&value)), Err(Unreadable::KeyIsNotTheId), "{key:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_belongs_to_its_key_else_to_the_id_in_it_else_to_nobody() {
        let complaint = RawComplaint::new("c-1", " ", EARLIEST_RECEIVED);
        let blank = codec::encode(&complaint).unwrap();
        assert_eq!(id_of(Some(b"c-2"), Some(&blank)).as_deref(), Some("c-2"));
        assert_eq!(id_of(Some(b"\0\0\0\0\x05\x06c-2"), Some(b"junk")).as_deref(), Some("c-2"));
        assert_eq!(id_of(None, Some(&blank)).as_deref(), Some("c-1"));
        assert_eq!(id_of(None, Some(b"junk")), None);
        assert_eq!(id_of(Some(b"c-2"), Some(codec::CORRUPT)).as_deref(), Some("c-2"));
        assert_eq!(id_of(None, Some(codec::CORRUPT)), None);
        assert_eq!(id_of(Some(b""), None), None);
    }

    #[test]
    fn no_complaint_takes_the_id_of_a_record_without_one() {
        let named = |id: &str| RawComplaint::new(id, "They charged me twice.", EARLIEST_RECEIVED).validate();
        assert_eq!(named(&ids::unnamed_id(3, 17)), Err(Invalid::IdReserved));
        for id in ["unreadable", "unreadable-", "unreadable-3", "unreadable-3-", "unreadable-x-17", "3-17"] {
            assert_eq!(named(id), Ok(()), "{id}");
        }
    }
}
