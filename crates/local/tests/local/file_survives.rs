//! One folder, one process, and nothing acknowledged is lost.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use ombud_local::{Local, LocalError, Options};
use ombud_stream::{
    Committer, Event, ManualClock, Outgoing, Position, Reader, Sink, Source, Start, TopicPartition,
};

fn options() -> Options {
    Options::new([("t".to_owned(), 2)])
}

fn numbered(partition: i32, number: u64) -> Outgoing {
    let value = Some(Bytes::from(number.to_string()));
    Outgoing { topic: "t".into(), partition: Some(partition), key: None, value, headers: Vec::new() }
}

fn append(local: &Local, partition: i32, numbers: std::ops::Range<u64>) {
    let (mut sink, deliveries) = local.sink(1_000);
    for number in numbers.clone() {
        sink.send(numbered(partition, number), ()).unwrap();
    }
    for _ in numbers {
        deliveries.recv().unwrap().result.unwrap();
    }
}

fn at(partition: i32) -> TopicPartition {
    TopicPartition::new("t", partition)
}

/// Set where a test runs once more, as a process of its own, to do the other process's part.
const FOLDER: &str = "OMBUD_TEST_FOLDER";

/// Runs a test of this file in another process, with its output for us.
fn child(test: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("{}::{test}", module()), "--nocapture"])
        .env(FOLDER, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// This file's, as the test harness names it: without the crate.
fn module() -> &'static str {
    module_path!().split_once("::").map_or("", |(_, module)| module)
}

/// The child's part: appends for ever, commits as it goes, and says what was acknowledged.
fn append_until_killed(folder: &Path) {
    let local = Local::open(folder, options()).unwrap();
    let (mut sink, deliveries) = local.sink(64);
    let mut member = local.member("g", &["t"], Start::Earliest).unwrap();
    assert!(matches!(member.poll(Duration::ZERO).unwrap(), Some(Event::Assigned { .. })));
    let mut out = std::io::stdout();
    for number in 0.. {
        let (mut record, partition) = (numbered((number % 2) as i32, number), at((number % 2) as i32));
        while let Err(refused) = sink.send(record, number) {
            assert!(refused.outage.is_none());
            record = refused.record;
            let delivery = deliveries.recv().unwrap();
            let (to, offset) = delivery.result.unwrap();
            writeln!(out, "appended {} {offset} {}", to.partition, delivery.token).unwrap();
        }
        if number % 50 == 49 {
            let offset = i64::try_from(number).unwrap();
            member.commit(&[Position { partition, offset, metadata: String::new() }]).unwrap();
            writeln!(out, "committed {offset}").unwrap();
        }
    }
}

/// What a child said was acknowledged to it.
#[derive(Default)]
struct Acknowledged {
    /// Partition, offset and value.
    appended: Vec<(i32, usize, String)>,
    committed: Option<i64>,
}

impl Acknowledged {
    fn hear(&mut self, line: &str) {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["appended", partition, offset, value] => {
                self.appended.push((partition.parse().unwrap(), offset.parse().unwrap(), value.to_owned()));
            }
            ["committed", offset] => self.committed = Some(offset.parse().unwrap()),
            // What the test harness says.
            _ => {}
        }
    }
}

#[test]
fn nothing_that_was_acknowledged_is_lost_when_the_process_is_killed() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return append_until_killed(Path::new(&folder));
    }
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Acknowledged::default();
    for lines in [40, 333, 1_000] {
        let mut child = child("nothing_that_was_acknowledged_is_lost_when_the_process_is_killed", dir.path());
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        output.by_ref().take(lines).for_each(|line| acknowledged.hear(&line));
        // SIGKILL: no destructor runs, nothing is flushed.
        child.kill().unwrap();
        output.for_each(|line| acknowledged.hear(&line));
        child.wait().unwrap();
    }

    let local = Local::open(dir.path(), options()).unwrap();
    let mut reader = local.reader().unwrap();
    let values = [values(&mut reader, 0), values(&mut reader, 1)];
    assert!(acknowledged.appended.len() > 1_000);
    for (partition, offset, value) in &acknowledged.appended {
        assert_eq!(&values[partition.unsigned_abs() as usize][*offset], value);
    }
    let stored = reader.committed("g", &at(1)).unwrap().map(|position| position.offset);
    assert!(
        acknowledged.committed.is_some() && stored >= acknowledged.committed,
        "{stored:?}, {:?} was acknowledged",
        acknowledged.committed
    );
}

