//! A row that is not what was written is noticed by whoever reads it, and its neighbours are read on.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{path::Path, time::Duration};

use bytes::Bytes;
use ombud_contract::codec::CORRUPT;
use ombud_local::{Local, LocalView, Options};
use ombud_store::{CaseEvent, CaseStore, Kind, Row};
use ombud_stream::{Committer, Outgoing, Position, Reader, Record, Sink, Source, Start, TopicPartition};
use rusqlite::Connection;

fn options() -> Options {
    Options::new([("t".to_owned(), 1)])
}

fn partition() -> TopicPartition {
    TopicPartition::new("t", 0)
}

fn append(local: &Local, values: &[&'static [u8]]) {
    let (mut sink, deliveries) = local.sink(1);
    for value in values {
        let value = Bytes::from_static(value);
        let record = Outgoing::stamped("t".into(), Some(0), Some("c-1".into()), value, "test", &[]);
        sink.send(record, ()).unwrap();
        deliveries.recv().unwrap().result.unwrap();
    }
}

/// The file in another's hands; what it changes need not outlive the machine.
fn beside(dir: &Path) -> Connection {
    let connection = Connection::open(dir.join("ombud.db")).unwrap();
    connection.pragma_update(None, "synchronous", "off").unwrap();
    connection
}

fn records(view: &LocalView) -> Vec<Record> {
    view.reader().unwrap().fetch(&partition(), 0, Duration::ZERO).unwrap().records
}

/// Calls `look` with each single bit of `bytes` changed.
fn each_bit(bytes: &[u8], mut look: impl FnMut(Vec<u8>)) {
    for (at, bit) in (0..bytes.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut changed = bytes.to_vec();
        changed[at] ^= 1 << bit;
        look(changed);
    }
}

#[test]
fn every_changed_bit_of_a_record_is_noticed_and_its_neighbours_are_read() {
    let dir = tempfile::tempdir().unwrap();
    append(
        &Local::open(dir.path(), options()).unwrap(),
        &[b"\0\0\0\0\x07one", b"\0\0\0\0\x07two", b"\0\0\0\0\x07three"],
    );
    let view = Local::open_read_only(dir.path()).unwrap();
    let whole = records(&view);
    assert!(whole.iter().all(|record| record.value.as_deref() != Some(CORRUPT)));
    let beside = beside(dir.path());
    for column in ["key", "value", "headers"] {
        let set = format!("UPDATE records SET {column} = ?1 WHERE place & 255 = 1");
        let get = format!("SELECT {column} FROM records WHERE place & 255 = 1");
        let was: Vec<u8> = beside.query_row(&get, [], |row| row.get(0)).unwrap();
        each_bit(&was, |changed| {
            beside.execute(&set, [&changed]).unwrap();
            let found = records(&view);
            assert_eq!(found[1].value.as_deref(), Some(CORRUPT), "{column} {changed:02x?}");
            if column == "value" {
                assert_eq!(found[1].as_logged().map(|value| value.to_vec()), Some(changed));
            }
            assert_eq!((&found[0], &found[2]), (&whole[0], &whole[2]));
        });
        beside.execute(&set, [&was]).unwrap();
    }
    beside.execute("UPDATE records SET appended_at = appended_at + 1 WHERE place & 255 = 1", []).unwrap();
    assert_eq!(records(&view)[1].value.as_deref(), Some(CORRUPT));
    beside.execute("UPDATE records SET appended_at = appended_at - 1 WHERE place & 255 = 1", []).unwrap();
    assert_eq!(records(&view), whole);
}

#[test]
fn a_position_that_is_not_what_was_committed_is_named_and_not_gone_on_from() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(dir.path(), options()).unwrap();
    append(&local, &[b"one", b"two"]);
    let mut member = local.member("g", &["t"], Start::Earliest).unwrap();
    member.poll(Duration::ZERO).unwrap();
    let position = Position { partition: partition(), offset: 1, metadata: "kept".into() };
    member.commit(std::slice::from_ref(&position)).unwrap();
    let beside = beside(dir.path());
    for (change, back) in [
        ("next_offset = 0", "next_offset = 1"),
        ("metadata = 'lept'", "metadata = 'kept'"),
        ("group_name = 'h'", "group_name = 'g'"),
    ] {
        beside.execute(&format!("UPDATE positions SET {change}"), []).unwrap();
        let group = if change.starts_with("group") { "h" } else { "g" };
        let error = local.reader().unwrap().committed(group, &partition()).unwrap_err();
        assert!(error.fatal && error.to_string().contains("t[0]"), "{error}");
        beside.execute(&format!("UPDATE positions SET {back}"), []).unwrap();
    }
    assert_eq!(member.committed(&partition()).unwrap(), Some(position));
}

fn event(id: &str) -> CaseEvent {
    CaseEvent {
        complaint_id: "c-1".into(),
        kind: Kind::Routed,
        seq: 1,
        id: id.into(),
        at: 5,
        task: None,
        team: Some("cards".into()),
        model_id: None,
        model_version: None,
        schema_id: Some(7),
        body: Bytes::from_static(b"\0\0\0\0\x07body"),
        origin: "complaints.routed/0/1".into(),
    }
}

