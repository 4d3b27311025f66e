//! A log that has lost what it acknowledged is refused, and damage that it can live with is found by a deep look.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use ombud_local::{Damage, Gap, Local, LocalError, LocalReader, Loss, Options};
use ombud_store::{CaseEvent, CaseStore, Kind, Row};
use ombud_stream::{
    Committer, Event, Outgoing, Position, Reader, Record, Sink, Source, Start, TopicPartition,
};
use tempfile::TempDir;

const PARTITIONS: i32 = 2;
const GROUP: &str = "g";

fn options() -> Options {
    Options::new([("t".to_owned(), PARTITIONS)])
}

fn at(partition: i32) -> TopicPartition {
    TopicPartition::new("t", partition)
}

/// Appends `count` records to a partition, one transaction each.
fn append(local: &Local, partition: i32, count: i64) {
    let (mut sink, deliveries) = local.sink(1);
    for number in 0..count {
        let value = Bytes::from(format!("0____a complaint of {number}, which is as long as complaints are"));
        let mut record =
            Outgoing::stamped("t".into(), Some(partition), Some("c-1".into()), value, "test", &[]);
        record.headers.push(("n".into(), None));
        sink.send(record, ()).unwrap();
        deliveries.recv().unwrap().result.unwrap();
    }
}

fn commit(local: &Local, offset: i64) {
    let mut member = local.member(GROUP, &["t"], Start::Earliest).unwrap();
    assert!(matches!(member.poll(Duration::ZERO).unwrap(), Some(Event::Assigned { .. })));
    member.commit(&[Position { partition: at(0), offset, metadata: "kept".into() }]).unwrap();
}

/// What a kill -9 leaves of an open log: its files as they lie now.
fn killed(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    copy(from, to.path());
    to
}

