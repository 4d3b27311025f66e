//! The one reader of complaints.raw: a record is a complaint for everybody who reads it, or for nobody.

use super::{
    RawComplaint, ids,
    key::{id_in_key, may_name},
    rules::{Invalid, check_own_id},
};
use crate::{
    codec::{self, CodecError},
    records::dead_letter::{DeadReason, Fault},
};

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

impl From<Unreadable> for Fault {
    fn from(why: Unreadable) -> Self {
        Self { reason: why.dead_reason(), detail: why.to_string() }
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
/// be decoded of the value. `None` where neither says it: its case is then [`crate::ids::unnamed_id`].
pub fn id_of(key: Option<&[u8]>, value: Option<&[u8]>) -> Option<String> {
    if let Some(id) = key.and_then(id_in_key) {
        return Some(id.into_owned());
    }
    let complaint: RawComplaint = codec::decode(value?).ok()?;
    check_own_id(&complaint.complaint_id).is_ok().then_some(complaint.complaint_id)
}

/// The id of the case that a record belongs to, which lies at `offset` of `partition`: the complaint's; of a record that nobody
/// can read what [`id_of`] finds, else that of its place.
pub fn case_id_of(key: Option<&[u8]>, value: Option<&[u8]>, partition: i32, offset: i64) -> String {
    let readable = complaint_of(key, value).ok().map(|complaint| complaint.complaint_id);
    readable.or_else(|| id_of(key, value)).unwrap_or_else(|| ids::unnamed_id(partition, offset))
}

#[cfg(test)]
mod tests {
    use super::{super::rules::EARLIEST_RECEIVED, *};

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
    fn an_id_with_a_format_character_is_read_from_a_topic_and_is_not_admitted() {
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
