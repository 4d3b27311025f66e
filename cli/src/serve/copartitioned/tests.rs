//! Which partitions wait, what is reported of them, and that the worker gets them once they need not wait any more.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use ombud_stream::ManualClock;

use super::*;

const RAW: &str = "complaints.raw";
const PREDICTIONS: &str = "complaints.predictions";
const ROUTED: &str = "complaints.routed";

/// Answers as it is scripted.
struct Scripted(VecDeque<Event>);

impl Source for Scripted {
    fn poll(&mut self, _: Duration) -> Result<Option<Event>, Outage> {
        Ok(self.0.pop_front())
    }

    fn start(&mut self, _: &TopicPartition, _: i64) -> Result<(), Outage> {
        Ok(())
    }

    fn pause(&mut self, _: &TopicPartition, _: bool) {}
}

impl Committer for Scripted {
    fn committed(&mut self, _: &TopicPartition) -> Result<Option<Position>, Outage> {
        Ok(None)
    }

    fn commit(&mut self, _: &[Position]) -> Result<(), Outage> {
        Ok(())
    }
}

/// A cluster whose topics are widened; a topic that it has lost is unknown.
#[derive(Clone)]
struct Cluster(Arc<Mutex<BTreeMap<&'static str, i32>>>);

impl Cluster {
    fn has(widths: [(&'static str, i32); 3]) -> Self {
        Self(Arc::new(Mutex::new(widths.into())))
    }

    fn set(&self, topic: &'static str, width: i32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(topic, width);
    }

    fn lose(&self, topic: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(topic);
    }

    fn width(&self, topic: &str) -> Result<i32, Outage> {
        let widths = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = widths.get(topic).copied();
        found.ok_or_else(|| Outage::passing(format!("count the partitions of {topic}"), "away"))
    }
}

struct World {
    cluster: Cluster,
    readiness: Readiness,
    clock: Arc<ManualClock>,
    member: Copartitioned,
}

impl World {
    fn new(cluster: Cluster, events: impl IntoIterator<Item = Event>) -> Self {
        let (readiness, clock) = (Readiness::default(), Arc::new(ManualClock::at(1_000)));
        let asked = cluster.clone();
        let beside = CopartitionedTopics {
            topics: vec![PREDICTIONS.into(), ROUTED.into()],
            width: Box::new(move |topic| asked.width(topic)),
        };
        let member = Box::new(Scripted(events.into_iter().collect()));
        let member = Copartitioned::new(
            member,
            beside,
            "join",
            readiness.clone(),
            Arc::clone(&clock) as Arc<dyn Clock>,
        );
        Self { cluster, readiness, clock, member }
    }

    fn poll(&mut self) -> Option<Event> {
        self.member.poll(Duration::ZERO).unwrap()
    }

    /// The numbers and the generation that the worker is given.
    fn given(&mut self) -> Option<(Vec<i32>, u64)> {
        match self.poll()? {
            Event::Assigned { partitions, generation } => Some((numbers(&partitions), generation)),
            other => panic!("expected an assignment, got {other:?}"),
        }
    }

    fn looks_again(&self) {
        self.clock.advance(CHECK_INTERVAL_MS);
    }

    fn remark(&self) -> Option<String> {
        self.readiness.remarks().get("join").cloned()
    }
}

fn numbers(partitions: &[TopicPartition]) -> Vec<i32> {
    partitions.iter().map(|partition| partition.partition).collect()
}

fn partitions(numbers: &[i32]) -> Vec<TopicPartition> {
    numbers.iter().map(|number| TopicPartition::new(RAW, *number)).collect()
}

fn assigned(numbers: &[i32], generation: u64) -> Event {
    Event::Assigned { partitions: partitions(numbers), generation }
}

fn revoked(numbers: &[i32]) -> Event {
    Event::Revoked { partitions: partitions(numbers), lost: false }
}

#[test]
fn a_partition_waits_where_any_topic_beside_has_none_of_its_number() {
    let widths = [(PREDICTIONS, 6), (ROUTED, 4)];
    assert!(!waits(3, &widths));
    assert!(waits(4, &widths) && waits(6, &widths));
    assert!(!waits(4, &[]));
}

#[test]
fn old_partitions_go_on_and_new_ones_come_once_every_topic_beside_is_wide_enough() {
    let cluster = Cluster::has([(RAW, 6), (PREDICTIONS, 4), (ROUTED, 4)]);
    let mut world = World::new(cluster, [assigned(&[0, 3, 4, 5], 1)]);
    assert_eq!(world.given(), Some((vec![0, 3], 1)));
    world.looks_again();
    world.cluster.set(PREDICTIONS, 6);
    assert_eq!(world.given(), None, "complaints.routed is as it was");
    world.cluster.set(ROUTED, 5);
    assert_eq!(world.given(), None, "it is not looked with every poll");
    world.looks_again();
    assert_eq!(world.given(), Some((vec![4], 2)));
    world.cluster.set(ROUTED, 6);
    world.looks_again();
    assert_eq!(world.given(), Some((vec![5], 3)));
    assert_eq!(world.remark(), None);
}

#[test]
fn what_waits_is_said_with_the_widths_and_the_command_and_forgotten_when_nothing_waits() {
    let mut world = World::new(
        Cluster::has([(RAW, 6), (PREDICTIONS, 4), (ROUTED, 4)]),
        [assigned(&[0, 4, 5], 1), revoked(&[4, 5])],
    );
    world.given();
    assert_eq!(
        world.remark().as_deref(),
        Some(
            "partitions 4, 5 of complaints.raw wait until other topics have them (complaints.raw 6, \
             complaints.predictions 4, complaints.routed 4): run `ombud setup --widen 6`"
        )
    );
    assert!(world.readiness.waiting().is_empty(), "a remark makes nobody unready");
    assert!(world.poll().is_none(), "what the worker never had is not taken from it");
    assert_eq!(world.remark(), None);
}

#[test]
fn it_is_reported_again_after_a_minute_and_at_once_where_it_changes() {
    let wait = |widths: [(&str, i32); 1]| {
        WaitingPartitions::of(&partitions(&[4]).into_iter().collect(), (RAW, 5), &widths)
    };
    let first = wait([(ROUTED, 3)]).report("join", 0, None);
    let again = wait([(ROUTED, 3)]).report("join", WARN_INTERVAL_MS - 1, Some(first.clone()));
    assert_eq!(again, first, "not reported");
    assert_eq!(wait([(ROUTED, 3)]).report("join", WARN_INTERVAL_MS, Some(again)).1, WARN_INTERVAL_MS);
    assert_eq!(wait([(ROUTED, 4)]).report("join", 1, Some(first)).1, 1);
}

#[test]
fn a_revocation_takes_from_the_worker_only_what_it_was_given() {
    let cluster = Cluster::has([(RAW, 6), (PREDICTIONS, 4), (ROUTED, 4)]);
    let mut world = World::new(cluster, [assigned(&[0, 1, 5], 1), revoked(&[1, 5]), assigned(&[5], 2)]);
    assert_eq!(world.given(), Some((vec![0, 1], 1)));
    let Some(Event::Revoked { partitions, lost: false }) = world.poll() else { panic!("it is revoked") };
    assert_eq!(numbers(&partitions), [1]);
    world.cluster.set(PREDICTIONS, 6);
    world.cluster.set(ROUTED, 6);
    assert_eq!(world.given(), Some((vec![5], 2)));
}

#[test]
fn nothing_is_taken_on_while_nobody_says_how_wide_topics_are() {
    let cluster = Cluster::has([(RAW, 4), (PREDICTIONS, 4), (ROUTED, 4)]);
    cluster.lose(ROUTED);
    let mut world = World::new(cluster, [assigned(&[0, 1], 1)]);
    let outage = world.member.poll(Duration::ZERO).unwrap_err();
    assert!(!outage.fatal && outage.action.contains(ROUTED), "{outage}");
    assert_eq!(world.given(), None, "the member is polled between two looks");
    world.cluster.set(ROUTED, 4);
    world.looks_again();
    assert_eq!(world.given(), Some((vec![0, 1], 1)));
}
