//! Files and the topic through the command, as a CRM's people see it.

use std::{fs, path::PathBuf};

use ombud_contract::{codec, records::RawComplaint};
use ombud_local::{Local, Options, partition_of};
use ombud_stream::{ManualClock, Outgoing, Sink};
use serde_json::{Value, json};

use super::*;
use crate::input::file_reading::ReceivedAt;

const NOW: i64 = 1_770_000_000_000;
/// Behind every file's own time, which is when a row without a date was received.
const LATER: i64 = 4_000_000_000_000;
const NARRATIVE: &str = "They charged me twice and nobody calls me back.";

fn run(target: &str, json: bool, settings: &Settings) -> (Done, String) {
    let reading = FileReading { received_at: Some(ReceivedAt::File), ..FileReading::default() };
    let target = Some(target.to_owned());
    let args = Check { target, number: 1_000, all: false, reading, json, json_schema: false };
    let mut out = Vec::new();
    let done = check(&args, settings, &ManualClock::at(LATER), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains("nobody calls"), "a narrative is shown: {text}");
    (done, text)
}

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn file(dir: &tempfile::TempDir, name: &str, content: &str) -> PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, content).unwrap();
    path
}

#[test]
fn each_row_that_would_be_rejected_is_printed_with_line_field_rule_and_fix() {
    let dir = tempfile::tempdir().unwrap();
    let content = format!(
        "complaint_id,narrative,language,bulk,customer_ref\nc-1,{NARRATIVE},en,true,\nc-2,  ,en,,\n\
         c-3,{NARRATIVE},en,perhaps,\nc-4,{NARRATIVE},en,,{}\n",
        "x".repeat(300)
    );
    let path = file(&dir, "complaints.csv", &content);
    let (done, text) = run(path.to_str().unwrap(), true, &Settings::default());
    assert_eq!(done, Done::Wanting);
    let printed = objects(&text);
    let found: Vec<_> = printed[..3].iter().map(|it| json!([it["place"], it["field"], it["rule"]])).collect();
    assert_eq!(
        found,
        [
            json!(["line 3", "narrative", "narrative-blank"]),
            json!(["line 4", "bulk", "flag-malformed"]),
            json!(["line 5", "customer_ref", "text-too-long"]),
        ]
    );
    assert!(printed.iter().take(3).all(|it| it["mend"].as_str().is_some_and(|fix| fix.len() > 10)));
    assert_eq!((&printed[3]["checked"], &printed[3]["wrong"]), (&json!(4), &json!(3)));
}

#[test]
fn json_lines_are_told_by_field_too() {
    let dir = tempfile::tempdir().unwrap();
    let content = format!(
        "{{\"complaint_id\": \"c-1\", \"narrative\": \"{NARRATIVE}\", \"channel\": \"a\\u0007b\", \"received_at\": \"2026-01-31\"}}\n{{\n\
         {{\"complaint_id\": \"c-2\", \"narrative\": \"{NARRATIVE}\", \"received_at\": {}}}\n",
        LATER + 3_600_000
    );
    let path = file(&dir, "complaints.jsonl", &content);
    let (_, text) = run(path.to_str().unwrap(), true, &Settings::default());
    let rules: Vec<_> =
        objects(&text).iter().map(|it| json!([it["field"], it["rule"], it["wrong"]])).collect();
    assert_eq!(
        rules[..4],
        [
            json!(["channel", "text-control-character", true]),
            json!(["record", "json-malformed", true]),
            json!(["language", "language-unknown", false]),
            json!(["received_at", "received-at-in-the-future", false]),
        ]
    );
}

#[test]
fn a_time_where_a_clock_begins_is_noted_where_it_is_still_to_come_and_wrong_where_it_is_absurd() {
    let dir = tempfile::tempdir().unwrap();
    let row = |id: &str, sent: i64, notice: i64| {
        format!("{id},{},{},{},en,{NARRATIVE}\n", LATER - 3_600_000, LATER + sent, LATER + notice)
    };
    let rows = [row("c-1", -1, -7_200_000), row("c-2", 3_600_000, 1_000_000), row("c-3", 0, 172_800_000)];
    let header = "complaint_id,received_at,regulator_sent_at,notice_at,language,narrative\n";
    let path = file(&dir, "complaints.csv", &format!("{header}{}", rows.concat()));
    let (_, text) = run(path.to_str().unwrap(), true, &Settings::default());
    let rules: Vec<_> =
        objects(&text).iter().map(|it| json!([it["place"], it["field"], it["rule"], it["wrong"]])).collect();
    assert_eq!(
        rules[..3],
        [
            json!(["line 3", "regulator_sent_at", "regulator-sent-at-in-the-future", false]),
            json!(["line 3", "notice_at", "notice-at-in-the-future", false]),
            json!(["line 4", "notice_at", "notice-at-after-received", true]),
        ]
    );
}

