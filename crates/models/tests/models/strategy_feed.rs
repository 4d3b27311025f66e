//! The feed knows the strategy only while it has read the topic to its end lately.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use ombud_contract::codec;
use ombud_contract::records::Strategy;
use ombud_models::{StrategyFeed, StrategyUnknown, with_approvals};
use ombud_stream::{ManualClock, Outage, Reader, Readiness, Record, Stretch, TopicPartition, Waiting};

use crate::given;

const TOPIC: &str = "models.strategy";

/// A log in memory that gives one record at a time, and can be out, or keep records on their way.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<(Vec<Record>, bool)>>, Arc<AtomicUsize>);

impl Log {
    fn append(&self, appended_at: i64, value: Option<Bytes>) {
        let records = &mut self.0.lock().unwrap().0;
        let offset = i64::try_from(records.len()).unwrap();
        let source = TopicPartition::new(TOPIC, 0);
        records.push(Record {
            source,
            offset,
            appended_at,
            key: None,
            value,
            headers: Vec::new(),
            original: None,
        });
    }

    fn publish(&self, version: i64, appended_at: i64, effective_from: i64) {
        let strategy = Strategy { version, effective_from, ..given::first_strategy() };
        self.append(appended_at, Some(codec::encode(&strategy).unwrap()));
    }

    fn out(&self, out: bool) {
        self.0.lock().unwrap().1 = out;
    }

    /// Ends a transaction: an offset that no reader is given.
    fn mark(&self, appended_at: i64) {
        self.append(appended_at, None);
        if let Some(last) = self.0.lock().unwrap().0.last_mut() {
            last.headers = vec![("marker".to_owned(), None)];
        }
    }

    /// The next `fetches` give nothing.
    fn on_its_way_for(&self, fetches: usize) {
        self.1.store(fetches, Ordering::SeqCst);
    }
}

fn is_marker(place: &Record) -> bool {
    !place.headers.is_empty()
}

impl Reader for Log {
    fn fetch(&mut self, _: &TopicPartition, from: i64, wait: Duration) -> Result<Stretch, Outage> {
        assert!(!wait.is_zero(), "what is there needs time to come");
        if self.1.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Ok(Stretch { records: Vec::new(), next: from });
        }
        let log = self.0.lock().unwrap();
        let place = log.0.get(usize::try_from(from).unwrap());
        let records = place.filter(|place| !is_marker(place)).cloned().into_iter().collect();
        Ok(Stretch { records, next: from + i64::from(place.is_some()) })
    }

    fn end(&mut self, _: &TopicPartition) -> Result<i64, Outage> {
        let log = self.0.lock().unwrap();
        if log.1 {
            Err(Outage::passing("read the end", "out"))
        } else {
            Ok(i64::try_from(log.0.len()).unwrap())
        }
    }

    fn offset_at(&mut self, partition: &TopicPartition, _: i64) -> Result<i64, Outage> {
        self.end(partition)
    }
}

fn feed() -> (Log, Arc<ManualClock>, StrategyFeed) {
    let (log, clock) = (Log::default(), Arc::new(ManualClock::at(100_000)));
    let feed = StrategyFeed::new(Box::new(log.clone()), TOPIC, clock.clone());
    (log, clock, feed)
}

fn version(feed: &StrategyFeed, appended_at: i64) -> Result<i64, StrategyUnknown> {
    feed.at(appended_at).map(|strategy| strategy.record.version)
}

#[test]
fn nothing_is_known_before_the_topic_was_read_and_something_is_published() {
    let (log, _, mut feed) = feed();
    assert_eq!(version(&feed, 100_000), Err(StrategyUnknown::Stale));
    feed.refresh().unwrap();
    assert_eq!(version(&feed, 100_000), Err(StrategyUnknown::Unpublished));
    log.publish(1, 100_000, 0);
    assert_eq!(feed.refresh().unwrap(), 1);
    assert_eq!(version(&feed, 100_000), Ok(1));
    assert_eq!(version(&feed, 1), Ok(1), "also what came before it was published");
}

