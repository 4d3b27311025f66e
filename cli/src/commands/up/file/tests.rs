//! What of a file is sent, counted and waited for; on the embedded log where records are appended.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ombud_contract::{catalogue::Topic, codec};
use ombud_intake::FileDefaults;
use ombud_launch::config::Settings;
use ombud_local::{Local, Options};
use ombud_stream::{Committer, Event, GroupMember, Position, Source, Start, TopicPartition};

use super::*;
use crate::{
    commands::up::journey::tests::{complaint, route},
    log::backend::View,
    output::terminal::Terminal,
};

fn file(dir: &Path, rows: &str) -> PathBuf {
    let path = dir.join("complaints.csv");
    fs::write(&path, format!("complaint_id,narrative\n{rows}")).unwrap();
    path
}

/// What was read, and how many complaints are wanted.
fn send(log: &Local, path: &Path, shutdown: &Shutdown) -> (SentFile, usize) {
    let mut follow = TopicFollower::new(log.reader().unwrap(), "", [1, 1], Shutdown::default());
    follow.catch_up(Duration::ZERO).unwrap();
    let mut sent = SentFile::default();
    let reading = ComplaintFile::open(path, FileDefaults::of(path).unwrap()).unwrap();
    let way = FileSend {
        publisher: Publisher::new(log.sink(8)),
        follow: &mut follow,
        raw: Topic::Raw.name("").into(),
        progress: &mut ProgressDisplay::start(&Terminal::default()),
        backfill: Backfill::watch(&View::Embedded(log.view()), &Settings::default()).unwrap(),
        shutdown,
    };
    sent.send(reading, way).unwrap();
    (sent, follow.journeys().count_wanted())
}

fn logged(log: &Local) -> Vec<RawComplaint> {
    let partition = TopicPartition::new(Topic::Raw.name(""), 0);
    let records = log.reader().unwrap().fetch(&partition, 0, Duration::ZERO).unwrap();
    records.into_iter().map(|record| codec::decode(record.value.as_deref().unwrap()).unwrap()).collect()
}

#[test]
fn a_row_is_sent_unless_its_complaint_was_said_so_just_before_or_the_log_has_it() {
    let mut journeys = Journeys::default();
    journeys.submitted(&complaint("c-3", "Nobody calls."), 0, 100);
    let mut sent = SentFile::default();
    for (id, narrative, is_to_be_sent, duplicates) in [
        ("c-1", "They charged me.", true, 0),
        ("c-1", "They charged me.", false, 1),
        ("c-2", "They charged me.", true, 1),
        ("c-1", "They paid it back.", true, 1),
        // An earlier run has sent it: that is no duplicate in the file.
        ("c-3", "Nobody calls.", false, 1),
        ("c-3", "Nobody calls.", false, 2),
    ] {
        assert_eq!(
            sent.is_to_be_sent(&complaint(id, narrative), &mut journeys),
            is_to_be_sent,
            "{id} {narrative}"
        );
        assert_eq!(sent.duplicates, duplicates, "{id} {narrative}");
    }
    assert_eq!(journeys.count_wanted(), 3);
    let again = journeys.want(&complaint("c-1", "They paid it back."));
    assert!(again.is_repeated, "the last content counts");
}

#[test]
fn what_is_waited_for_is_the_last_content_of_each_complaint_of_the_file() {
    let mut journeys = Journeys::default();
    let mut sent = SentFile::default();
    for (offset, (id, narrative)) in [("c-1", "first"), ("c-1", "second"), ("c-2", "only")].iter().enumerate()
    {
        sent.is_to_be_sent(&complaint(id, narrative), &mut journeys);
        journeys.submitted(&complaint(id, narrative), offset as i64, 100);
    }
    journeys.submitted(&complaint("c-9", "of another file"), 3, 100);
    let mut routed = |id: &str, revision: i64, raw_offset: i64| {
        journeys.routed(&route(id, revision, raw_offset), 200);
        journeys.count_routed()
    };
    assert_eq!(routed("c-1", 1, 0), 0, "the route is of the first content");
    assert_eq!(routed("c-9", 1, 3), 0);
    assert_eq!(routed("c-2", 1, 2), 1);
    assert_eq!(routed("c-1", 2, 1), 2);
}

