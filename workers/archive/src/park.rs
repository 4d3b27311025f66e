//! The dead letter of a record that the archive can't read.

use std::sync::Arc;

use ombud_contract::{codec::CodecError, dead_letter::Unread};
use ombud_stream::{Outgoing, Record};

use crate::read::Unreadable;

/// How this worker signs.
pub(crate) const WORKER: &str = "archive";

/// What goes to `topic` for `record`.
///
/// # Errors
/// The letter itself can't be written, which no record brings about.
pub(crate) fn letter(
    record: &Record,
    why: &Unreadable,
    topic: &Arc<str>,
    now_ms: i64,
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
    let value = unread.letter(WORKER, why.reason, &why.to_string(), now_ms)?;
    Ok(Outgoing::stamped(Arc::clone(topic), None, record.key.clone(), value, WORKER, &record.headers))
}