#[test]
fn what_no_reader_is_given_is_no_strategy_that_is_missing() {
    let (log, _, mut feed) = feed();
    log.mark(100_000);
    feed.refresh().unwrap();
    assert_eq!(version(&feed, 100_000), Err(StrategyUnknown::Unpublished), "the end was reached");
    log.publish(1, 100_000, 0);
    log.mark(100_001);
    assert_eq!(feed.refresh().unwrap(), 1);
    assert_eq!(version(&feed, 100_000), Ok(1));
    assert_eq!((feed.accepted(1).unwrap().is_some(), feed.accepted(2).unwrap().is_some()), (true, false));
    log.mark(100_002);
    log.mark(100_003);
    assert_eq!((feed.refresh().unwrap(), feed.skipped()), (0, 0));
    assert_eq!(version(&feed, 100_000), Ok(1));
}

#[test]
fn after_five_seconds_without_reading_the_worker_must_wait() {
    let (log, clock, mut feed) = feed();
    log.publish(1, 100_000, 0);
    feed.refresh().unwrap();
    clock.advance(5_000);
    assert_eq!(version(&feed, 100_000), Ok(1));
    clock.advance(1);
    assert_eq!(version(&feed, 100_000), Err(StrategyUnknown::Stale));
    feed.refresh().unwrap();
    assert_eq!(version(&feed, 100_000), Ok(1));
}

#[test]
fn an_outage_makes_nothing_younger() {
    let (log, clock, mut feed) = feed();
    log.publish(1, 100_000, 0);
    feed.refresh().unwrap();
    log.out(true);
    clock.advance(5_001);
    assert!(feed.refresh().is_err());
    assert_eq!(version(&feed, 100_000), Err(StrategyUnknown::Stale));
    log.out(false);
    feed.refresh().unwrap();
    assert_eq!(version(&feed, 100_000), Ok(1));
}

#[test]
fn what_is_there_is_waited_for_though_not_for_ever() {
    let (log, _, mut feed) = feed();
    log.publish(1, 100_000, 0);
    log.on_its_way_for(usize::MAX);
    assert_eq!(feed.refresh().unwrap(), 0);
    assert_eq!(version(&feed, 100_000), Err(StrategyUnknown::Stale));
    log.on_its_way_for(3);
    assert_eq!(feed.refresh().unwrap(), 1);
    assert_eq!(version(&feed, 100_000), Ok(1));
}

#[test]
fn what_came_before_the_first_strategy_began_has_that_one() {
    let (log, _, mut feed) = feed();
    log.publish(1, 100_000, 99_000);
    feed.refresh().unwrap();
    assert_eq!((version(&feed, 1), version(&feed, 100_000)), (Ok(1), Ok(1)));
}

#[test]
fn the_bound_is_the_callers() {
    let (log, clock, feed) = feed();
    let mut feed = feed.max_age(Duration::from_secs(1));
    log.publish(1, 100_000, 0);
    feed.refresh().unwrap();
    clock.advance(1_001);
    assert_eq!(version(&feed, 100_000), Err(StrategyUnknown::Stale));
}

#[test]
fn a_new_strategy_decides_what_is_appended_from_its_start_on() {
    let (log, _, mut feed) = feed();
    log.publish(1, 100_000, 0);
    log.publish(2, 101_000, 106_000);
    assert_eq!(feed.refresh().unwrap(), 2);
    assert_eq!((version(&feed, 105_999), version(&feed, 106_000)), (Ok(1), Ok(2)));
}

#[test]
fn an_invalid_record_is_skipped_and_counted_and_its_successor_read() {
    let (log, _, mut feed) = feed();
    log.publish(1, 100_000, 0);
    log.append(100_001, None);
    log.append(100_002, Some(Bytes::from_static(b"no strategy")));
    log.publish(3, 100_003, 200_000);
    // Published too late: a worker may have decided a complaint of that time already.
    log.publish(2, 100_004, 105_003);
    log.publish(2, 100_004, 105_004);
    assert_eq!(feed.refresh().unwrap(), 2);
    assert_eq!(feed.skipped(), 4);
    assert_eq!((version(&feed, 105_003), version(&feed, 105_004)), (Ok(1), Ok(2)));
}