#[test]
fn an_event_of_a_case_that_was_changed_is_named_and_the_others_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(dir.path(), options()).unwrap();
    let mut cases = local.cases().unwrap();
    let rows = [event("a"), event("b")].map(Row::CaseEvent);
    cases.write(&rows).unwrap();
    let beside = beside(dir.path());
    let damaged = |cases: &mut ombud_local::LocalCases| {
        let mut damaged = Vec::new();
        let events = cases.each_damaged(&mut |event| damaged.push(event.id.clone())).unwrap();
        (events, damaged)
    };
    assert_eq!(damaged(&mut cases), (2, vec![]));
    each_bit(b"\0\0\0\0\x07body", |changed| {
        beside.execute("UPDATE case_events SET body = ?1 WHERE id = 'a'", [&changed]).unwrap();
        let found = cases.case("c-1").unwrap();
        assert!(found[0].is_spoilt() && found[1] == event("b"), "{changed:02x?}");
    });
    assert_eq!(damaged(&mut cases), (2, vec!["a".to_owned()]));
    cases.write(&rows).unwrap();
    assert_eq!(cases.case("c-1").unwrap(), [event("a"), event("b")]);
    for change in
        ["team = 'loans'", "at = 6", "schema_id = 6", "origin = ''", "task = ''", "kind = 2", "kind = 77"]
    {
        beside.execute(&format!("UPDATE case_events SET {change} WHERE id = 'a'"), []).unwrap();
        let found = cases.case("c-1").unwrap();
        assert_eq!(found.iter().filter(|event| event.is_spoilt()).count(), 1, "{change}");
        assert!(found.contains(&event("b")), "{change}");
        beside.execute("DELETE FROM case_events WHERE id = 'a'", []).unwrap();
        cases.write(&rows).unwrap();
    }
}

#[test]
fn the_body_of_an_event_lies_with_its_record_and_is_read_and_verified_there() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(dir.path(), options()).unwrap();
    append(&local, &[b"one", b"two"]);
    let of = |id: &str, body: &'static [u8], origin: &str| CaseEvent {
        body: Bytes::from_static(body),
        origin: origin.into(),
        ..event(id)
    };
    let with_records = [of("a", b"one", "t/0/0"), of("b", b"two", "t/0/1")];
    // Another body than the record has, no record, no partition, no place of a record at all.
    let without = [
        of("c", b"two", "t/0/0"),
        of("d", b"one", "t/0/2"),
        of("e", b"one", "t/9/0"),
        of("f", b"one", "t/0/-1"),
        of("g", b"one", "elsewhere"),
    ];
    let all: Vec<CaseEvent> = with_records.iter().chain(&without).cloned().collect();
    let mut cases = local.cases().unwrap();
    cases.write(&all.iter().cloned().map(Row::CaseEvent).collect::<Vec<_>>()).unwrap();
    assert_eq!(cases.case("c-1").unwrap(), all);
    let beside = beside(dir.path());
    let kept = "SELECT group_concat(id, '') FROM case_events WHERE length(body) > 0";
    assert_eq!(beside.query_row(kept, [], |row| row.get::<_, String>(0)).unwrap(), "cdefg");

    beside.execute("UPDATE records SET value = x'6f6e66' WHERE value = x'6f6e65'", []).unwrap();
    beside.execute("DELETE FROM records WHERE value = x'74776f'", []).unwrap();
    let spoilt = cases.case("c-1").unwrap().into_iter().filter(CaseEvent::is_spoilt);
    assert_eq!(spoilt.map(|event| event.id).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn rows_of_an_older_build_are_taken_as_they_are_and_new_ones_have_digests() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(dir.path(), options()).unwrap();
    append(&local, &[b"one"]);
    local.cases().unwrap().write(&[Row::CaseEvent(event("a"))]).unwrap();
    drop(local);
    let beside = beside(dir.path());
    for table in ["records", "positions", "case_events"] {
        beside.execute_batch(&format!("ALTER TABLE {table} DROP COLUMN digest")).unwrap();
    }
    beside.execute_batch("ALTER TABLE case_events DROP COLUMN record_place").unwrap();
    beside.pragma_update(None, "user_version", 1).unwrap();
    let view = Local::open_read_only(dir.path()).unwrap();
    assert_eq!(records(&view)[0].value.as_deref(), Some(&b"one"[..]));
    assert_eq!(view.cases().unwrap().case("c-1").unwrap(), [event("a")]);

    let local = Local::open(dir.path(), options()).unwrap();
    append(&local, &[b"two"]);
    let beside = Connection::open(dir.path().join("ombud.db")).unwrap();
    let digests: i64 = beside.query_row("SELECT count(digest) FROM records", [], |row| row.get(0)).unwrap();
    assert_eq!((records(&local.view()).len(), digests), (2, 1));
    // Of what was there before, the record's own digest is left.
    beside.execute("UPDATE records SET value = x'6f6e66' WHERE digest IS NULL", []).unwrap();
    assert_eq!(records(&local.view())[0].value.as_deref(), Some(CORRUPT));
}
