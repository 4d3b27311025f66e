//! A store that takes its time holds up its own cases and nothing else: what is kept is committed, and the group is polled.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{
    cell::Cell,
    collections::VecDeque,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use bytes::Bytes;
use jiff::civil::Date;
use ombud_archive::{Archive, ArchiveError, ArchiveLimits};
use ombud_contract::{
    catalogue::Topic,
    codec::encode,
    records::{RawComplaint, RoutedComplaint},
};
use ombud_local::{Local, Options};
use ombud_models::StrategyFeed;
use ombud_store::{CaseEvent, CaseStore, FeedbackDay, ModelDecision, QueueEntry, Row};
use ombud_stream::{
    Clock as _, Committer, Event, ManualClock, Outage, Position, Record, Source, TopicPartition,
};
use tempfile::TempDir;

/// What the worker did, and when by its clock.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Did {
    Poll,
    Pause(i32, bool),
    Read(String),
    Write(usize),
    Commit(Vec<(i32, i64)>),
}

/// A world that writes down what is asked of it, and in which only the store takes time.
#[derive(Clone, Default)]
struct World {
    clock: Arc<ManualClock>,
    did: Arc<Mutex<Vec<(i64, Did)>>>,
}

impl World {
    fn note(&self, did: Did) {
        self.did.lock().unwrap().push((self.clock.now_ms(), did));
    }

    fn times(&self, which: impl Fn(&Did) -> bool) -> Vec<i64> {
        self.did.lock().unwrap().iter().filter(|(_, did)| which(did)).map(|(at, _)| *at).collect()
    }

    fn count(&self, which: impl Fn(&Did) -> bool) -> usize {
        self.times(which).len()
    }

    /// The offset up to which a partition was committed last.
    fn committed(&self, partition: i32) -> Option<i64> {
        let did = self.did.lock().unwrap();
        let next = |did: &(i64, Did)| match &did.1 {
            Did::Commit(positions) => {
                positions.iter().find(|(of, _)| *of == partition).map(|(_, next)| *next)
            }
            _ => None,
        };
        did.iter().rev().find_map(next)
    }
}

/// A member that gets `events`, and holds back the records of paused partitions.
struct ScriptedMember {
    world: World,
    events: VecDeque<Event>,
    paused: Vec<i32>,
}

impl Source for ScriptedMember {
    fn poll(&mut self, wait: Duration) -> Result<Option<Event>, Outage> {
        self.world.note(Did::Poll);
        let held = |event: &Event| match event {
            Event::Record(record) => self.paused.contains(&record.source.partition),
            _ => false,
        };
        let next = self.events.iter().position(|event| !held(event));
        if next.is_none() {
            thread::park_timeout(wait);
        }
        Ok(next.and_then(|at| self.events.remove(at)))
    }

    fn start(&mut self, _: &TopicPartition, _: i64) -> Result<(), Outage> {
        Ok(())
    }

    fn pause(&mut self, partition: &TopicPartition, paused: bool) {
        self.world.note(Did::Pause(partition.partition, paused));
        self.paused.retain(|of| *of != partition.partition);
        if paused {
            self.paused.push(partition.partition);
        }
    }
}

impl Committer for ScriptedMember {
    fn committed(&mut self, _: &TopicPartition) -> Result<Option<Position>, Outage> {
        Ok(None)
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), Outage> {
        let positions = positions.iter().map(|position| (position.partition.partition, position.offset));
        self.world.note(Did::Commit(positions.collect()));
        Ok(())
    }
}

/// A store that takes `reads_ms` for a case and `writes_ms` for a write, and manages `most` rows in that.
struct Slow {
    world: World,
    reads_ms: i64,
    writes_ms: i64,
    most: usize,
}

impl CaseStore for Slow {
    fn write(&mut self, rows: &[Row]) -> Result<(), Outage> {
        self.world.clock.advance(self.writes_ms);
        if rows.len() > self.most {
            return Err(Outage::passing("write rows", "not all of them in time"));
        }
        self.world.note(Did::Write(rows.len()));
        Ok(())
    }

    fn case(&mut self, complaint_id: &str) -> Result<Vec<CaseEvent>, Outage> {
        self.world.clock.advance(self.reads_ms);
        self.world.note(Did::Read(complaint_id.to_owned()));
        Ok(Vec::new())
    }

