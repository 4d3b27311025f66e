//! The dead letter of a record that the archive can't read.

use std::sync::Arc;

use bytes::Bytes;
use ombud_contract::{
    codec::{self, CodecError},
    ids,
    records::{DeadLetter, HeaderEntry},
};
use ombud_stream::{Outgoing, Record};
use sha2::{Digest, Sha256};

/// How this worker signs.
pub(crate) const WORKER: &str = "archive";

/// What goes to `topic` for `record`: its bytes and its place, whatever is wrong with it.
///
/// # Errors
/// The letter itself can't be written, which no record brings about.
pub(crate) fn letter(
    record: &Record,
    why: &CodecError,
    topic: &Arc<str>,
    now_ms: i64,
) -> Result<Outgoing, CodecError> {
    let (source, value) = (&record.source, record.value.as_deref().unwrap_or_default());
    let owned = |bytes: &Option<Bytes>| bytes.as_ref().map(|bytes| bytes.to_vec());
    let header =
        |(name, value): &(String, Option<Bytes>)| HeaderEntry { name: name.clone(), value: owned(value) };
    let mut letter = DeadLetter {
        dead_letter_id: ids::dead_letter_id(&source.topic, source.partition, record.offset),
        worker: WORKER.into(),
        reason: why.dead_reason(),
        detail: why.to_string(),
        source_topic: source.topic.to_string(),
        source_partition: source.partition,
        source_offset: record.offset,
        source_timestamp: record.appended_at,
        schema_id: codec::schema_id(value),
        key: owned(&record.key),
        value: owned(&record.value),
        value_sha256: hex::encode(Sha256::digest(value)),
        headers: record.headers.iter().map(header).collect(),
        redrives: 0,
        failed_at: now_ms,
    };
    let encoded = match codec::encode(&letter) {
        // Larger than its own topic allows, which a broker would have refused: the digest has to do.
        Err(CodecError::TooLarge { .. }) => {
            letter.value = None;
            letter.headers.clear();
            codec::encode(&letter)
        }
        encoded => encoded,
    };
    let headers = &record.headers;
    encoded
        .map(|value| Outgoing::stamped(Arc::clone(topic), None, record.key.clone(), value, WORKER, headers))
}
