//! Every example of the catalogue is what its folder says: a record that travels, or one that is refused, and why.

use std::{fs, path::PathBuf};

use ombud_contract::{
    catalogue::Topic,
    codec::{Record, decode, encode},
    records::{
        AuditEntry, DeadLetter, Feedback, ModelVersion, Prediction, RawComplaint, RoutedComplaint, Strategy,
        WorkEvent,
    },
    to_json,
};

/// Name and content of a topic's examples of one kind, by name.
fn examples(topic: Topic, kind: &str) -> Vec<(String, String)> {
    let schemas = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas"));
    let folder = schemas.join(topic.base_name()).join("examples").join(kind);
    let mut found: Vec<(String, String)> = fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.map(|entry| entry.path()))
        .map(|path| path.and_then(|path| Ok((path.display().to_string(), fs::read_to_string(path)?))))
        .collect::<Result<_, _>>()
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    found.sort();
    assert!(found.len() >= 2, "{} needs examples", folder.display());
    found
}

fn valid_ones_travel<T: Record + PartialEq + std::fmt::Debug>() {
    for (name, text) in examples(T::TOPIC, "valid") {
        let travelled = || -> Result<(T, T, T), Box<dyn std::error::Error>> {
            let record: T = serde_json::from_str(&text)?;
            let value = encode(&record)?;
            let shown = serde_json::from_value(to_json(T::TOPIC, &value)?)?;
            Ok((decode(&value)?, shown, record))
        };
        let (back, shown, record) = travelled().unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(back, record, "{name}");
        assert_eq!(shown, record, "{name}");
    }
}

/// The reason code of a text that is no record of type `T`, in the words of `schemas/README.md`.
fn shape_reason<T: Record>(text: &str) -> Option<&'static str> {
    let error = serde_json::from_str::<T>(text).err()?.to_string();
    let reasons = [
        ("missing field", "missing-field"),
        ("invalid type", "wrong-type"),
        ("unknown variant", "unknown-symbol"),
        ("invalid value", "out-of-range"),
        ("Invalid character", "not-hexadecimal"),
        ("Odd number of digits", "not-hexadecimal"),
    ];
    reasons.into_iter().find(|(words, _)| error.starts_with(words)).map(|(_, reason)| reason)
}

fn invalid_ones_are_refused<T: Record>(reason: impl Fn(&str) -> Option<&'static str>) {
    for (name, text) in examples(T::TOPIC, "invalid") {
        let file = name.rsplit('/').next().unwrap_or_default();
        assert_eq!(reason(&text), file.split('.').next(), "{name}");
    }
}

#[test]
fn every_valid_example_travels() {
    valid_ones_travel::<RawComplaint>();
    valid_ones_travel::<Prediction>();
    valid_ones_travel::<RoutedComplaint>();
    valid_ones_travel::<Feedback>();
    valid_ones_travel::<DeadLetter>();
    valid_ones_travel::<WorkEvent>();
    valid_ones_travel::<AuditEntry>();
    valid_ones_travel::<ModelVersion>();
    valid_ones_travel::<Strategy>();
}

#[test]
fn every_invalid_example_is_refused_for_the_reason_in_its_name() {
    invalid_ones_are_refused::<RawComplaint>(|text| {
        shape_reason::<RawComplaint>(text).or_else(|| {
            let complaint: RawComplaint = serde_json::from_str(text).ok()?;
            complaint.validate().err().map(|invalid| invalid.code())
        })
    });
    invalid_ones_are_refused::<Prediction>(shape_reason::<Prediction>);
    invalid_ones_are_refused::<RoutedComplaint>(shape_reason::<RoutedComplaint>);
    invalid_ones_are_refused::<Feedback>(|text| {
        shape_reason::<Feedback>(text).or_else(|| {
            let feedback: Feedback = serde_json::from_str(text).ok()?;
            feedback.validate().err().map(|invalid| invalid.code)
        })
    });
    invalid_ones_are_refused::<DeadLetter>(shape_reason::<DeadLetter>);
    invalid_ones_are_refused::<WorkEvent>(|text| {
        shape_reason::<WorkEvent>(text).or_else(|| {
            let event: WorkEvent = serde_json::from_str(text).ok()?;
            event.validate().err().map(|invalid| invalid.code)
        })
    });
    invalid_ones_are_refused::<AuditEntry>(shape_reason::<AuditEntry>);
    invalid_ones_are_refused::<ModelVersion>(shape_reason::<ModelVersion>);
    invalid_ones_are_refused::<Strategy>(shape_reason::<Strategy>);
}

#[test]
fn every_valid_verdict_keeps_the_rules() {
    for (name, text) in examples(Topic::Feedback, "valid") {
        let feedback: Feedback = serde_json::from_str(&text).unwrap();
        assert_eq!(feedback.validate(), Ok(()), "{name}");
    }
}

#[test]
fn every_valid_event_of_work_keeps_the_rules() {
    for (name, text) in examples(Topic::Work, "valid") {
        let event: WorkEvent = serde_json::from_str(&text).unwrap();
        assert_eq!(event.validate(), Ok(()), "{name}");
        assert_eq!(event.admit(event.done_at), Ok(()), "{name}");
    }
}

#[test]
fn every_valid_raw_complaint_keeps_the_rules() {
    for (name, text) in examples(Topic::Raw, "valid") {
        let complaint: RawComplaint = serde_json::from_str(&text).unwrap();
        assert_eq!(complaint.validate(), Ok(()), "{name}");
    }
}