fn values(reader: &mut impl Reader, partition: i32) -> Vec<String> {
    let end = reader.end(&at(partition)).unwrap();
    let mut values = Vec::new();
    while (values.len() as i64) < end {
        let records = reader.fetch(&at(partition), values.len() as i64, Duration::ZERO).unwrap().records;
        values
            .extend(records.iter().map(|r| String::from_utf8(r.value.as_deref().unwrap().to_vec()).unwrap()));
    }
    values
}

/// The child's part: holds the folder until its input ends.
#[expect(clippy::print_stdout, reason = "what the other process waits for")]
fn hold_until_the_end_of_input(folder: &Path) {
    let _local = Local::open(folder, options()).unwrap();
    println!("\nheld");
    std::io::stdin().lines().for_each(drop);
}

#[test]
fn a_second_process_is_told_who_has_the_folder_and_may_still_read() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return hold_until_the_end_of_input(Path::new(&folder));
    }
    let dir = tempfile::tempdir().unwrap();
    append(&Local::open(dir.path(), options()).unwrap(), 0, 0..3);
    let mut child = child("a_second_process_is_told_who_has_the_folder_and_may_still_read", dir.path());
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(output.any(|line| line.unwrap() == "held"));

    let refused = Local::open(dir.path(), options()).err().unwrap();
    assert!(matches!(refused, LocalError::Locked { .. }));
    assert!(refused.to_string().contains(&format!("process {} is using it", child.id())), "{refused}");
    let view = Local::open_read_only(dir.path()).unwrap();
    assert_eq!(view.topics().unwrap()[0].ends, [3, 0]);
    assert_eq!(values(&mut view.reader().unwrap(), 0), ["0", "1", "2"]);

    child.kill().unwrap();
    child.wait().unwrap();
    Local::open(dir.path(), options()).expect("a dead process holds nothing");
}

#[test]
fn a_reader_beside_the_log_sees_what_comes() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(dir.path(), options()).unwrap();
    let view = Local::open_read_only(dir.path()).unwrap();
    let mut reader = view.reader().unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || reader.fetch(&at(1), 0, Duration::from_secs(30)).unwrap().records);
        append(&local, 1, 7..8);
        assert_eq!(waiting.join().unwrap()[0].value.as_deref(), Some(&b"7"[..]));
    });
}

#[test]
fn positions_and_records_are_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    {
        let local = Local::open(dir.path(), options()).unwrap();
        append(&local, 0, 0..10);
        let mut member = local.member("g", &["t"], Start::Earliest).unwrap();
        member.poll(Duration::ZERO).unwrap();
        member.commit(&[Position { partition: at(0), offset: 4, metadata: "kept".into() }]).unwrap();
    }
    let local = Local::open(dir.path(), options()).unwrap();
    append(&local, 0, 10..12);
    let mut reader = local.reader().unwrap();
    assert_eq!(values(&mut reader, 0).len(), 12);
    let position = reader.committed("g", &at(0)).unwrap().unwrap();
    assert_eq!((position.offset, position.metadata.as_str()), (4, "kept"));
}

#[test]
fn what_was_sent_is_durable_when_the_log_is_closed_and_later_sends_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(dir.path(), options()).unwrap();
    let (mut sink, deliveries) = local.sink(100);
    for number in 0..100 {
        sink.send(numbered(0, number), ()).unwrap();
    }
    drop(local);
    assert_eq!(deliveries.try_iter().filter(|delivery| delivery.result.is_ok()).count(), 100);
    let refused = sink.send(numbered(0, 100), ()).unwrap_err();
    assert!(refused.outage.is_some_and(|outage| outage.fatal));
}

#[test]
fn a_transaction_that_fails_acknowledges_nothing_and_leaves_no_gap() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(dir.path(), options()).unwrap();
    append(&local, 0, 0..1);
    let beside = rusqlite::Connection::open(dir.path().join("ombud.db")).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON records BEGIN SELECT RAISE(ABORT, 'disk full'); END";
    beside.execute_batch(full).unwrap();
    let (mut sink, deliveries) = local.sink(1);
    sink.send(numbered(0, 1), "token").unwrap();
    let delivery = deliveries.recv().unwrap();
    assert_eq!(delivery.token, "token");
    assert!(delivery.result.is_err_and(|outage| !outage.fatal), "trying again may help");

    beside.execute_batch("DROP TRIGGER full").unwrap();
    append(&local, 0, 1..3);
    assert_eq!(values(&mut local.reader().unwrap(), 0), ["0", "1", "2"]);
}