    fn queue(&mut self, _: &str, _: Date) -> Result<Vec<QueueEntry>, Outage> {
        Ok(Vec::new())
    }

    fn feedback(&mut self, _: Date, _: &mut dyn FnMut(FeedbackDay)) -> Result<(), Outage> {
        Ok(())
    }

    fn decisions(
        &mut self,
        _: &str,
        _: &str,
        _: Date,
        _: &mut dyn FnMut(ModelDecision),
    ) -> Result<(), Outage> {
        Ok(())
    }
}

fn record(topic: Topic, partition: i32, offset: i64, value: Bytes) -> Event {
    Event::Record(Record {
        source: TopicPartition::new(topic.name(""), partition),
        offset,
        appended_at: 0,
        key: None,
        value: Some(value),
        headers: Vec::new(),
        original: None,
    })
}

fn route(partition: i32, offset: i64) -> Event {
    let example = include_str!("../../../../schemas/complaints.routed/examples/valid/complete.json");
    let route: RoutedComplaint = serde_json::from_str(example).unwrap();
    let complaint_id = format!("c-{partition}-{offset}");
    record(Topic::Routed, partition, offset, encode(&RoutedComplaint { complaint_id, ..route }).unwrap())
}

fn raw(partition: i32, offset: i64) -> Event {
    let complaint_id = format!("c-{partition}-{offset}");
    let raw = RawComplaint::new(&complaint_id, "They charged my card twice.", 1_700_000_000_000);
    record(Topic::Raw, partition, offset, encode(&raw).unwrap())
}

fn partitions(topic: Topic, numbers: &[i32]) -> Vec<TopicPartition> {
    numbers.iter().map(|number| TopicPartition::new(topic.name(""), *number)).collect()
}

fn assigned(topic: Topic, numbers: &[i32]) -> Event {
    Event::Assigned { partitions: partitions(topic, numbers), generation: 1 }
}

/// Archives `events` with a batch of 10 s until `done`.
fn archive(
    events: impl IntoIterator<Item = Event>,
    cases: Slow,
    done: impl Fn(&World) -> bool,
) -> Result<(), ArchiveError> {
    let world = cases.world.clone();
    let (local, _dir): (Local, TempDir) = {
        let dir = tempfile::tempdir().unwrap();
        (Local::open(dir.path(), Options::catalogue("", 1)).unwrap(), dir)
    };
    let (sink, deliveries) = local.sink(8);
    let clock = Arc::clone(&world.clock);
    let reader = Box::new(local.reader().unwrap());
    let worker = Archive {
        member: ScriptedMember {
            world: world.clone(),
            events: events.into_iter().collect(),
            paused: Vec::new(),
        },
        sink,
        deliveries,
        dead_letters: Topic::DeadLetters.name("").into(),
        prefix: String::new(),
        strategy: StrategyFeed::new(reader, &Topic::Strategy.name(""), Arc::<ManualClock>::clone(&clock)),
        cases,
        clock,
        limits: ArchiveLimits {
            batch_within: Duration::from_secs(10),
            give_up_after: Duration::from_secs(60),
            poll: Duration::from_millis(1),
            linger: Duration::from_millis(1),
            retry_after: Duration::from_millis(1),
            ..ArchiveLimits::default()
        },
    };
    // A worker that never comes to its end ends the test.
    let turns_left = Cell::new(100_000);
    let stop = || {
        turns_left.set(turns_left.get() - 1);
        assert!(turns_left.get() > 0, "it never comes to its end");
        done(&world)
    };
    worker.run(&stop, |_| Ok(0))
}

