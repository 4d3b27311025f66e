//! What a record on one of the archived topics means for the store.

use ombud_contract::{
    catalogue::Topic,
    codec::{self, CodecError},
    dead_letter::Fault,
    records::{Feedback, RoutedComplaint, TimestampMs},
    validate::{complaint_of, id_of},
    verdict::feedback_of,
    work::work_of,
};
use ombud_measure::alike::sketch_row;
use ombud_store::{Row, file_model, file_prediction, file_raw, file_strategy, file_unnamed, file_work};
use ombud_stream::Record;

/// What a record holds, by what has to be done for it.
#[derive(Debug)]
pub(crate) enum RecordContent {
    /// These rows are written.
    Rows(Vec<Row>),
    /// A route: its rows depend on where the case was before.
    Route(Box<RoutedComplaint>),
    /// A verdict: whether it counts depends on the teams that there are.
    Verdict(Box<Feedback>),
    /// The complaint was erased: what it is compared by goes.
    Erased(String),
    /// Nobody can read it, and nobody else parks it.
    Unreadable(Fault),
    /// Nothing: a tombstone, a raw record that the join parks under its complaint, or a topic that isn't archived.
    Nothing,
}

/// Reads `record`, which lies on `topic`, at `now_ms`.
pub(crate) fn read(topic: Topic, record: &Record, now_ms: TimestampMs) -> RecordContent {
    let rows = match (topic, record.value.as_deref()) {
        (Topic::Raw, _) => return raw(record, now_ms),
        (Topic::Routed, None) => return erased(record),
        (Topic::DeadLetters | Topic::Audit, _) | (_, None) => return RecordContent::Nothing,
        (Topic::Routed, Some(value)) => match codec::decode(value) {
            Ok(route) => match keyed(&route) {
                true => return RecordContent::Route(Box::new(route)),
                false => Err(keyless(topic)),
            },
            Err(unreadable) => Err(unreadable),
        },
        (Topic::Predictions, Some(value)) => {
            codec::decode(value).map(|prediction| file_prediction(&prediction, record))
        }
        // Systems that are not ours write this topic: a verdict that breaks a rule would be counted wrongly for ever.
        (Topic::Feedback, Some(value)) => {
            let read = feedback_of(record.key.as_deref(), value, now_ms);
            return match read {
                Ok(feedback) => RecordContent::Verdict(Box::new(feedback)),
                Err(why) => RecordContent::Unreadable(why.into()),
            };
        }
        // Likewise. In which order events may follow is looked at where they are read, all of them together.
        (Topic::Work, Some(value)) => {
            return match work_of(record.key.as_deref(), value, now_ms) {
                Ok(event) => RecordContent::Rows(file_work(&event, record)),
                Err(why) => RecordContent::Unreadable(why.into()),
            };
        }
        (Topic::Registry, Some(value)) => codec::decode(value).map(|model| file_model(&model, record)),
        (Topic::Strategy, Some(value)) => {
            codec::decode(value).map(|strategy| file_strategy(&strategy, record))
        }
    };
    match rows {
        Ok(rows) if rows.iter().all(Row::has_key) => RecordContent::Rows(rows),
        Ok(_) => RecordContent::Unreadable(keyless(topic).into()),
        Err(unreadable) => RecordContent::Unreadable(unreadable.into()),
    }
}

/// Join alone parks a raw record that can't be read, and routes its complaint to a person. Where it has no complaint, that
/// person opens the case of its place, and has to find there what it is.
fn raw(record: &Record, now_ms: TimestampMs) -> RecordContent {
    let (key, value) = (record.key.as_deref(), record.value.as_deref());
    match complaint_of(key, value) {
        Ok(complaint) => {
            let mut rows = file_raw(&complaint, record);
            rows.extend(sketch_row(&complaint, now_ms).map(Row::Sketch));
            RecordContent::Rows(rows)
        }
        Err(_) if id_of(key, value).is_some() => RecordContent::Nothing,
        Err(_) => RecordContent::Rows(file_unnamed(record)),
    }
}

/// A complaint whose routes were taken back by a record without a value.
fn erased(record: &Record) -> RecordContent {
    match record.key.as_deref().map(std::str::from_utf8) {
        Some(Ok(complaint_id)) if !complaint_id.is_empty() => RecordContent::Erased(complaint_id.to_owned()),
        _ => RecordContent::Nothing,
    }
}

fn keyed(route: &RoutedComplaint) -> bool {
    !route.complaint_id.is_empty() && !route.team.is_empty()
}

/// It can be read, and no store could find its rows again.
fn keyless(topic: Topic) -> CodecError {
    CodecError::Undecodable { topic, what: "an id that names its case is empty" }
}