#[test]
fn what_looks_personal_outside_the_narrative_is_counted_by_field_and_never_shown() {
    let dir = tempfile::tempdir().unwrap();
    let rows = format!(
        "ann@bank.example,{NARRATIVE},en,\nc-2,{NARRATIVE},en,4111 1111 1111 1111\nc-3,{NARRATIVE},en,+44 7700 900123\n"
    );
    let path = file(&dir, "complaints.csv", &format!("complaint_id,narrative,language,customer_ref\n{rows}"));
    let (done, text) = run(path.to_str().unwrap(), true, &Settings::default());
    assert_eq!(done, Done::Well, "they are taken: {text}");
    let printed = objects(&text);
    let rules: Vec<_> =
        printed.iter().map(|it| json!([it["field"], it["rule"], it["complaint_id"]])).collect();
    assert_eq!(
        rules[..3],
        [
            json!(["complaint_id", "personal-email", null]),
            json!(["customer_ref", "personal-card-number", "c-2"]),
            json!(["customer_ref", "personal-phone-number", "c-3"]),
        ]
    );
    let (_, shown) = run(path.to_str().unwrap(), false, &Settings::default());
    assert!(
        !text.contains("bank.example") && !shown.contains("bank.example") && !shown.contains("900123"),
        "{shown}"
    );
}

#[test]
fn a_file_without_fault_ends_well() {
    let dir = tempfile::tempdir().unwrap();
    let path =
        file(&dir, "complaints.csv", &format!("complaint_id,narrative,language\nc-1,{NARRATIVE},en\n"));
    let (done, text) = run(path.to_str().unwrap(), false, &Settings::default());
    assert_eq!((done, text.as_str()), (Done::Well, "1 records checked, 0 of them wrong\n"));
}

#[test]
fn what_a_file_does_otherwise_than_most_is_noted_and_no_record_is_wrong_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let content = format!(
        "complaint_id;narrative;language;language;received;chanel;queue;known_product\n\
         c-1;{NARRATIVE};en;en;;web;x;Mortgage\nc-2;{NARRATIVE};en;en;;web;x;Mortgages\n"
    );
    let path = file(&dir, "complaints.csv", &content);
    let (done, text) = run(path.to_str().unwrap(), true, &Settings::default());
    let printed = objects(&text);
    let found: Vec<_> = printed[..6].iter().map(|it| json!([it["place"], it["field"], it["rule"]])).collect();
    assert_eq!(
        found,
        [
            json!(["file", "record", "read-as"]),
            json!(["header", "language", "column-doubled"]),
            json!(["header", "chanel", "column-unknown"]),
            json!(["header", "queue", "column-unknown"]),
            json!(["header", "received", "column-unknown"]),
            json!(["line 3", "known_product", "known-product-unknown"]),
        ]
    );
    assert!(printed[0]["mend"].as_str().unwrap().contains("separated by ;"), "{text}");
    assert!(printed[2]["mend"].as_str().unwrap().contains("channel"), "{text}");
    assert_eq!((done, &printed[6]["wrong"]), (Done::Well, &json!(0)));
}

#[test]
fn each_thing_that_a_file_does_otherwise_is_told_in_its_own_words() {
    let dir = tempfile::tempdir().unwrap();
    let content = format!("Complaints of March;;\ncomplaint_id;narrative;;language\nc-1;{NARRATIVE};;en\n");
    let path = file(&dir, "complaints.csv", &content);
    let (_, text) = run(path.to_str().unwrap(), true, &Settings::default());
    let printed = objects(&text);
    let fixes: Vec<&str> = printed[..3].iter().filter_map(|it| it["mend"].as_str()).collect();
    assert!(fixes[0].contains("separated by ;") && fixes[1].contains("header is on line 2"), "{text}");
    assert_eq!(
        (&printed[2]["field"], &printed[3]["reasons"].as_array().unwrap().len()),
        (&json!("(no name)"), &3)
    );
}

#[test]
fn a_folder_is_told_as_one() {
    let dir = tempfile::tempdir().unwrap();
    let target = Some(dir.path().to_str().unwrap().to_owned());
    let reading = FileReading::default();
    let args = Check { target, number: 1, all: false, reading, json: false, json_schema: false };
    let error = check(&args, &Settings::default(), &ManualClock::at(NOW), &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("is a folder"), "{error}");
}

