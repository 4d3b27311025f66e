//! Records of the log into what a shard understands; what nobody can read becomes a dead letter.

use std::{str, sync::Arc};

use ombud_contract::{
    codec::{self, CodecError},
    dead_letter::Unread,
    ids,
    records::{DeadReason, Prediction, RawComplaint, RoutedComplaint},
    validate::MAX_ID_BYTES,
};
use ombud_stream::{Outgoing, Record};
use sha2::{Digest, Sha256};

use crate::event::{Logged, Submission};

/// How this worker signs.
pub(crate) const WORKER: &str = "join";

/// Why a record is parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) reason: DeadReason,
    /// Says which rule is broken, nothing of what stood there.
    pub(crate) detail: String,
}

impl From<CodecError> for Unreadable {
    fn from(error: CodecError) -> Self {
        Self { reason: error.dead_reason(), detail: error.to_string() }
    }
}

/// A raw record; with the reason, where it can't be read.
pub(crate) fn submission(record: &Record) -> (Submission, Option<Unreadable>) {
    let why = match readable(record) {
        Ok(complaint) => return (Submission::readable(&complaint, ids::input_sha256(&complaint)), None),
        Err(why) => why,
    };
    let id = known_id(record.key.as_deref());
    let id = id.unwrap_or_else(|| format!("unreadable-{}-{}", record.source.partition, record.offset));
    let digest = sha256(record.value.as_deref().unwrap_or_default());
    (Submission::unreadable(&id, &digest, record.appended_at), Some(why))
}

fn readable(record: &Record) -> Result<RawComplaint, Unreadable> {
    let invalid = |detail: String| Unreadable { reason: DeadReason::Invalid, detail };
    let value = record.value.as_deref().ok_or_else(|| invalid("the record has no value".into()))?;
    let complaint: RawComplaint = codec::decode(value)?;
    complaint.validate().map_err(|broken| invalid(broken.to_string()))?;
    // The key chose the partition: under another one, a complaint would be routed by two shards.
    if record.key.as_deref() != Some(complaint.complaint_id.as_bytes()) {
        return Err(invalid("the key is not the complaint id".into()));
    }
    Ok(complaint)
}

/// The key, where it can be a complaint's id.
fn known_id(key: Option<&[u8]>) -> Option<String> {
    let id = str::from_utf8(key?).ok()?;
    let fits = !id.is_empty() && id.len() <= MAX_ID_BYTES && !id.chars().any(char::is_control);
    fits.then(|| id.to_owned())
}

/// A prediction; the reason, where it can't be read.
pub(crate) fn prediction(record: &Record) -> Result<Box<Prediction>, Unreadable> {
    let Some(value) = record.value.as_deref() else {
        return Err(Unreadable { reason: DeadReason::Invalid, detail: "the record has no value".into() });
    };
    Ok(Box::new(codec::decode(value)?))
}

/// A record of the changelog.
///
/// # Errors
/// It has a schema that this build does not know, so a newer joiner wrote it: to pass over it would route again
/// what is routed.
pub(crate) fn logged(record: &Record) -> Result<Logged, CodecError> {
    let Some(value) = record.value.as_deref() else {
        let id = record.key.as_deref().and_then(|key| str::from_utf8(key).ok());
        return Ok(id.map_or(Logged::Foreign, |id| Logged::Tombstone(id.into())));
    };
    match codec::decode::<RoutedComplaint>(value) {
        Ok(route) => Ok(Logged::Route(Arc::new(route))),
        Err(newer @ CodecError::UnknownSchema { .. }) => Err(newer),
        Err(_) => Ok(Logged::Foreign),
    }
}

/// What goes to the dead letters for `record`.
///
/// # Errors
/// The letter can't be written, which no record brings about.
pub(crate) fn letter(
    record: &Record,
    why: &Unreadable,
    topic: &Arc<str>,
    now: i64,
) -> Result<Outgoing, CodecError> {
    let unread = Unread {
        topic: &record.source.topic,
        partition: record.source.partition,
        offset: record.offset,
        appended_at: record.appended_at,
        key: record.key.as_ref(),
        value: record.as_logged(),
        headers: &record.headers,
    };
    let value = unread.letter(WORKER, why.reason, &why.detail, now)?;
    Ok(Outgoing::stamped(Arc::clone(topic), None, record.key.clone(), value, WORKER, &record.headers))
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