fn copy(from: &Path, to: &Path) {
    for name in ["ombud.db", "ombud.db-wal", "marks"] {
        if from.join(name).exists() {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

fn wal(dir: &Path) -> PathBuf {
    dir.join("ombud.db-wal")
}

fn flip(file: &Path, bit: u64) {
    let mut bytes = fs::read(file).unwrap();
    let byte = usize::try_from(bit / 8).unwrap();
    bytes[byte] ^= 1 << (bit % 8);
    fs::write(file, bytes).unwrap();
}

fn loss(dir: &Path) -> Loss {
    let refused = Local::open(dir, options()).err().unwrap();
    let LocalError::Lost { loss, .. } = refused else { panic!("{refused}") };
    assert_eq!(Local::loss(dir).unwrap().as_ref(), Some(&loss));
    loss
}

/// All records, read to the end.
fn records(reader: &mut LocalReader) -> Result<Vec<Record>, ombud_stream::Outage> {
    let mut records = Vec::new();
    for partition in 0..PARTITIONS {
        let (mut next, end) = (0, reader.end(&at(partition))?);
        while next < end {
            let stretch = reader.fetch(&at(partition), next, Duration::ZERO)?;
            assert!(stretch.next > next, "it leads on");
            next = stretch.next;
            records.extend(stretch.records);
        }
    }
    Ok(records)
}

/// A log of three records in partition 0 and two in 1, in its file, and then four more in 0, in its journal alone.
fn log(dir: &Path) -> Local {
    let local = Local::open(dir, options()).unwrap();
    append(&local, 0, 3);
    append(&local, 1, 2);
    drop(local);
    let local = Local::open(dir, options()).unwrap();
    append(&local, 0, 4);
    local
}

#[test]
fn a_flipped_bit_in_the_journal_after_a_kill_is_refused_with_the_offsets_and_an_honest_one_opens() {
    let dir = tempfile::tempdir().unwrap();
    let local = log(dir.path());
    let (honest, flipped) = (killed(dir.path()), killed(dir.path()));
    drop(local);

    let whole = Local::open(honest.path(), options()).unwrap();
    assert_eq!(records(&mut whole.reader().unwrap()).unwrap().len(), 9);

    let middle = fs::metadata(wal(flipped.path())).unwrap().len() / 2;
    flip(&wal(flipped.path()), middle * 8);
    let journal = fs::read(wal(flipped.path())).unwrap();
    let lost = loss(flipped.path());
    assert!(matches!(lost.damage, Damage::Behind(1..)), "{lost}");
    let [Gap { partition, from, to: 7 }] = &lost.gaps[..] else { panic!("{lost}") };
    assert!(*partition == at(0) && (3..7).contains(from), "{lost}");
    let said = Local::open(flipped.path(), options()).err().unwrap().to_string();
    assert!(said.contains("t[0] offsets") && said.contains("to 6"), "{said}");
    assert!(said.contains("ombud restore") && said.contains("ombud repair --accept-loss"), "{said}");
    drop(Local::open_read_only(flipped.path()).unwrap());
    assert_eq!(fs::read(wal(flipped.path())).unwrap(), journal, "it stays as it lies");
}

#[test]
fn a_transaction_without_records_is_missed_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let local = log(dir.path());
    let before = fs::metadata(wal(dir.path())).unwrap().len();
    commit(&local, 3);
    let killed = killed(dir.path());
    drop(local);
    // Somewhere in the frames of the commit.
    flip(&wal(killed.path()), (before + 100) * 8);
    let lost = loss(killed.path());
    assert_eq!((lost.damage, lost.gaps.len()), (Damage::Behind(1), 0));
}

#[test]
fn a_lost_a_truncated_and_an_emptied_file_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(log(dir.path()));
    let all = [Gap { partition: at(0), from: 0, to: 7 }, Gap { partition: at(1), from: 0, to: 2 }];
    let file = dir.path().join("ombud.db");
    let whole = fs::read(&file).unwrap();

    fs::remove_file(&file).unwrap();
    let lost = loss(dir.path());
    assert_eq!((lost.damage, &lost.gaps[..]), (Damage::Missing, &all[..]));
    fs::write(&file, b"").unwrap();
    assert_eq!(loss(dir.path()).damage, Damage::Missing);
    for len in [100, 4_096, whole.len() / 2] {
        fs::write(&file, &whole[..len]).unwrap();
        let lost = loss(dir.path());
        assert!(matches!(lost.damage, Damage::Unreadable(_)), "{len} bytes: {lost}");
        assert_eq!(lost.gaps, all, "{len} bytes");
    }
    fs::write(&file, &whole).unwrap();
    Local::open(dir.path(), options()).unwrap();
}

#[test]
fn marks_that_are_gone_are_missed_but_for_a_folder_of_an_older_build() {
    let dir = tempfile::tempdir().unwrap();
    drop(log(dir.path()));
    let marks = dir.path().join("marks");
    fs::remove_file(&marks).unwrap();
    assert_eq!(loss(dir.path()).damage, Damage::Unmarked);
    fs::write(&marks, "nonsense").unwrap();
    assert_eq!(loss(dir.path()).damage, Damage::Unmarked);
    fs::remove_file(&marks).unwrap();

    // As an older build left it: without marks, and without what came with them.
    let older = rusqlite::Connection::open(dir.path().join("ombud.db")).unwrap();
    let earlier = "DROP TABLE commits; DROP TABLE gaps; PRAGMA user_version = 1;
                   ALTER TABLE records DROP COLUMN digest; ALTER TABLE positions DROP COLUMN digest";
    older.execute_batch(earlier).unwrap();
    drop(older);
    let view = Local::open_read_only(dir.path()).unwrap();
    assert_eq!(records(&mut view.reader().unwrap()).unwrap().len(), 9);
    assert_eq!(examined(dir.path()), (9, Vec::new()));
    let local = Local::open(dir.path(), options()).unwrap();
    append(&local, 1, 1);
    commit(&local, 2);
    drop(local);
    assert_eq!(examined(dir.path()), (10, Vec::new()));
    fs::remove_file(&marks).unwrap();
    assert_eq!(loss(dir.path()).damage, Damage::Unmarked, "from its first opening on it has them");
}

/// How many records a deep look saw, and what it found.
fn examined(dir: &Path) -> (u64, Vec<String>) {
    let mut found = Vec::new();
    let view = Local::open_read_only(dir).unwrap();
    let records = view.examine(&mut |damage| found.push(damage)).unwrap();
    (records, found)
}

#[test]
fn a_repair_goes_on_behind_what_is_lost_and_says_for_ever_what_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let local = log(dir.path());
    let flipped = killed(dir.path());
    drop(local);
    flip(&wal(flipped.path()), fs::metadata(wal(flipped.path())).unwrap().len() / 2 * 8);
    let lost = loss(flipped.path());
    let from = lost.gaps[0].from;

    let repaired = Local::accept_loss(flipped.path(), 5_000).unwrap().unwrap();
    assert_eq!((&repaired.loss, repaired.aside), (&lost, None));
    assert!(Local::accept_loss(flipped.path(), 6_000).unwrap().is_none(), "nothing more is lost");
    let local = Local::open(flipped.path(), options()).unwrap();
    let mut reader = local.reader().unwrap();
    assert_eq!(reader.end(&at(0)).unwrap(), 7, "an offset is never used again");
    assert_eq!(reader.fetch(&at(0), from, Duration::ZERO).unwrap().next, 7);
    append(&local, 0, 1);
    let offsets: Vec<i64> = records(&mut reader).unwrap().iter().map(|record| record.offset).collect();
    assert_eq!(offsets, (0..from).chain([7, 0, 1]).collect::<Vec<_>>());
    assert_eq!(reader.offset_at(&at(0), i64::MIN).unwrap(), 0);
    assert_eq!(reader.offset_at(&at(0), i64::MAX).unwrap(), 8);
    drop(local);
    let view = Local::open_read_only(flipped.path()).unwrap();
    let accepted = view.gaps().next().unwrap();
    assert_eq!((&accepted.gap, accepted.accepted_at), (&lost.gaps[0], 5_000));
    let topics = view.topics().unwrap();
    assert_eq!((&topics[0].ends[..], topics[0].records()), (&[8, 2][..], from + 3));
    assert_eq!(examined(flipped.path()), (u64::try_from(from).unwrap() + 3, Vec::new()));
}