/// A raw record in the partition of its key, or in `partition`.
fn raw(key: &'static str, value: Option<bytes::Bytes>, partition: Option<i32>) -> Outgoing {
    Outgoing {
        topic: "complaints.raw".into(),
        partition,
        key: Some(key.into()),
        value,
        headers: vec![("traceparent".to_owned(), Some("00-1".into()))],
    }
}

#[test]
fn every_record_that_a_joiner_would_park_is_told_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings { data: dir.path().to_owned(), ..Settings::default() };
    let log = Local::open(dir.path(), Options::catalogue("", 4)).unwrap();
    let (mut sink, deliveries) = log.sink::<()>(8);
    let mut good = RawComplaint::new("c-1", NARRATIVE, NOW);
    good.language = "en".into();
    good.bulk = true;
    let value = |complaint: &RawComplaint| Some(codec::encode(complaint).unwrap());
    let blank = RawComplaint { narrative: " ".into(), ..good.clone() };
    let elsewhere = (partition_of(b"c-1", 4) + 1) % 4;
    let records = [
        raw("c-1", value(&good), None),
        raw("c-2", value(&good), None),
        raw("c-1", value(&blank), None),
        raw("c-1", None, None),
        raw("c-1", Some("{}".into()), None),
        raw("c-1", Some(bytes::Bytes::from_static(b"\0\0\0\0\x07junk")), None),
        raw("c-1", value(&good), Some(elsewhere)),
    ];
    for record in records {
        sink.send(record, ()).unwrap();
        deliveries.recv().unwrap().result.unwrap();
    }
    let (done, text) = run("complaints.raw", true, &settings);
    let printed = objects(&text);
    let summary = printed.last().unwrap();
    assert_eq!((done, &summary["checked"], &summary["wrong"]), (Done::Wanting, &json!(7), &json!(5)));
    let mut rules: Vec<&str> = printed.iter().filter_map(|it| it["rule"].as_str()).collect();
    rules.sort_unstable();
    let expected = [
        "id-in-two-partitions",
        "key-is-not-the-id",
        "narrative-blank",
        "no-value",
        "partition-is-not-the-keys",
        "undecodable",
        "unknown-schema",
    ];
    assert_eq!(rules, expected);
    assert_eq!(printed[0]["complaint_id"].as_str().map(|id| id.starts_with("c-")), Some(true));
    let places = printed.iter().filter_map(|it| it["place"].as_str());
    assert!(places.into_iter().all(|place| place.starts_with("complaints.raw[") && place.contains("]@")));

    let (done, _) = run("complaints.raw", false, &settings);
    assert_eq!(done, Done::Wanting);
}

#[test]
fn a_key_that_is_missing_or_framed_is_taken_and_noted() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings { data: dir.path().to_owned(), ..Settings::default() };
    let log = Local::open(dir.path(), Options::catalogue("", 4)).unwrap();
    let (mut sink, deliveries) = log.sink::<()>(8);
    let mut good = RawComplaint::new("c-1", NARRATIVE, NOW);
    good.language = "en".into();
    good.bulk = true;
    let value = codec::encode(&good).unwrap();
    let framed = "\0\0\0\0\x05\x06c-1";
    // In one partition: that a complaint lies in two is another note.
    let partition = partition_of(framed.as_bytes(), 4);
    let records = [
        Outgoing { key: None, ..raw("", Some(value.clone()), Some(partition)) },
        raw(framed, Some(value), None),
    ];
    for record in records {
        sink.send(record, ()).unwrap();
        deliveries.recv().unwrap().result.unwrap();
    }
    let (done, text) = run("complaints.raw", true, &settings);
    let printed = objects(&text);
    let mut notes: Vec<_> = printed.iter().filter(|it| it["place"].is_string()).collect();
    notes.sort_by_key(|it| it["rule"].to_string());
    let found: Vec<_> = notes.iter().map(|it| json!([it["rule"], it["complaint_id"], it["wrong"]])).collect();
    assert_eq!(done, Done::Well);
    assert_eq!(found, [json!(["key-framed", "c-1", false]), json!(["key-missing", "c-1", false])]);
}

#[test]
fn what_is_neither_file_nor_topic_is_said() {
    let args = Check {
        target: Some("complaints.routed".into()),
        number: 1,
        all: false,
        reading: FileReading::default(),
        json: false,
        json_schema: false,
    };
    let error = check(&args, &Settings::default(), &ManualClock::at(NOW), &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("complaints.raw"), "{error}");
}