#[test]
fn a_batch_that_takes_too_long_is_committed_as_it_goes_and_the_group_is_polled_between() {
    let world = World::default();
    let cases = Slow { world: world.clone(), reads_ms: 3_000, writes_ms: 500, most: usize::MAX };
    let routes = (0..12).map(|offset| route(0, offset));
    let events = [assigned(Topic::Routed, &[0])].into_iter().chain(routes);
    archive(events, cases, |world| world.committed(0) == Some(12)).unwrap();

    let polls = world.times(|did| *did == Did::Poll);
    let longest = polls.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!(longest <= 10_000 + 3_000 + 500, "{longest} ms without a poll");
    assert!(world.count(|did| matches!(did, Did::Commit(_))) >= 3, "{:?}", world.did);
    assert_eq!(world.count(|did| matches!(did, Did::Read(_))), 12, "nothing is asked twice");
    assert_eq!(world.count(|did| matches!(did, Did::Write(_))), 3, "each part of the batch once");
    let pauses = world.count(|did| matches!(did, Did::Pause(0, true)));
    assert_eq!(pauses, 1, "held back until all of it was kept");
}

#[test]
fn a_store_that_manages_few_rows_in_its_time_is_given_fewer_and_more_again_after_that() {
    let world = World::default();
    let cases = Slow { world: world.clone(), reads_ms: 0, writes_ms: 1_000, most: 5 };
    let events = [assigned(Topic::Raw, &[0])].into_iter().chain((0..40).map(|offset| raw(0, offset)));
    archive(events, cases, |world| world.committed(0) == Some(40)).unwrap();

    let did = world.did.lock().unwrap().clone();
    let written: usize = did.iter().map(|(_, did)| if let Did::Write(rows) = did { *rows } else { 0 }).sum();
    assert_eq!(written, 40, "every row once");
    let commits = did.iter().filter(|(_, did)| matches!(did, Did::Commit(_))).count();
    assert!(commits > 1, "committed as it goes");
}

#[test]
fn a_store_that_does_not_answer_is_asked_between_polls_and_given_up_after_its_time() {
    let world = World::default();
    let cases = Slow { world: world.clone(), reads_ms: 0, writes_ms: 7_000, most: 0 };
    let events = [assigned(Topic::Raw, &[0]), raw(0, 0)];
    let ended = archive(events, cases, |_| false).unwrap_err();
    assert!(matches!(ended, ArchiveError::Outage(outage) if !outage.fatal));

    assert_eq!(world.committed(0), None);
    let polls = world.times(|did| *did == Did::Poll);
    let longest = polls.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert_eq!(longest, 7_000, "a poll after each attempt");
    let took = world.clock.now_ms();
    assert!((60_000..=60_000 + 2 * 7_000).contains(&took), "given up after {took} ms");
}

#[test]
fn partitions_that_are_revoked_while_they_are_pending_are_left_to_their_next_owner() {
    let world = World::default();
    let cases = Slow { world: world.clone(), reads_ms: 4_000, writes_ms: 0, most: usize::MAX };
    let routes = (0..4).flat_map(|offset| [route(0, offset), route(1, offset)]);
    let revoked = Event::Revoked { partitions: partitions(Topic::Routed, &[1]), lost: false };
    let events = [assigned(Topic::Routed, &[0, 1])].into_iter().chain(routes).chain([revoked]);
    archive(events, cases, |world| world.committed(0) == Some(4)).unwrap();

    let kept_of_1 = world.committed(1).unwrap();
    assert!(kept_of_1 < 4, "it went before all of it was kept");
    let last = world.did.lock().unwrap().clone();
    let asked = |partition: i32| {
        let prefix = format!("c-{partition}-");
        last.iter().filter(|(_, did)| matches!(did, Did::Read(id) if id.starts_with(&prefix))).count()
    };
    assert_eq!((asked(0), asked(1)), (4, usize::try_from(kept_of_1).unwrap()));
}

#[test]
fn what_is_lost_while_it_is_held_back_resumes_when_it_is_assigned_again() {
    let world = World::default();
    let cases = Slow { world: world.clone(), reads_ms: 4_000, writes_ms: 0, most: usize::MAX };
    let routes = || (0..6).map(|offset| route(0, offset));
    let lost = Event::Revoked { partitions: partitions(Topic::Routed, &[0]), lost: true };
    let again = [lost, assigned(Topic::Routed, &[0])];
    let events = [assigned(Topic::Routed, &[0])].into_iter().chain(routes()).chain(again).chain(routes());
    archive(events, cases, |world| world.committed(0) == Some(6)).unwrap();
    assert!(world.count(|did| matches!(did, Did::Pause(0, true))) > 0, "it was held back");
}
