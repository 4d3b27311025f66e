use std::sync::Arc;

use ombud_contract::{
    codec,
    dead_letter::{LETTER_HEADER, REDRIVES_HEADER, UnreadableRecord},
    ids,
};
use ombud_stream::{ManualClock, Outgoing, Reader, Record, Sink, TopicPartition};

use super::*;
use crate::log::scan::scan;

const NOW: i64 = 1_770_000_000_000;
const BAD: &[u8] = b"\0\0\0\0\x07junk";

/// A folder whose log holds `values` in one partition of complaints.raw, each with its dead letter.
fn with_letters(values: &[Option<&'static [u8]>]) -> (tempfile::TempDir, Settings) {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings { data: dir.path().to_owned(), ..Settings::default() };
    append(&Backend::embedded(&settings).unwrap(), &settings, values);
    (dir, settings)
}

fn append(backend: &Backend, settings: &Settings, values: &[Option<&'static [u8]>]) {
    let (mut sink, deliveries) = backend.sink::<()>(8).unwrap();
    let mut append = |record| {
        sink.send(record, ()).unwrap();
        deliveries.recv().unwrap().result.unwrap()
    };
    let name = |topic: Topic| -> Arc<str> { topic.name(&settings.topics.prefix).into() };
    for value in values {
        let value = value.map(bytes::Bytes::from_static);
        let headers = vec![("from".to_owned(), Some("crm".into()))];
        let key = Some(bytes::Bytes::from_static(b"c-1"));
        let raw = Outgoing {
            topic: name(Topic::Raw),
            partition: Some(2),
            key: key.clone(),
            value: value.clone(),
            headers: headers.clone(),
        };
        let (at, offset) = append(raw);
        let unread = UnreadableRecord {
            topic: &at.topic,
            partition: at.partition,
            offset,
            appended_at: NOW,
            key: key.as_ref(),
            value: value.as_ref(),
            headers: &headers,
        };
        let letter = unread.letter("join", DeadReason::Undecodable, "not Avro", NOW).unwrap();
        append(Outgoing::stamped(name(Topic::DeadLetters), None, key, letter, "join", &[]));
    }
}

fn args() -> Redrive {
    Redrive {
        ids: vec![],
        reasons: vec![],
        since: None,
        until: None,
        all: false,
        with: None,
        dry_run: false,
        yes: true,
        json: true,
    }
}

fn run(args: &Redrive, settings: &Settings) -> (Done, serde_json::Value) {
    let mut out = Vec::new();
    let done = redrive(args, settings, &ManualClock::at(NOW), &mut out).unwrap();
    (done, serde_json::from_slice(&out).unwrap())
}

fn raw(settings: &Settings) -> Vec<Record> {
    let mut reader = View::open(settings).unwrap().reader(READER).unwrap();
    let partition = TopicPartition::new(Topic::Raw.name(&settings.topics.prefix), 2);
    let mut records = Vec::new();
    let end = reader.end(&partition).unwrap();
    scan(&mut reader, &partition, 0, end, |record| {
        records.push(record);
        Ok(())
    })
    .unwrap();
    records
}

fn header(record: &Record, name: &str) -> Option<String> {
    let (_, value) = record.headers.iter().find(|(known, _)| known == name)?;
    value.as_ref().map(|value| String::from_utf8_lossy(value).into_owned())
}

#[test]
fn a_letter_is_sent_again_as_it_was_and_once() {
    let (_dir, settings) = with_letters(&[Some(BAD)]);
    is_sent_again_once(&settings);
}

#[cfg(feature = "servers")]
#[test]
fn on_brokers_a_letter_is_sent_again_as_it_was_and_once() {
    let dir = tempfile::tempdir().unwrap();
    let settings = crate::log::on_brokers::on_brokers(&dir);
    append(&Backend::brokers(&settings, &[]).unwrap(), &settings, &[Some(BAD)]);
    is_sent_again_once(&settings);
}

fn is_sent_again_once(settings: &Settings) {
    let (done, report) = run(&Redrive { all: true, ..args() }, settings);
    assert_eq!((done, &report["sent"], &report["already"]), (Done::Well, &1.into(), &0.into()));
    let records = raw(settings);
    let [was, is] = &records[..] else { panic!("{records:?}") };
    assert_eq!((&is.key, &is.value, &is.source), (&was.key, &was.value, &was.source));
    assert_eq!(header(is, "from").as_deref(), Some("crm"));
    assert_eq!(header(is, REDRIVES_HEADER).as_deref(), Some("1"));
    let id = ids::dead_letter_id(&Topic::Raw.name(&settings.topics.prefix), 2, 0);
    assert_eq!(header(is, LETTER_HEADER), Some(id));

    let (done, report) = run(&Redrive { all: true, ..args() }, settings);
    assert_eq!((done, &report["sent"], &report["already"]), (Done::Well, &0.into(), &1.into()));
    assert_eq!(raw(settings).len(), 2);
}

#[test]
fn what_is_not_what_was_written_is_sent_again_only_with_what_it_should_have_been() {
    let mut letter = DeadLetter {
        reason: DeadReason::Corrupt,
        ..serde_json::from_str(include_str!(
            "../../../../schemas/complaints.dead-letters/examples/valid/corrupt.json"
        ))
        .unwrap()
    };
    let refused = dead_letters::refusal(&letter, "").unwrap();
    assert!(refused.is_fixed_by_a_value() && refused.why().contains("not what was written"));
    letter.reason = DeadReason::Undecodable;
    assert_eq!(dead_letters::refusal(&letter, ""), None);
}

#[test]
fn only_what_is_selected_is_sent() {
    let (_dir, settings) = with_letters(&[Some(BAD), Some(BAD)]);
    let second = ids::dead_letter_id("complaints.raw", 2, 1);
    let none = [
        Redrive { reasons: vec![DeadReason::TooLarge], ..args() },
        Redrive { since: Some(When::At(NOW + 1)), ..args() },
        Redrive { until: Some(When::At(NOW)), ..args() },
        Redrive { ids: vec![second.clone()], reasons: vec![DeadReason::Invalid], dry_run: true, ..args() },
    ];
    for args in none {
        assert_eq!(run(&args, &settings).1["sent"], 0, "{args:?}");
    }
    let (_, report) =
        run(&Redrive { ids: vec![second.clone()], since: Some(When::Ago(5)), ..args() }, &settings);
    assert_eq!((&report["sent"], &report["letters"][0]["dead_letter_id"]), (&1.into(), &second.into()));
}

#[test]
fn a_dry_run_sends_nothing() {
    let (_dir, settings) = with_letters(&[Some(BAD)]);
    let (done, report) = run(&Redrive { all: true, dry_run: true, ..args() }, &settings);
    assert_eq!((done, &report["letters"][0]["state"]), (Done::Well, &"to-send".into()));
    assert_eq!(raw(&settings).len(), 1);
}

#[test]
fn what_can_not_be_sent_is_listed_with_why() {
    let (_dir, settings) = with_letters(&[None]);
    let unknown = "0".repeat(64);
    let (done, report) = run(&Redrive { ids: vec![unknown.clone()], ..args() }, &settings);
    assert_eq!((done, &report["letters"][0]["dead_letter_id"]), (Done::Wanting, &unknown.into()));
    let (done, report) = run(&Redrive { all: true, ..args() }, &settings);
    assert_eq!((done, &report["refused"]), (Done::Wanting, &1.into()));
    assert!(report["letters"][0]["detail"].as_str().unwrap().contains("--with"));
}

#[test]
fn a_mended_complaint_takes_the_place_of_the_value() {
    let (dir, settings) = with_letters(&[None]);
    let file = dir.path().join("replacement.json");
    fs::write(&file, r#"{"complaint_id": "c-1", "narrative": "They charged me twice."}"#).unwrap();
    let replacing = Redrive { all: true, with: Some(file.clone()), ..args() };
    let (done, report) = run(&replacing, &settings);
    assert_eq!((done, &report["sent"]), (Done::Well, &1.into()));
    let again = raw(&settings).remove(1);
    let complaint: RawComplaint = codec::decode(again.value.as_deref().unwrap()).unwrap();
    assert_eq!((complaint.complaint_id.as_str(), complaint.received_at), ("c-1", NOW));
    assert!(header(&again, "content-sha256").is_some());
}

#[test]
fn a_mended_complaint_with_another_id_is_refused() {
    let (dir, settings) = with_letters(&[Some(BAD)]);
    let file = dir.path().join("replacement.json");
    fs::write(&file, r#"{"complaint_id": "c-2", "narrative": "They charged me twice."}"#).unwrap();
    let replacing = Redrive { all: true, with: Some(file), ..args() };
    let error = redrive(&replacing, &settings, &ManualClock::at(NOW), &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("complaint_id"), "{error}");
    assert_eq!(raw(&settings).len(), 1);
}

#[test]
fn a_letter_whose_key_names_no_complaint_is_replaced_under_any_id() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("replacement.json");
    fs::write(&file, r#"{"complaint_id": "c-9", "narrative": "They charged me twice."}"#).unwrap();
    let value = bytes::Bytes::from_static(BAD);
    let replaced = |key: Option<&'static [u8]>| {
        let key = key.map(bytes::Bytes::from_static);
        let unread = UnreadableRecord {
            topic: "complaints.raw",
            partition: 2,
            offset: 0,
            appended_at: NOW,
            key: key.as_ref(),
            value: Some(&value),
            headers: &[],
        };
        let letter = unread.letter("join", DeadReason::Undecodable, "not Avro", NOW).unwrap();
        replacement(&file, &codec::decode(&letter).unwrap(), None)
    };
    assert_eq!(replaced(None).unwrap().complaint_id, "c-9");
    assert_eq!(replaced(Some(b"\0\0\0\0\x05\x06c-9")).unwrap().complaint_id, "c-9");
    assert!(replaced(Some(b"c-1")).is_err());
}

#[test]
fn nothing_selected_is_refused() {
    let error = args().selection(NOW).unwrap_err().to_string();
    assert!(error.contains("--all"), "{error}");
}
