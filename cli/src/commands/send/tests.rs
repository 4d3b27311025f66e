//! The whole of sending on the embedded log, with sinks that fail where a test wants it.

use std::{fs, path::Path, time::Duration};

use crossbeam_channel::{Sender, bounded};
use indicatif::ProgressBar;
use ombud_contract::{codec, records::RawComplaint};
use ombud_local::{Local, Options};
use ombud_stream::{Delivery, ManualClock, Outage, Outgoing, Reader, Record, Refused, Sink, TopicPartition};
use sending::Token;

use anyhow::bail;

use super::*;

const FILE: &str = "complaint_id,narrative,submission\nc-1,They charged me.,\nc-2,  ,\nc-1,They charged me.,\n\
    c-3,Nobody calls.,\nc-1,They paid it back.,2\n";

fn file(dir: &Path) -> PathBuf {
    let path = dir.join("complaints.csv");
    fs::write(&path, FILE).unwrap();
    path
}

fn bookmark(dir: &Path) -> Bookmark {
    let job = SendJob {
        file_sha256: "ab".into(),
        bulk: true,
        topic: "complaints.raw".into(),
        cluster: "here".into(),
    };
    Bookmark::new(dir, job)
}

fn sending(appending: SinkAndDeliveries, shutdown: &Shutdown) -> FileSender {
    FileSender {
        appending,
        topic: "complaints.raw".into(),
        bulk: true,
        pace: Some(Pace::new(10_000.0, Instant::now())),
        backfill: None,
        clock: Arc::new(ManualClock::at(1_770_000_000_000)),
        shutdown: shutdown.clone(),
        bar: ProgressBar::hidden(),
        counted: true,
        pause: Duration::ZERO,
    }
}

fn run(dir: &Path, appending: SinkAndDeliveries, shutdown: &Shutdown) -> Result<SendOutcome> {
    let bookmark = bookmark(dir);
    let reached = bookmark.read()?;
    sending(appending, shutdown).run(
        ComplaintFile::open(&file(dir), FileDefaults::of(&file(dir))?)?,
        &bookmark,
        reached,
    )
}

fn complaints(log: &Local) -> Vec<RawComplaint> {
    let mut reader = log.reader().unwrap();
    let mut records: Vec<Record> = Vec::new();
    for partition in 0..4 {
        let partition = TopicPartition::new("complaints.raw", partition);
        records.extend(reader.fetch(&partition, 0, Duration::ZERO).unwrap().records);
    }
    assert!(records.iter().all(|it| !it.headers.is_empty()));
    records.iter().map(|it| codec::decode(it.value.as_deref().unwrap()).unwrap()).collect()
}

/// Answers only the first `answers` records, then asks the run to stop.
struct Silent {
    answers: usize,
    delivered: Sender<Delivery<Token>>,
    shutdown: Shutdown,
}

impl Sink<Token> for Silent {
    fn send(&mut self, record: Outgoing, token: Token) -> Result<(), Refused<Token>> {
        if self.answers == 0 {
            self.shutdown.request();
            let refusal = Outage::passing("append", "the broker went away");
            self.delivered.send(Delivery { token, result: Err(refusal) }).unwrap();
            return Ok(());
        }
        self.answers -= 1;
        let place = (TopicPartition::new(record.topic, 0), 0);
        self.delivered.send(Delivery { token, result: Ok(place) }).unwrap();
        Ok(())
    }
}

#[test]
fn every_content_of_a_file_is_sent_once_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let log = Local::open(dir.path(), Options::catalogue("", 4)).unwrap();
    let (sink, deliveries) = log.sink(2);
    let sent = run(dir.path(), (Box::new(sink), deliveries), &Shutdown::default()).unwrap();
    assert_eq!((sent.sent, sent.duplicates, sent.read.rejections.count()), (3, 1, 1));
    assert!(sent.reached.done && sent.unsure == 0);
    let complaints = complaints(&log);
    assert!(complaints.iter().all(|it| it.bulk));
    let of_first: Vec<&str> =
        complaints.iter().filter(|it| it.complaint_id == "c-1").map(|it| it.narrative.as_str()).collect();
    assert_eq!(of_first, ["They charged me.", "They paid it back."]);
    assert!(
        fs::read_to_string(dir.path().join("complaints.csv.rejected.csv"))
            .unwrap()
            .contains("narrative-blank")
    );
    assert!(bookmark(dir.path()).read().unwrap().done);
}

