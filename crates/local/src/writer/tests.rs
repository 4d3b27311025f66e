//! A disk without room, as SQLite reports it: the file may not grow beyond the pages that it has.

use std::{path::Path, thread::JoinHandle};

use bytes::Bytes;
use crossbeam_channel::Receiver;
use ombud_stream::{Delivery, Readiness, Sink, SystemClock};

use super::*;
use crate::{
    board::Board, bodies, disk::Disk, file, folder, gaps::Gaps, options::LogLimits, queue::Queue,
    sink::LocalSink, topics::Topics,
};

struct Full {
    shared: Arc<Shared>,
    writer: JoinHandle<()>,
    readiness: Readiness,
    /// What takes the room, in another connection's hands.
    ballast: Connection,
}

impl Full {
    fn new(dir: &Path) -> Self {
        let path = folder::path(dir);
        let mut connection = file::open(&path).unwrap();
        file::prepare(&mut connection, &path).unwrap();
        let mut topics = Topics::read(&connection).unwrap();
        topics.ensure(&connection, "t", 1).unwrap();
        let ballast = "CREATE TABLE ballast (x BLOB); INSERT INTO ballast VALUES (zeroblob(4000000))";
        connection.execute_batch(ballast).unwrap();
        let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        connection.pragma_update(None, "max_page_count", pages).unwrap();
        let limits = LogLimits::default();
        let shared = Arc::new(Shared {
            board: Board::new(vec![0]),
            queue: Queue::new(limits.queue_len, limits.queue_bytes),
            digest: digest::column(&connection).unwrap(),
            body: bodies::column(&connection).unwrap(),
            disk: Disk::default(),
            live: true,
            path,
            topics,
            gaps: Gaps::default(),
            limits,
        });
        let readiness = Readiness::default();
        shared.disk.report_to(&readiness);
        let heads = heads(&connection, &shared.gaps, 1).unwrap();
        let marks = Marks::begin(dir, &Mark::default()).unwrap();
        let clock = Arc::new(SystemClock);
        let writer = Writer { connection, heads, commit: 0, marks, clock, shared: Arc::clone(&shared) };
        let writer = std::thread::spawn(|| writer.run());
        let ballast = Connection::open(&shared.path).unwrap();
        Self { shared, writer, readiness, ballast }
    }

    fn sink(&self) -> (LocalSink<u8>, Receiver<Delivery<u8>>) {
        let (deliveries, receiver) = crossbeam_channel::bounded(8);
        (LocalSink::new(Arc::clone(&self.shared), deliveries, 8), receiver)
    }

    fn close(self) {
        self.shared.queue.close();
        self.writer.join().unwrap();
    }
}

/// More than fits on a page that is there.
fn large() -> Outgoing {
    let value = Some(Bytes::from(vec![7; 100_000]));
    Outgoing { topic: "t".into(), partition: Some(0), key: None, value, headers: Vec::new() }
}

#[test]
fn a_full_disk_is_an_outage_that_passes_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let full = Full::new(dir.path());
    let ((patient, waits), (mut prompt, failed)) = (full.sink(), full.sink());
    let mut patient = patient.patient();
    patient.send(large(), 1).unwrap();
    prompt.send(large(), 2).unwrap();
    let outage = failed.recv().unwrap().result.unwrap_err();
    assert!(!outage.fatal && outage.to_string() == "append to t: the disk is full", "{outage}");
    let waiting = full.readiness.waiting();
    assert!(waiting["log"].contains("disk full") && waiting["log"].contains("ombud.db"), "{waiting:?}");
    // One that comes while the disk is full.
    prompt.send(large(), 3).unwrap();
    assert!(failed.recv().unwrap().result.is_err_and(|outage| !outage.fatal));
    assert!(waits.is_empty(), "whoever can wait hears nothing");

    full.ballast.execute_batch("DROP TABLE ballast").unwrap();
    let (_, offset) = waits.recv().unwrap().result.unwrap();
    assert_eq!(offset, 0, "what was refused left no gap");
    assert!(full.readiness.waiting().is_empty());
    prompt.send(large(), 4).unwrap();
    assert_eq!(failed.recv().unwrap().result.unwrap().1, 1);
    full.close();
}

#[test]
fn a_disk_that_nobody_waits_for_is_asked_again_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let full = Full::new(dir.path());
    let (mut prompt, failed) = full.sink();
    prompt.send(large(), 1).unwrap();
    assert!(failed.recv().unwrap().result.is_err());
    full.ballast.execute_batch("DROP TABLE ballast").unwrap();
    let until = std::time::Instant::now() + Duration::from_secs(60);
    while !full.readiness.waiting().is_empty() {
        assert!(std::time::Instant::now() < until, "it is never found to have room");
        std::thread::yield_now();
    }
    full.close();
}

#[test]
fn a_log_that_is_closed_on_a_full_disk_answers_everybody() {
    let dir = tempfile::tempdir().unwrap();
    let full = Full::new(dir.path());
    let (patient, waits) = full.sink();
    patient.patient().send(large(), 1).unwrap();
    full.close();
    assert!(waits.recv().unwrap().result.is_err_and(|outage| !outage.fatal));
}
