//! Records of the log into what a shard understands; what nobody can read becomes a dead letter.

use std::{str, sync::Arc};

use ombud_contract::{
    codec::{self, CodecError},
    dead_letter::{Fault, UnreadableRecord},
    ids,
    records::{DeadReason, Prediction, RoutedComplaint},
    validate::{complaint_of, id_of},
};
use ombud_stream::{Outgoing, Record};
use sha2::{Digest, Sha256};

use crate::event::{ChangelogRecord, Submission};

/// How this worker signs.
pub(crate) const WORKER: &str = "join";

/// A raw record; with the reason, where it can't be read.
pub(crate) fn submission(record: &Record) -> (Submission, Option<Fault>) {
    let (key, value) = (record.key.as_deref(), record.value.as_deref());
    let why = match complaint_of(key, value) {
        Ok(complaint) => return (Submission::readable(&complaint, ids::input_sha256(&complaint)), None),
        Err(why) => why,
    };
    // Somebody has to look at it, under whatever name.
    let id = id_of(key, value).unwrap_or_else(|| ids::unnamed_id(record.source.partition, record.offset));
    // Of what lies in the log: two that are damaged look alike in what is handed out.
    let digest = sha256(record.as_logged().map_or(&[][..], |value| value));
    (Submission::unreadable(&id, &digest, record.appended_at), Some(why.into()))
}

/// A prediction; the reason, where it can't be read.
pub(crate) fn prediction(record: &Record) -> Result<Box<Prediction>, Fault> {
    let Some(value) = record.value.as_deref() else {
        return Err(Fault { reason: DeadReason::Invalid, detail: "the record has no value".into() });
    };
    Ok(Box::new(codec::decode(value)?))
}

/// A record of the changelog.
///
/// # Errors
/// It has a schema that this build does not know, so a newer joiner wrote it: to pass over it would route again
/// what is routed.
pub(crate) fn changelog(record: &Record) -> Result<ChangelogRecord, CodecError> {
    let Some(value) = record.value.as_deref() else {
        let id = record.key.as_deref().and_then(|key| str::from_utf8(key).ok());
        return Ok(id.map_or(ChangelogRecord::Foreign, |id| ChangelogRecord::Tombstone(id.into())));
    };
    match codec::decode::<RoutedComplaint>(value) {
        Ok(route) => Ok(ChangelogRecord::Route(Arc::new(route))),
        Err(newer @ (CodecError::UnknownSchema { .. } | CodecError::Foreign { .. })) => Err(newer),
        Err(_) => Ok(ChangelogRecord::Foreign),
    }
}

/// What goes to the dead letters for `record`.
///
/// # Errors
/// The letter can't be written, which no record brings about.
pub(crate) fn letter(
    record: &Record,
    why: &Fault,
    topic: &Arc<str>,
    now: i64,
) -> Result<Outgoing, CodecError> {
    let unread = UnreadableRecord {
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
