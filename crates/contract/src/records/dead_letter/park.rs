//! How a record that nobody can read is parked: the one place where dead letters are made, with its bytes and its place,
//! whatever is wrong with it.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{DeadLetter, DeadReason, HeaderEntry, dead_letter_id};
use crate::{
    codec::{self, CodecError},
    records::TimestampMs,
};

/// Header of a record that was sent again: how often that has happened to it, in decimal.
pub const REDRIVES_HEADER: &str = "ombud-redrives";
/// Header of a record that was sent again: the id of its dead letter, which is sent again only once.
pub const LETTER_HEADER: &str = "ombud-dead-letter-id";

/// An unreadable record as its log holds it.
#[derive(Clone, Copy)]
pub struct UnreadableRecord<'r> {
    /// Its topic, with its prefix.
    pub topic: &'r str,
    /// Its partition.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// When the log appended it.
    pub appended_at: TimestampMs,
    /// Its key.
    pub key: Option<&'r Bytes>,
    /// Its value, as it lies in the log.
    pub value: Option<&'r Bytes>,
    /// Its headers.
    pub headers: &'r [(String, Option<Bytes>)],
}

impl UnreadableRecord<'_> {
    /// The letter by which `worker` parks the record at `now`. `detail` says which rule is broken, nothing of what
    /// stood there.
    ///
    /// # Errors
    /// The letter itself can't be written, which no record brings about.
    pub fn letter(
        &self,
        worker: &str,
        reason: DeadReason,
        detail: &str,
        now: TimestampMs,
    ) -> Result<Bytes, CodecError> {
        let owned = |bytes: &Bytes| bytes.to_vec();
        let value = self.value.map_or(&[][..], |value| value);
        let mut letter = DeadLetter {
            dead_letter_id: dead_letter_id(self.topic, self.partition, self.offset),
            worker: worker.to_owned(),
            reason,
            detail: detail.to_owned(),
            source_topic: self.topic.to_owned(),
            source_partition: self.partition,
            source_offset: self.offset,
            source_timestamp: self.appended_at,
            schema_id: codec::schema_id(value),
            key: self.key.map(owned),
            value: self.value.map(owned),
            value_sha256: hex::encode(Sha256::digest(value)),
            headers: self
                .headers
                .iter()
                .map(|(name, value)| HeaderEntry { name: name.clone(), value: value.as_ref().map(owned) })
                .collect(),
            redrives: self.redrives(),
            failed_at: now,
        };
        match codec::encode(&letter) {
            // Larger than a broker takes for its own topic: the digest and the place have to do.
            Err(CodecError::TooLarge { .. }) => {
                (letter.value, letter.headers) = (None, Vec::new());
                codec::encode(&letter)
            }
            encoded => encoded,
        }
    }

    fn redrives(&self) -> i32 {
        let header = self.headers.iter().rev().find(|(name, _)| name == REDRIVES_HEADER);
        let count = header.and_then(|(_, value)| std::str::from_utf8(value.as_ref()?).ok()?.parse().ok());
        count.unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REDRIVEN: Bytes = Bytes::from_static(b"2");

    fn letter(value: Option<&Bytes>, headers: &[(String, Option<Bytes>)]) -> DeadLetter {
        let unread = UnreadableRecord {
            topic: "raw",
            partition: 3,
            offset: 17,
            appended_at: 5,
            key: None,
            value,
            headers,
        };
        codec::decode(&unread.letter("join", DeadReason::Undecodable, "no end", 9).unwrap()).unwrap()
    }

    #[test]
    fn a_letter_holds_the_bytes_and_the_place() {
        let value = Bytes::from_static(b"\0\0\0\0\x07junk");
        let letter = letter(Some(&value), &[]);
        assert_eq!(letter.dead_letter_id, dead_letter_id("raw", 3, 17));
        assert_eq!((letter.value.as_deref(), letter.schema_id), (Some(&value[..]), Some(7)));
        assert_eq!((letter.source_partition, letter.source_offset, letter.failed_at), (3, 17, 9));
    }

    #[test]
    fn a_record_that_was_sent_again_says_how_often() {
        let count = |headers: &[(String, Option<Bytes>)]| letter(None, headers).redrives;
        assert_eq!(count(&[]), 0);
        assert_eq!(count(&[(REDRIVES_HEADER.into(), Some(REDRIVEN))]), 2);
        assert_eq!(count(&[(REDRIVES_HEADER.into(), Some(Bytes::from_static(b"often")))]), 0);
    }

    #[test]
    fn a_letter_that_is_too_large_keeps_the_digest() {
        let value = Bytes::from(vec![1; 9 << 20]);
        let letter = letter(Some(&value), &[(REDRIVES_HEADER.into(), Some(REDRIVEN))]);
        assert_eq!((letter.value, letter.headers.len(), letter.redrives), (None, 0, 2));
        assert_eq!(letter.value_sha256, hex::encode(Sha256::digest(&value)));
    }
}
