//! Any topic's records as JSON.

use crate::{
    catalogue::Topic,
    codec::{CodecError, Record, decode},
    records::{
        AuditEntry, DeadLetter, Feedback, ModelVersion, Prediction, RawComplaint, RoutedComplaint, Strategy,
        WorkEvent,
    },
};

/// The record in `value` as JSON, in its own field names; bytes are hexadecimal.
///
/// # Errors
/// As [`decode`].
pub fn to_json(topic: Topic, value: &[u8]) -> Result<serde_json::Value, CodecError> {
    fn json<T: Record>(value: &[u8]) -> Result<serde_json::Value, CodecError> {
        let record: T = decode(value)?;
        serde_json::to_value(record).map_err(|_| CodecError::Unencodable { topic: T::TOPIC })
    }
    match topic {
        Topic::Raw => json::<RawComplaint>(value),
        Topic::Predictions => json::<Prediction>(value),
        Topic::Routed => json::<RoutedComplaint>(value),
        Topic::Feedback => json::<Feedback>(value),
        Topic::DeadLetters => json::<DeadLetter>(value),
        Topic::Work => json::<WorkEvent>(value),
        Topic::Audit => json::<AuditEntry>(value),
        Topic::Registry => json::<ModelVersion>(value),
        Topic::Strategy => json::<Strategy>(value),
    }
}