#[test]
fn a_file_that_broke_off_is_a_failure_though_what_came_before_is_good() {
    let broken_off = IntakeError::Folder { path: "complaints.csv".into() };
    assert!(SentFile { broken_off: Some(broken_off), ..SentFile::default() }.ended_well().is_err());
    let mut rejections = Rejections::listed_in("there".into());
    rejections.note("narrative-blank", "send what the customer wrote");
    assert_eq!(SentFile { rejections, ..SentFile::default() }.ended_well().unwrap(), Done::Well);
}

#[test]
fn a_file_that_is_begun_again_sends_what_is_missing_as_bulk() {
    let dir = tempfile::tempdir().unwrap();
    let log = Local::open(dir.path(), Options::catalogue("", 1)).unwrap();
    let path = file(dir.path(), "c-1,They charged me.\nc-2,  \nc-1,They charged me.\n");
    let (sent, wanted) = send(&log, &path, &Shutdown::default());
    assert_eq!((wanted, sent.rejections.count(), sent.duplicates), (1, 1, 1));

    let path = file(dir.path(), "c-1,They charged me.\nc-3,Nobody calls.\n");
    let (sent, wanted) = send(&log, &path, &Shutdown::default());
    assert_eq!((wanted, sent.rejections.count(), sent.duplicates), (2, 0, 0));
    let logged = logged(&log);
    let ids: Vec<&str> = logged.iter().map(|complaint| complaint.complaint_id.as_str()).collect();
    assert_eq!(ids, ["c-1", "c-3"]);
    assert!(logged.iter().all(|complaint| complaint.bulk));
}

#[test]
fn a_backfill_goes_on_as_it_is_answered_and_no_faster() {
    let dir = tempfile::tempdir().unwrap();
    let log = Local::open(dir.path(), Options::catalogue("", 1)).unwrap();
    let rows: String =
        (0..100).map(|number| format!("c-{number},They charged me {number} times.\n")).collect();
    let (path, shutdown) = (file(dir.path(), &rows), Shutdown::default());
    let partition = TopicPartition::new(Topic::Raw.name(""), 0);
    let (most, sent) = std::thread::scope(|scope| {
        let sending = scope.spawn(|| send(&log, &path, &shutdown));
        let mut member = log.member("ombud.infer.all", &[&partition.topic], Start::Earliest).unwrap();
        let (mut most, mut answered) = (0, 0);
        while !sending.is_finished() {
            most = most.max(log.reader().unwrap().end(&partition).unwrap() - answered);
            match member.poll(Duration::from_millis(10)).unwrap() {
                Some(Event::Record(record)) => {
                    answered = record.offset + 1;
                    let metadata = String::new();
                    member
                        .commit(&[Position { partition: partition.clone(), offset: answered, metadata }])
                        .unwrap();
                }
                Some(Event::Assigned { partitions, generation }) => {
                    for partition in partitions {
                        member.begin(&partition, generation, &mut |_| Ok(0)).unwrap();
                    }
                }
                _ => {}
            }
        }
        (most, sending.join().unwrap())
    });
    assert_eq!((sent.1, logged(&log).len()), (100, 100));
    assert!(most < 100, "all of it lay in front of the group at once");
}

#[test]
fn whoever_is_stopped_reads_no_further() {
    let dir = tempfile::tempdir().unwrap();
    let log = Local::open(dir.path(), Options::catalogue("", 1)).unwrap();
    let stopped = Shutdown::default();
    stopped.request();
    let (_, wanted) = send(&log, &file(dir.path(), "c-1,They charged me.\n"), &stopped);
    assert!(wanted == 0 && logged(&log).is_empty());
}
