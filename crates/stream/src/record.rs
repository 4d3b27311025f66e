//! One record as a log holds it, where it came from, and the receipt that has to be settled for it.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use sha2::{Digest, Sha256};

/// One partition of one topic.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicPartition {
    /// Topic, with its prefix.
    pub topic: Arc<str>,
    /// Partition number from 0.
    pub partition: i32,
}

impl TopicPartition {
    /// Partition `partition` of `topic`.
    pub fn new(topic: impl Into<Arc<str>>, partition: i32) -> Self {
        Self { topic: topic.into(), partition }
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.topic, self.partition)
    }
}

impl fmt::Debug for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Name and value of a header.
pub type Header = (String, Option<Bytes>);

/// One record as read from a log.
#[derive(Clone, PartialEq)]
pub struct Record {
    /// Where it lies.
    pub source: TopicPartition,
    /// Its offset there.
    pub offset: i64,
    /// When the log appended it, in milliseconds since the Unix epoch.
    pub appended_at: i64,
    /// Its key.
    pub key: Option<Bytes>,
    /// Its value; `None` is a tombstone.
    pub value: Option<Bytes>,
    /// Its headers, in order.
    pub headers: Vec<Header>,
    /// The value's bytes as they lie in the log, where those of `value` are others: the log numbers schemas differently, or
    /// they are not what was written.
    pub original: Option<Bytes>,
}

impl Record {
    /// The value's bytes as they lie in the log.
    pub fn as_logged(&self) -> Option<&Bytes> {
        self.original.as_ref().or(self.value.as_ref())
    }

    /// The record as a log hands it out: every log asks this of all that it reads. One whose value is not what its
    /// `content-sha256` says is [`Record::spoilt`]; without that header somebody else wrote it, and it is taken as it is.
    #[must_use]
    pub fn verified(self, mark: &'static [u8]) -> Self {
        let stated = self.headers.iter().find(|(name, _)| name == CONTENT_SHA256);
        let Some(stated) = stated.and_then(|(_, digest)| digest.as_deref()) else { return self };
        let value = self.as_logged().map_or(&[][..], |value| value);
        match stated.eq_ignore_ascii_case(content_sha256(value).as_bytes()) {
            true => self,
            false => self.spoilt(mark),
        }
    }

    /// The record with `mark` as its value, which nobody decodes. What lies in the log is kept for its dead letter.
    #[must_use]
    pub fn spoilt(self, mark: &'static [u8]) -> Self {
        let original = self.as_logged().cloned().unwrap_or_default();
        Self { value: Some(Bytes::from_static(mark)), original: Some(original), ..self }
    }
}

/// The header with the digest of a value, in hexadecimal.
const CONTENT_SHA256: &str = "content-sha256";

/// The digest, in hexadecimal, of what follows the schema id of a value, which each log numbers in its own way.
pub fn content_sha256(value: &[u8]) -> String {
    hex::encode(Sha256::digest(value.get(SCHEMA_PREFIX_BYTES..).unwrap_or(value)))
}

impl fmt::Debug for Record {
    // Keys and values may be personal: only positions and sizes are shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{} ({} bytes)", self.source, self.offset, self.value.as_ref().map_or(0, Bytes::len))
    }
}

/// One record to append.
#[derive(Clone, PartialEq)]
pub struct Outgoing {
    /// Topic, with its prefix.
    pub topic: Arc<str>,
    /// The partition, where it is inherited; `None` lets murmur2 of the key choose.
    pub partition: Option<i32>,
    /// Its key.
    pub key: Option<Bytes>,
    /// Its value; `None` is a tombstone.
    pub value: Option<Bytes>,
    /// Its headers, in order.
    pub headers: Vec<Header>,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}[{:?}] ({} bytes)",
            self.topic,
            self.partition,
            self.value.as_ref().map_or(0, Bytes::len)
        )
    }
}

/// A magic byte and a schema id stand in front of every value.
const SCHEMA_PREFIX_BYTES: usize = 5;
/// Headers that follow a complaint from record to record.
const CARRIED: [&str; 2] = ["traceparent", "tracestate"];
/// The longest value of a header that follows: what the W3C asks everybody to carry. A longer one is left behind, since a
/// record that grows from hop to hop is refused by a broker in the end.
pub const CARRIED_BYTES: usize = 512;

/// The headers of `headers` that follow: the first of each name, within [`CARRIED_BYTES`].
fn carried(headers: &[Header]) -> impl Iterator<Item = &Header> {
    let first = |name: &str| headers.iter().find(|(known, _)| known == name);
    let fits = |(_, value): &&Header| value.as_ref().is_none_or(|value| value.len() <= CARRIED_BYTES);
    CARRIED.into_iter().filter_map(first).filter(fits)
}