#[test]
fn a_repair_of_a_lost_file_starts_a_new_one_where_the_old_one_ended() {
    let dir = tempfile::tempdir().unwrap();
    drop(log(dir.path()));
    let file = dir.path().join("ombud.db");
    fs::write(&file, &fs::read(&file).unwrap()[..5_000]).unwrap();
    let repaired = Local::accept_loss(dir.path(), 5_000).unwrap().unwrap();
    assert!(repaired.aside.unwrap().join("ombud.db").is_file());

    let local = Local::open(dir.path(), options()).unwrap();
    let mut member = local.member(GROUP, &["t"], Start::Earliest).unwrap();
    assert!(matches!(member.poll(Duration::ZERO).unwrap(), Some(Event::Assigned { .. })));
    let mut reader = local.reader().unwrap();
    assert_eq!(reader.offset_at(&at(0), i64::MIN).unwrap(), 7);
    // A reader that begins before learns where the partition goes on, and then gets what comes.
    member.start(&at(0), 0).unwrap();
    let event = member.poll(Duration::ZERO).unwrap();
    assert!(matches!(event, Some(Event::Reached { next: 7, .. })), "{event:?}");
    assert!(member.poll(Duration::ZERO).unwrap().is_none());
    append(&local, 0, 1);
    let event = member.poll(Duration::from_secs(10)).unwrap();
    assert!(matches!(&event, Some(Event::Record(record)) if record.offset == 7), "{event:?}");
}

