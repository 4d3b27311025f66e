//! What a record on one of the archived topics means for the store.

use ombud_contract::{
    catalogue::Topic,
    codec::{self, CodecError},
    records::{DeadReason, Feedback, RoutedComplaint, TimestampMs},
    validate::{complaint_of, id_of},
    verdict::{UnreadableFeedback, feedback_of},
};
use ombud_store::{Row, file_model, file_prediction, file_raw, file_strategy, file_unnamed};
use ombud_stream::Record;

/// What has to be done for one record.
#[derive(Debug)]
pub(crate) enum Reading {
    /// These rows are written.
    Rows(Vec<Row>),
    /// A route: its rows depend on where the case was before.
    Route(Box<RoutedComplaint>),
    /// A verdict: whether it counts depends on the teams that there are.
    Verdict(Box<Feedback>),
    /// Nobody can read it, and nobody else parks it.
    Unreadable(Unreadable),
    /// Nothing: a tombstone, a raw record that the join parks under its complaint, or a topic that isn't archived.
    Nothing,
}

/// Why a record is parked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub(crate) struct Unreadable {
    pub(crate) reason: DeadReason,
    /// Names rules and fields, never what stood there.
    detail: String,
}

impl From<CodecError> for Unreadable {
    fn from(error: CodecError) -> Self {
        Self { reason: error.dead_reason(), detail: error.to_string() }
    }
}

impl From<UnreadableFeedback> for Unreadable {
    fn from(error: UnreadableFeedback) -> Self {
        Self { reason: error.dead_reason(), detail: error.to_string() }
    }
}

/// Reads `record`, which lies on `topic`, at `now_ms`.
pub(crate) fn read(topic: Topic, record: &Record, now_ms: TimestampMs) -> Reading {
    let rows = match (topic, record.value.as_deref()) {
        (Topic::Raw, _) => return raw(record),
        (Topic::DeadLetters, _) | (_, None) => return Reading::Nothing,
        (Topic::Routed, Some(value)) => match codec::decode(value) {
            Ok(route) => match keyed(&route) {
                true => return Reading::Route(Box::new(route)),
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
                Ok(feedback) => Reading::Verdict(Box::new(feedback)),
                Err(why) => Reading::Unreadable(why.into()),
            };
        }
        (Topic::Registry, Some(value)) => codec::decode(value).map(|model| file_model(&model, record)),
        (Topic::Strategy, Some(value)) => {
            codec::decode(value).map(|strategy| file_strategy(&strategy, record))
        }
    };
    match rows {
        Ok(rows) if rows.iter().all(Row::has_key) => Reading::Rows(rows),
        Ok(_) => Reading::Unreadable(keyless(topic).into()),
        Err(unreadable) => Reading::Unreadable(unreadable.into()),
    }
}

/// Join alone parks a raw record that can't be read, and routes its complaint to a person. Where it has no complaint, that
/// person opens the case of its place, and has to find there what it is.
fn raw(record: &Record) -> Reading {
    let (key, value) = (record.key.as_deref(), record.value.as_deref());
    match complaint_of(key, value) {
        Ok(complaint) => Reading::Rows(file_raw(&complaint, record)),
        Err(_) if id_of(key, value).is_some() => Reading::Nothing,
        Err(_) => Reading::Rows(file_unnamed(record)),
    }
}

fn keyed(route: &RoutedComplaint) -> bool {
    !route.complaint_id.is_empty() && !route.team.is_empty()
}

/// It can be read, and no store could find its rows again.
fn keyless(topic: Topic) -> CodecError {
    CodecError::Undecodable { topic, what: "an id that names its case is empty" }
}