impl Outgoing {
    /// A record with its `content-sha256` and the name of the worker that wrote it, carrying on the trace of the record that
    /// it follows from.
    pub fn stamped(
        topic: Arc<str>,
        partition: Option<i32>,
        key: Option<Bytes>,
        value: Bytes,
        worker: &'static str,
        follows: &[Header],
    ) -> Self {
        let mut headers: Vec<Header> = carried(follows).cloned().collect();
        headers.push((CONTENT_SHA256.to_owned(), Some(content_sha256(&value).into())));
        headers.push(("ombud-worker".to_owned(), Some(Bytes::from_static(worker.as_bytes()))));
        Self { topic, partition, key, value: Some(value), headers }
    }
}

/// Proof that a record was taken on under one assignment; settling it lets the commit move past the record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Receipt {
    /// The record's partition.
    pub source: TopicPartition,
    /// The record's offset.
    pub offset: i64,
    /// The assignment under which it was read; a receipt of an older one settles nothing.
    pub generation: u64,
}

/// A decoded record that travels with its origin, its original bytes and its receipt.
#[derive(Clone, Debug)]
pub struct Envelope<T> {
    /// What was decoded.
    pub body: T,
    /// The original record.
    pub record: Record,
    /// To be settled when everything that follows from the record is acknowledged.
    pub receipt: Receipt,
}

impl<T> Envelope<T> {
    /// The same envelope around another body.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Envelope<U> {
        Envelope { body: f(self.body), record: self.record, receipt: self.receipt }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the headers that a record gets which follows from one with `headers`.
    fn names_after(headers: &[(&str, usize)]) -> Vec<String> {
        let follows: Vec<Header> = headers
            .iter()
            .map(|(name, bytes)| ((*name).to_owned(), Some(vec![b'7'; *bytes].into())))
            .collect();
        let made = Outgoing::stamped("t".into(), None, None, Bytes::from_static(b"value"), "infer", &follows);
        made.headers.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn only_a_trace_of_bounded_size_is_carried_on_and_once() {
        let own = [CONTENT_SHA256, "ombud-worker"];
        assert_eq!(names_after(&[("x-bank", 5), ("ombud-worker", 4)]), own);
        let trace = [("tracestate", CARRIED_BYTES), ("traceparent", 55), ("traceparent", 55)];
        assert_eq!(names_after(&trace), ["traceparent", "tracestate", own[0], own[1]]);
        let huge = [("traceparent", 55), ("tracestate", CARRIED_BYTES + 1)];
        assert_eq!(names_after(&huge), ["traceparent", own[0], own[1]]);
    }

    const MARK: &[u8] = b"mark";

    /// A record with `value`, as a log reads it that was written with `headers`.
    fn read(value: Option<Bytes>, headers: Vec<Header>) -> Record {
        let source = TopicPartition::new("t", 0);
        Record { source, offset: 0, appended_at: 0, key: None, value, headers, original: None }
    }

    fn written(value: &'static [u8]) -> Outgoing {
        Outgoing::stamped("t".into(), None, None, Bytes::from_static(value), "infer", &[])
    }

    #[test]
    fn every_changed_byte_behind_the_schema_id_is_noticed_and_kept_for_the_dead_letter() {
        let made = written(b"\0\0\0\0\x07They charged me twice.");
        let value = made.value.unwrap();
        let intact = read(Some(value.clone()), made.headers.clone());
        assert_eq!(intact.clone().verified(MARK), intact);
        for (at, bit) in (SCHEMA_PREFIX_BYTES..value.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut changed = value.to_vec();
            changed[at] ^= 1 << bit;
            let read = read(Some(changed.clone().into()), made.headers.clone()).verified(MARK);
            assert_eq!(read.value.as_deref(), Some(MARK), "bit {bit} of byte {at}");
            assert_eq!(read.as_logged().map(|value| value.to_vec()), Some(changed));
        }
        let cut = read(Some(value.slice(..value.len() - 1)), made.headers.clone()).verified(MARK);
        assert_eq!(cut.value.as_deref(), Some(MARK));
        let gone = read(None, made.headers).verified(MARK);
        assert_eq!((gone.value.as_deref(), gone.original.as_deref()), (Some(MARK), Some(&[][..])));
    }

    #[test]
    fn another_schema_id_is_no_damage_and_what_others_write_is_taken_as_it_is() {
        let made = written(b"\0\0\0\0\x07They charged me twice.");
        let renumbered = read(Some(Bytes::from_static(b"\0\0\0\0\x63They charged me twice.")), made.headers);
        assert_eq!(renumbered.clone().verified(MARK), renumbered);
        let foreign = read(Some(Bytes::from_static(b"anything")), vec![("content-sha256".into(), None)]);
        assert_eq!(foreign.clone().verified(MARK), foreign);
    }
}