#[test]
fn of_two_records_of_one_version_the_first_is_it_and_the_other_is_none() {
    let (log, _, mut feed) = feed();
    let append = |version, by: &str| {
        let changed_by = by.to_owned();
        let next = Strategy { version, effective_from: 200_000, changed_by, ..given::first_strategy() };
        log.append(100_000, Some(codec::encode(&next).unwrap()));
    };
    for (version, by) in [(1, "setup"), (2, "ann"), (2, "bob"), (3, "ann")] {
        append(version, by);
    }
    assert!(feed.accepted(1).is_err(), "not read yet");
    feed.refresh().unwrap();
    let by = |offset| feed.accepted(offset).unwrap().map(|strategy| strategy.record.changed_by.as_str());
    assert_eq!([by(0), by(1), by(2), by(3)], [Some("setup"), Some("ann"), None, Some("ann")]);
    assert!(feed.accepted(4).is_err(), "nobody knows what comes there");
    assert_eq!(feed.strategies().version(2).unwrap().record.changed_by, "ann");
}

#[test]
fn a_version_without_the_approvals_that_the_one_before_asks_for_is_skipped_as_a_late_one_is() {
    let (log, _, mut feed) = feed();
    let append = |next: &Strategy| log.append(100_000, Some(codec::encode(next).unwrap()));
    let first = Strategy { approvals: 1, ..given::first_strategy() };
    append(&first);
    let alone = Strategy {
        version: 2,
        effective_from: 200_000,
        deadline_ms: 45_000,
        changed_by: "ann".to_owned(),
        ..first.clone()
    };
    append(&alone);
    append(&with_approvals(alone.clone(), "r-1", "ann", &["ann".to_owned()]));
    append(&with_approvals(alone, "r-1", "ann", &["bob".to_owned()]));
    assert_eq!(feed.refresh().unwrap(), 2);
    assert_eq!((feed.skipped(), version(&feed, 200_000)), (2, Ok(2)));
    let second = feed.accepted(3).unwrap().unwrap();
    assert_eq!(
        (second.record.deadline_ms, second.record.approved_by.as_slice()),
        (45_000, &["bob".to_owned()][..])
    );
}

#[test]
fn the_log_says_when_a_record_was_appended_whatever_became_of_it() {
    let (log, _, mut feed) = feed();
    log.publish(1, 100_000, 0);
    // Its publisher's clock was behind: by the log's it came too late.
    log.publish(2, 103_000, 107_000);
    assert_eq!(feed.appended_at(1), None, "not read yet");
    feed.refresh().unwrap();
    assert_eq!(
        (feed.appended_at(0), feed.appended_at(1), feed.appended_at(2)),
        (Some(100_000), Some(103_000), None)
    );
    assert!(feed.accepted(1).unwrap().is_none());
}

#[test]
fn who_follows_the_strategy_says_what_it_waits_for() {
    let (log, clock, feed) = feed();
    let readiness = Readiness::default();
    let mut feed = feed.telling(Waiting::at_once(&readiness, "join"));
    let waits = || readiness.waiting().get("join").cloned().unwrap_or_default();
    assert_eq!(waits(), "", "nobody has looked yet");
    feed.refresh().unwrap();
    assert!(waits().contains("ombud setup"), "{}", waits());
    log.publish(1, 100_000, 0);
    log.on_its_way_for(usize::MAX);
    feed.refresh().unwrap();
    assert!(waits().contains("to its end"), "{}", waits());
    log.on_its_way_for(0);
    feed.refresh().unwrap();
    assert_eq!(waits(), "");
    log.out(true);
    feed.refresh().unwrap_err();
    assert_eq!(waits(), "", "what was read holds for some seconds");
    clock.advance(5_001);
    feed.refresh().unwrap_err();
    assert_eq!(waits(), "read the end");
    log.out(false);
    feed.refresh().unwrap();
    assert_eq!(waits(), "");
}