#[test]
fn a_backup_under_load_holds_what_was_acknowledged_before_it_and_its_marks_fit() {
    let dir = tempfile::tempdir().unwrap();
    let local = log(dir.path());
    commit(&local, 3);
    let (done, stop) = crossbeam_channel::bounded::<()>(0);
    std::thread::scope(|scope| {
        let local = &local;
        scope.spawn(move || {
            while stop.try_recv() == Err(crossbeam_channel::TryRecvError::Empty) {
                append(local, 1, 1);
            }
        });
        for _ in 0..5 {
            append(local, 0, 20);
            let acknowledged = local.reader().unwrap().end(&at(0)).unwrap();
            let copy = tempfile::tempdir().unwrap();
            let (mut copied, view) = ((0, 0), Local::open_read_only(dir.path()).unwrap());
            view.back_up(copy.path(), &mut |done, all| copied = (done, all)).unwrap();
            assert!(copied.0 == copied.1 && copied.1 > 0, "{copied:?}");
            let (_, found) = examined(copy.path());
            assert_eq!(found, Vec::<String>::new());
            let restored = Local::open(copy.path(), options()).unwrap();
            let mut reader = restored.reader().unwrap();
            assert_eq!(reader.end(&at(0)).unwrap(), acknowledged, "nobody else appends there");
            assert_eq!(reader.committed(GROUP, &at(0)).unwrap().unwrap().offset, 3);
            append(&restored, 0, 1);
        }
        drop(done);
    });
}

/// A seeded sequence of numbers: xorshift.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, end: u64) -> u64 {
        for shift in [13_i32, -7, 17] {
            self.0 ^= if shift > 0 { self.0 << shift } else { self.0 >> -shift };
        }
        self.0 % end
    }
}

#[test]
fn each_of_500_flipped_bits_is_named_or_all_reads_back_equal() {
    let dir = tempfile::tempdir().unwrap();
    let local = log(dir.path());
    append(&local, 1, 40);
    commit(&local, 3);
    local.cases().unwrap().write(&(0..20).map(event).collect::<Vec<_>>()).unwrap();
    let written = read_back_from(&local).unwrap();
    let after_a_kill = killed(dir.path());
    drop(local);
    let mut seeded = Seeded(0x6f6d_6275_6421);
    let (mut named, mut equal) = (0, 0);
    for (number, folder) in (0..500).zip([dir.path(), after_a_kill.path()].into_iter().cycle()) {
        let damaged = tempfile::tempdir().unwrap();
        copy(folder, damaged.path());
        let files: Vec<PathBuf> =
            fs::read_dir(damaged.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        let bits = |file: &PathBuf| fs::metadata(file).unwrap().len() * 8;
        let mut bit = seeded.below(files.iter().map(bits).sum());
        let file = files
            .iter()
            .find(|file| match bit.checked_sub(bits(file)) {
                Some(rest) => {
                    bit = rest;
                    false
                }
                None => true,
            })
            .unwrap();
        flip(file, bit);
        match read_back(damaged.path()) {
            None => named += 1,
            Some(read) => {
                let place = format!("flip {number}: bit {bit} of {}", file.display());
                assert!(read == written, "{place}: differs, and nobody says so");
                equal += 1;
            }
        }
    }
    assert!(named > 100 && equal > 10, "{named} were named, {equal} changed nothing");
}

/// A row of the case `c-1`.
fn event(number: i64) -> Row {
    Row::CaseEvent(CaseEvent {
        complaint_id: "c-1".to_owned(),
        kind: Kind::Raw,
        seq: number,
        id: format!("event-{number}"),
        at: 1_760_000_000_000 + number,
        task: None,
        team: Some("card-desk".to_owned()),
        model_id: None,
        model_version: None,
        schema_id: Some(1),
        body: Bytes::from(format!("0____a complaint of {number}, which is as long as complaints are")),
        origin: format!("t/0/{number}"),
    })
}

/// All that a folder holds.
type Content = (Vec<Record>, Option<Position>, Vec<CaseEvent>);

/// As it is read; `None` where somebody says that something is wrong.
fn read_back(dir: &Path) -> Option<Content> {
    let local = Local::open(dir, options()).ok()?;
    let mut found = 0;
    local.view().examine(&mut |_| found += 1).ok()?;
    (found == 0).then(|| read_back_from(&local))?
}

fn read_back_from(local: &Local) -> Option<Content> {
    let mut reader = local.reader().ok()?;
    let position = reader.committed(GROUP, &at(0)).ok()?;
    Some((records(&mut reader).ok()?, position, local.cases().ok()?.case("c-1").ok()?))
}