#[test]
fn a_run_that_was_stopped_goes_on_behind_what_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let shutdown = Shutdown::default();
    let (delivered, deliveries) = bounded(8);
    let silent = Silent { answers: 1, delivered, shutdown: shutdown.clone() };
    let sent = run(dir.path(), (Box::new(silent), deliveries), &shutdown).unwrap();
    // Rows 2 and 3 have nothing to be sent; row 4 was never acknowledged.
    assert_eq!((sent.sent, sent.unsure, sent.reached.row, sent.reached.done), (1, 1, 3, false));

    let log = Local::open(dir.path(), Options::catalogue("", 4)).unwrap();
    let (sink, deliveries) = log.sink(2);
    let sent = run(dir.path(), (Box::new(sink), deliveries), &Shutdown::default()).unwrap();
    assert_eq!((sent.sent, sent.before, sent.reached.done), (2, 1, true));
    assert_eq!(complaints(&log).len(), 2);
}

#[test]
fn what_the_log_refuses_for_good_ends_the_run_with_the_bookmark_before_it() {
    struct Broken;
    impl Sink<Token> for Broken {
        fn send(&mut self, record: Outgoing, token: Token) -> Result<(), Refused<Token>> {
            Err(Refused { record, token, outage: Some(Outage::fatal("append", "not authorised")) })
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let (_told, deliveries) = bounded(1);
    let error = run(dir.path(), (Box::new(Broken), deliveries), &Shutdown::default()).unwrap_err();
    assert_eq!(error.to_string(), "append");
    assert_eq!(bookmark(dir.path()).read().unwrap(), SendProgress::default());
}

#[test]
fn a_file_that_was_sent_is_not_sent_again_unless_that_is_asked_for_or_the_log_is_another() {
    let dir = tempfile::tempdir().unwrap();
    let bookmark = bookmark(dir.path());
    let reached = SendProgress { row: 5, done: true, last: [(0, 2)].into() };
    bookmark.write(&reached).unwrap();
    let mut args = Send {
        file: file(dir.path()),
        bulk: true,
        at_once: true,
        rate: None,
        from_start: false,
        reading: FileReading::default(),
        json: false,
    };
    let ends = |end| Ok(vec![(TopicPartition::new("complaints.raw", 0), end)]);
    assert_eq!(begin_at(&args, &bookmark, || ends(3)).unwrap(), reached);
    assert_eq!(begin_at(&args, &bookmark, || bail!("look: there is none")).unwrap(), reached);
    assert_eq!(begin_at(&args, &bookmark, || ends(2)).unwrap(), SendProgress::default());
    let mut out = Vec::new();
    sent_already(&args, &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("--from-start"));
    args.from_start = true;
    assert_eq!(begin_at(&args, &bookmark, || ends(3)).unwrap(), SendProgress::default());
}

#[test]
fn an_outage_that_passes_is_waited_for() {
    struct Down<S>(usize, S);
    impl<S: Sink<Token>> Sink<Token> for Down<S> {
        fn send(&mut self, record: Outgoing, token: Token) -> Result<(), Refused<Token>> {
            if self.0 == 0 {
                return self.1.send(record, token);
            }
            self.0 -= 1;
            Err(Refused { record, token, outage: Some(Outage::passing("ask the registry", "no answer")) })
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let log = Local::open(dir.path(), Options::catalogue("", 4)).unwrap();
    let (sink, deliveries) = log.sink(2);
    let sent = run(dir.path(), (Box::new(Down(3, sink)), deliveries), &Shutdown::default()).unwrap();
    assert_eq!((sent.sent, sent.reached.done), (3, true));
}

#[cfg(feature = "servers")]
#[test]
fn on_brokers_a_file_is_sent_once_and_checks_out() {
    use crate::commands::check::{self, Check};

    let dir = tempfile::tempdir().unwrap();
    let settings = crate::log::on_brokers::on_brokers(&dir);
    let received_at = Some(crate::input::file_reading::ReceivedAt::File);
    let reading = FileReading { received_at, ..FileReading::default() };
    let args = Send {
        file: file(dir.path()),
        bulk: true,
        at_once: true,
        rate: None,
        from_start: false,
        reading,
        json: true,
    };
    let run = || {
        let mut out = Vec::new();
        send(&args, &settings, &Terminal::default(), &mut out).unwrap();
        serde_json::from_slice::<serde_json::Value>(&out).unwrap()
    };
    let first = run();
    assert_eq!((&first["sent"], &first["rejected"], &first["done"]), (&3.into(), &1.into(), &true.into()));
    assert_eq!(run()["sent"], 0);
    let check = Check {
        target: Some(Topic::Raw.name(&settings.topics.prefix)),
        number: 1_000,
        all: true,
        reading: FileReading::default(),
        json: true,
        json_schema: false,
    };
    let mut out = Vec::new();
    check::check(&check, &settings, &SystemClock, &mut out).unwrap();
    let summary: serde_json::Value =
        serde_json::from_slice(out.split(|b| *b == b'\n').rev().nth(1).unwrap()).unwrap();
    assert_eq!((&summary["checked"], &summary["wrong"]), (&3.into(), &0.into()));
}
