//! What is written can be read; what is not a record is refused with the reason that its dead letter needs.

use std::fmt::Debug;

use ombud_contract::{
    catalogue::Topic,
    codec::{CodecError, Record, decode, encode, schema_id},
    records::{
        AuditEntry, DeadLetter, DeadReason, Feedback, ModelVersion, Prediction, RawComplaint,
        RoutedComplaint, Strategy, WorkEvent,
    },
    to_json,
};
use proptest::prelude::*;

use crate::any;

fn comes_back<T: Record + PartialEq + Debug>(record: &T) -> Result<(), TestCaseError> {
    let value = encode(record)?;
    prop_assert_eq!(schema_id(&value), Some(T::TOPIC.newest_schema().0));
    let back: T = decode(&value)?;
    prop_assert_eq!(&back, record);
    let json = to_json(T::TOPIC, &value)?;
    prop_assert_eq!(&serde_json::from_value::<T>(json)?, record);
    // Cut short anywhere, or with something behind it, it is no record.
    for end in [0, 4, 5, value.len() / 2, value.len() - 1] {
        let cut = decode::<T>(&value[..end]).map_err(|e| e.dead_reason());
        prop_assert_eq!(cut.err(), Some(DeadReason::Undecodable), "cut at {}", end);
    }
    let longer = [&value[..], b"x"].concat();
    prop_assert_eq!(decode::<T>(&longer).map_err(|e| e.dead_reason()).err(), Some(DeadReason::Undecodable));
    Ok(())
}

fn every_type_survives(bytes: &[u8]) {
    // Only that it returns matters, and how: no panic, no endless loop, no gigabytes.
    let _ = decode::<RawComplaint>(bytes);
    let _ = decode::<Prediction>(bytes);
    let _ = decode::<RoutedComplaint>(bytes);
    let _ = decode::<Feedback>(bytes);
    let _ = decode::<DeadLetter>(bytes);
    let _ = decode::<WorkEvent>(bytes);
    let _ = decode::<AuditEntry>(bytes);
    let _ = decode::<ModelVersion>(bytes);
    let _ = decode::<Strategy>(bytes);
    let _ = decode::<WorkEvent>(bytes);
    let _ = decode::<AuditEntry>(bytes);
}

proptest! {
    #[test]
    fn a_raw_complaint_comes_back(record in any::raw_complaint()) { comes_back(&record)?; }

    #[test]
    fn a_prediction_comes_back(record in any::prediction()) { comes_back(&record)?; }

    #[test]
    fn a_routed_complaint_comes_back(record in any::routed_complaint()) { comes_back(&record)?; }

    #[test]
    fn a_feedback_comes_back(record in any::feedback()) { comes_back(&record)?; }

    #[test]
    fn a_dead_letter_comes_back(record in any::dead_letter()) { comes_back(&record)?; }

    #[test]
    fn a_model_version_comes_back(record in any::model_version()) { comes_back(&record)?; }

    #[test]
    fn a_strategy_comes_back(record in any::routing_strategy()) { comes_back(&record)?; }

    #[test]
    fn a_work_event_comes_back(record in any::record::<WorkEvent>()) { comes_back(&record)?; }

    #[test]
    fn an_audit_entry_comes_back(record in any::record::<AuditEntry>()) { comes_back(&record)?; }

    // The catalogue's ids are negative: each of its schemas is tried, and some that nobody knows.
    #[test]
    fn any_bytes_are_survived(id in -30_i32..10, body in proptest::collection::vec(any::<u8>(), 0..400)) {
        every_type_survives(&body);
        every_type_survives(&[&[0], &id.to_be_bytes()[..], &body[..]].concat());
    }

    #[test]
    fn a_flipped_byte_is_survived(record in any::routed_complaint(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut value = encode(&record).unwrap().to_vec();
        let at = at.index(value.len());
        value[at] = to;
        every_type_survives(&value);
    }
}

/// A zig-zag varint of a length that no message has.
fn giant_length() -> Vec<u8> {
    vec![0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]
}

#[test]
fn a_giant_length_prefix_is_refused_without_the_memory_for_it() {
    for topic in Topic::ALL {
        let id = topic.newest_schema().0.to_be_bytes();
        let lie = [&[0], &id[..], &giant_length()].concat();
        assert_eq!(to_json(topic, &lie).unwrap_err().dead_reason(), DeadReason::Undecodable);
    }
    // A giant count of attributes, after everything else was right.
    let value = encode(&RawComplaint::new("c-1", "text", 0)).unwrap();
    let lie = [&value[..value.len() - 1], &giant_length()[..]].concat();
    assert_eq!(decode::<RawComplaint>(&lie).unwrap_err().dead_reason(), DeadReason::Undecodable);
}

#[test]
fn a_schema_id_of_another_topic_or_of_nobody_is_unknown() {
    let of_routed = Topic::Routed.newest_schema().0;
    for id in [of_routed, 2_000_000_000] {
        let value = [&[0], &id.to_be_bytes()[..], b"body"].concat();
        let error = decode::<RawComplaint>(&value).unwrap_err();
        assert_eq!(error, CodecError::UnknownSchema { topic: Topic::Raw, id });
        assert_eq!(error.dead_reason(), DeadReason::UnknownSchema);
    }
}

#[test]
fn bytes_without_the_prefix_are_undecodable() {
    for value in [&b""[..], b"\0\0", b"{\"complaint_id\": \"c-1\"}"] {
        assert_eq!(decode::<RawComplaint>(value).unwrap_err().dead_reason(), DeadReason::Undecodable);
    }
}

#[test]
fn a_value_larger_than_its_topic_allows_is_refused_both_ways() {
    let limit = Topic::Raw.settings().max_value_bytes;
    let huge = RawComplaint::new("c-1", "x".repeat(limit), 0);
    assert_eq!(encode(&huge).unwrap_err().dead_reason(), DeadReason::TooLarge);
    assert_eq!(decode::<RawComplaint>(&vec![0; limit + 1]).unwrap_err().dead_reason(), DeadReason::TooLarge);
}

#[test]
fn an_error_tells_nothing_of_the_content() {
    let mut value = encode(&RawComplaint::new("c-1", "secret", 0)).unwrap().to_vec();
    let at = value.windows(6).position(|window| window == b"secret").unwrap();
    value[at] = 0xFF;
    let error = decode::<RawComplaint>(&value).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("ecret"));
}

#[test]
fn bytes_read_as_hexadecimal_in_json() {
    let letter = DeadLetter {
        dead_letter_id: "d".into(),
        worker: "join".into(),
        reason: DeadReason::Undecodable,
        detail: String::new(),
        source_topic: "complaints.raw".into(),
        source_partition: 0,
        source_offset: 1,
        source_timestamp: 2,
        schema_id: None,
        key: Some(b"c-1".to_vec()),
        value: Some(vec![0xFF, 0x00]),
        value_sha256: String::new(),
        headers: vec![],
        redrives: 0,
        failed_at: 3,
    };
    let json = to_json(Topic::DeadLetters, &encode(&letter).unwrap()).unwrap();
    assert_eq!((json["key"].as_str(), json["value"].as_str()), (Some("632d31"), Some("ff00")));
}
