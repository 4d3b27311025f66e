//! What a record on one of the archived topics means for the store.

use ombud_contract::{
    catalogue::Topic,
    codec::{self, CodecError},
    records::{DeadReason, RawComplaint, RoutedComplaint},
    verdict::{UnreadableFeedback, feedback_of},
};
use ombud_store::{Row, file_feedback, file_model, file_prediction, file_raw, file_strategy};
use ombud_stream::Record;

/// What has to be done for one record.
#[derive(Debug)]
pub(crate) enum Reading {
    /// These rows are written.
    Rows(Vec<Row>),
    /// A route: its rows depend on where the case was before.
    Route(Box<RoutedComplaint>),
    /// Nobody can read it, and nobody else parks it.
    Unreadable(Unreadable),
    /// Nothing: a tombstone, a raw record that the join parks, or a topic that isn't archived.
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

/// Reads `record`, which lies on `topic`.
pub(crate) fn read(topic: Topic, record: &Record) -> Reading {
    let Some(value) = record.value.as_deref() else { return Reading::Nothing };
    let rows = match topic {
        // Join alone parks a raw record, and what it parks is no case event: its bytes are in the dead letter.
        Topic::Raw => match codec::decode::<RawComplaint>(value) {
            Ok(raw) if raw.validate().is_ok() => Ok(file_raw(&raw, record)),
            Ok(_) | Err(_) => return Reading::Nothing,
        },
        Topic::Routed => match codec::decode(value) {
            Ok(route) => match keyed(&route) {
                true => return Reading::Route(Box::new(route)),
                false => Err(keyless(topic)),
            },
            Err(unreadable) => Err(unreadable),
        },
        Topic::Predictions => codec::decode(value).map(|prediction| file_prediction(&prediction, record)),
        // Systems that are not ours write this topic: a verdict that breaks a rule would be counted wrongly for ever.
        Topic::Feedback => {
            let read = feedback_of(record.key.as_deref(), value);
            return match read {
                Ok(feedback) => Reading::Rows(file_feedback(&feedback, record)),
                Err(why) => Reading::Unreadable(why.into()),
            };
        }
        Topic::Registry => codec::decode(value).map(|model| file_model(&model, record)),
        Topic::Strategy => codec::decode(value).map(|strategy| file_strategy(&strategy, record)),
        Topic::DeadLetters => return Reading::Nothing,
    };
    match rows {
        Ok(rows) if rows.iter().all(Row::has_key) => Reading::Rows(rows),
        Ok(_) => Reading::Unreadable(keyless(topic).into()),
        Err(unreadable) => Reading::Unreadable(unreadable.into()),
    }
}

fn keyed(route: &RoutedComplaint) -> bool {
    !route.complaint_id.is_empty() && !route.team.is_empty()
}

/// It can be read, and no store could find its rows again.
fn keyless(topic: Topic) -> CodecError {
    CodecError::Undecodable { topic, what: "an id that names its case is empty" }
}