#[test]
fn a_sender_that_took_every_delivery_finds_room() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(dir.path(), options()).unwrap();
    let (mut sink, deliveries) = local.sink(1);
    for number in 0..300 {
        sink.send(numbered(0, number), ()).unwrap();
        deliveries.recv().unwrap().result.unwrap();
    }
}

#[test]
fn append_times_never_fall_though_the_clock_is_set_back() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(1_000));
    let options = || Options { clock: Arc::<ManualClock>::clone(&clock), ..options() };
    let local = Local::open(dir.path(), options()).unwrap();
    for step in [0, -500, 700, -300] {
        clock.advance(step);
        append(&local, 0, 0..1);
    }
    drop(local);
    // 900 now: also over a restart.
    let local = Local::open(dir.path(), options()).unwrap();
    append(&local, 0, 0..1);
    let mut reader = local.reader().unwrap();
    let times: Vec<i64> = reader
        .fetch(&at(0), 0, Duration::ZERO)
        .unwrap()
        .records
        .iter()
        .map(|record| record.appended_at)
        .collect();
    assert_eq!(times, [1_000, 1_000, 1_200, 1_200, 1_200]);
    assert_eq!(reader.offset_at(&at(0), 1_001).unwrap(), 2);
}

#[test]
fn a_group_that_starts_at_a_time_or_at_the_end_keeps_that_start() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(1_000));
    let local =
        Local::open(dir.path(), Options { clock: Arc::<ManualClock>::clone(&clock), ..options() }).unwrap();
    append(&local, 0, 0..2);
    clock.advance(1_000);
    append(&local, 0, 2..5);
    for (group, start, offset) in [("late", Start::Latest, 5), ("timed", Start::Time(1_500), 2)] {
        for _ in 0..2 {
            // The second time there is more in the log; the start stays where it was.
            let mut member = local.member(group, &["t"], start).unwrap();
            member.poll(Duration::ZERO).unwrap();
            assert_eq!(member.committed(&at(0)).unwrap().unwrap().offset, offset);
            append(&local, 1, 0..1);
        }
    }
}

#[test]
fn another_partition_count_is_refused_with_the_one_that_holds() {
    let dir = tempfile::tempdir().unwrap();
    drop(Local::open(dir.path(), options()).unwrap());
    let refused = Local::open(dir.path(), Options::new([("t".to_owned(), 3)])).err().unwrap();
    assert!(refused.to_string().contains("set partitions = 2"), "{refused}");
}

#[test]
fn a_file_of_the_first_build_goes_on_and_tells_that_build_that_it_has_become_newer() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(dir.path(), options()).unwrap();
    append(&local, 0, 0..3);
    drop(local);
    let file = dir.path().join("ombud.db");
    let format = || -> i64 {
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    };
    let newest = format();
    assert!(newest > 1, "the first build wrote 1, and schemas have come since");
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 1).unwrap();
    drop(Local::open_read_only(dir.path()).unwrap());
    assert_eq!(format(), 1, "who only reads leaves it as it is");

    let local = Local::open(dir.path(), options()).unwrap();
    append(&local, 0, 3..4);
    drop(local);
    assert_eq!(format(), newest);
}

#[test]
fn a_newer_file_and_a_foreign_one_are_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(Local::open(dir.path(), options()).unwrap());
    let file = dir.path().join("ombud.db");
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let refused = Local::open(dir.path(), options()).err().unwrap();
    assert!(matches!(refused, LocalError::Newer { found: 99, .. }), "{refused}");
    assert!(matches!(Local::open_read_only(dir.path()), Err(LocalError::Newer { .. })));

    let other = tempfile::tempdir().unwrap();
    let foreign = rusqlite::Connection::open(other.path().join("ombud.db")).unwrap();
    foreign.execute_batch("CREATE TABLE somebody_elses (x)").unwrap();
    assert!(matches!(Local::open(other.path(), options()), Err(LocalError::Foreign { .. })));
}

#[test]
fn a_folder_without_a_log_says_what_to_run() {
    let dir = tempfile::tempdir().unwrap();
    let refused = Local::open_read_only(dir.path()).err().unwrap();
    assert!(refused.to_string().contains("run `ombud up` first"), "{refused}");
}
