//! Which records are printed, and how one looks.

use bytes::Bytes;
use ombud_contract::{codec, records::RawComplaint};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    log::scan::tests::{Partition, record},
    output::terminal::Escaped,
};

fn args(from: From, number: Option<usize>) -> Tail {
    Tail { topic: "complaints.raw".into(), json: false, number, from, follow: false }
}

#[test]
fn ten_from_the_end_and_all_from_the_start_unless_a_number_is_said() {
    for (from, said, expected) in [
        (From::End, None, 10),
        (From::Start, None, usize::MAX),
        (From::End, Some(3), 3),
        (From::Start, Some(3), 3),
    ] {
        assert_eq!(number(&args(from, said)), expected, "{from:?} {said:?}");
    }
}

proptest! {
    /// Append times never fall within a partition; offsets may leave gaps.
    #[test]
    fn what_is_read_of_each_partition_holds_all_that_is_chosen_of_the_whole_topic(
        steps in vec(vec((0..3i64, 0..4i64), 0..12), 1..4), number in 0..15usize, is_start in any::<bool>(),
    ) {
        let from = if is_start { From::Start } else { From::End };
        let side = Side { from, number };
        let (mut all, mut read) = (Vec::new(), Vec::new());
        for (partition, steps) in (0..).zip(&steps) {
            let (mut offset, mut at, mut records) = (-1, 0, Vec::new());
            for (gap, step) in steps {
                (offset, at) = (offset + 1 + gap, at + step);
                records.push(record(partition, offset, at));
            }
            all.extend(records.iter().cloned());
            let place = TopicPartition::new("complaints.raw", partition);
            read.extend(side.read(&mut Partition(records), &place, offset + 1).unwrap());
        }
        all.sort_by_key(|record| (record.appended_at, record.source.partition, record.offset));
        let count = number.min(all.len());
        let expected = if is_start { &all[..count] } else { &all[all.len() - count..] };
        side.choose(&mut read);
        prop_assert_eq!(&read[..], expected);
    }
}

fn printed(record: &Record, json: bool) -> String {
    let mut out = Vec::new();
    print(Topic::Raw, record, json, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_record_is_one_object_a_line_for_programs_and_begins_with_its_place_for_people() {
    let value = codec::encode(&RawComplaint::new("c-1", "They charged me.", 1)).unwrap();
    let headers =
        vec![("ombud-worker".to_owned(), Some(Bytes::from_static(b"ombud"))), ("empty".to_owned(), None)];
    let key = Some(Bytes::from_static(b"c-1"));
    let record = Record { value: Some(value), key, headers, ..record(2, 7, 1_769_850_000_000) };
    let text = printed(&record, true);
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert_eq!((&line["topic"], &line["key"]), (&"complaints.raw".into(), &"c-1".into()));
    assert_eq!((&line["partition"], &line["offset"]), (&2.into(), &7.into()));
    assert_eq!(line["value"]["narrative"], "They charged me.");
    assert_eq!(line["headers"], serde_json::json!({ "ombud-worker": "ombud", "empty": null }));
    let text = printed(&record, false);
    assert!(text.starts_with("2026-01-31T09:00:00Z complaints.raw[2]@7 c-1\n"), "{text}");
}

#[test]
fn key_headers_and_value_of_a_hostile_record_give_a_terminal_no_orders() {
    let id = "c-\u{202e}1\u{1b}[2J";
    let value = codec::encode(&RawComplaint::new(id, "They charged me\u{9b}2J.", 1)).unwrap();
    let headers = vec![("\u{1b}]0;x\u{7}".to_owned(), Some(Bytes::from_static("\u{e0041}".as_bytes())))];
    let key = Some(Bytes::from_static(id.as_bytes()));
    let record = Record { value: Some(value), key, headers, ..record(0, 0, 1) };
    let shown = |json| {
        let mut out = Vec::new();
        print(
            Topic::Raw,
            &record,
            json,
            &mut Escaped::new(&mut out, crate::output::screen::Screen::new(80, false)),
        )
        .unwrap();
        String::from_utf8(out).unwrap()
    };
    let people = shown(false);
    assert!(people.contains(r"@0 c-\u202e1\u001b[2J"), "{people}");
    assert!(people.chars().all(|c| matches!(c, '\n' | ' '..='~')), "{people}");
    let programs = shown(true);
    assert!(programs.chars().all(|c| matches!(c, '\n' | ' '..='~')), "{programs}");
    let line: Value = serde_json::from_str(&programs).unwrap();
    assert_eq!((&line["key"], &line["headers"]["\u{1b}]0;x\u{7}"]), (&id.into(), &"\u{e0041}".into()));
}

#[test]
fn what_nobody_can_read_and_what_has_no_value_is_shown_to_be_there() {
    let value = |value: Option<&'static [u8]>| -> Value {
        let record = Record { value: value.map(Bytes::from_static), ..record(0, 0, 1) };
        serde_json::from_str::<Value>(&printed(&record, true)).unwrap()["value"].take()
    };
    assert!(value(Some(b"poison"))["undecodable"].is_string());
    assert_eq!(value(None), Value::Null);
    assert!(printed(&record(0, 0, 1), false).contains("@0 -\n"), "nor has it a key");
}

#[test]
fn a_topic_that_is_none_of_ours_is_named_with_those_that_are() {
    let mut args = args(From::End, None);
    args.topic = "complaints.row".into();
    let error = tail(&args, &Settings::default(), &mut Vec::new()).unwrap_err().to_string();
    assert!(error.contains("complaints.row: there are") && error.contains("complaints.raw"), "{error}");
}
