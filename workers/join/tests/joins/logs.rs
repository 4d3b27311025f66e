//! Logs that stand still, fail now and then, answer late or end with a marker.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use ombud_contract::{catalogue::Topic, records::Why};
use ombud_join::GROUP;
use ombud_stream::{Committer, Event, Outage, Position, Reader, Source, Start, Stretch, TopicPartition};

use crate::world::{WAIT_TIMEOUT, World};

/// A changelog that has more records and does not deliver them.
struct Stuck<R> {
    reader: R,
    asked: Arc<AtomicBool>,
}

impl<R: Reader> Reader for Stuck<R> {
    fn fetch(&mut self, partition: &TopicPartition, from: i64, wait: Duration) -> Result<Stretch, Outage> {
        if *partition.topic != *Topic::Routed.name("") {
            return self.reader.fetch(partition, from, wait);
        }
        self.asked.store(true, Ordering::Relaxed);
        thread::park_timeout(wait);
        Ok(Stretch { records: Vec::new(), next: from })
    }

    fn end(&mut self, partition: &TopicPartition) -> Result<i64, Outage> {
        self.reader.end(partition)
    }

    fn offset_at(&mut self, partition: &TopicPartition, time_ms: i64) -> Result<i64, Outage> {
        self.reader.offset_at(partition, time_ms)
    }
}

#[test]
fn a_joiner_that_takes_a_shard_on_hears_the_stop() {
    let world = World::new();
    let raw = world.complain("a");
    world.answer_all(&raw);
    world.join_until(|| !world.routes().is_empty());
    let asked = Arc::new(AtomicBool::new(false));
    let reader = Stuck { reader: world.local.reader().unwrap(), asked: Arc::clone(&asked) };
    let member = world.local.member(GROUP, &[&Topic::Raw.name("")], Start::Earliest).unwrap();
    // It would end with an outage, had it waited for the changelog until it gives up.
    world.join_as(member, reader, || asked.load(Ordering::Relaxed));
    assert_eq!(world.routes().len(), 1);
}

/// Every third call of a seam fails, but for those by which a shard is taken on.
struct Shaky<T> {
    inner: T,
    calls: usize,
}

impl<T> Shaky<T> {
    fn call(&mut self) -> Result<&mut T, Outage> {
        self.calls += 1;
        if self.calls.is_multiple_of(3) {
            Err(Outage::passing("ask", "no answer"))
        } else {
            Ok(&mut self.inner)
        }
    }
}

impl<M: Source> Source for Shaky<M> {
    fn poll(&mut self, wait: Duration) -> Result<Option<Event>, Outage> {
        self.call()?.poll(wait)
    }

    fn start(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), Outage> {
        self.inner.start(partition, offset)
    }

    fn pause(&mut self, partition: &TopicPartition, paused: bool) {
        self.inner.pause(partition, paused);
    }
}

impl<M: Committer> Committer for Shaky<M> {
    fn committed(&mut self, partition: &TopicPartition) -> Result<Option<Position>, Outage> {
        self.inner.committed(partition)
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), Outage> {
        self.call()?.commit(positions)
    }
}

impl<R: Reader> Reader for Shaky<R> {
    fn fetch(&mut self, partition: &TopicPartition, from: i64, wait: Duration) -> Result<Stretch, Outage> {
        // The changelog that a shard is made of is waited for.
        if wait.is_zero() {
            self.call()?.fetch(partition, from, wait)
        } else {
            self.inner.fetch(partition, from, wait)
        }
    }

    fn end(&mut self, partition: &TopicPartition) -> Result<i64, Outage> {
        let read_by_the_way = *partition.topic == *Topic::Predictions.name("");
        if read_by_the_way { self.call()?.end(partition) } else { self.inner.end(partition) }
    }

    fn offset_at(&mut self, partition: &TopicPartition, time_ms: i64) -> Result<i64, Outage> {
        self.inner.offset_at(partition, time_ms)
    }
}

#[test]
fn outages_that_pass_cost_a_joiner_nothing_but_time() {
    let world = World::new();
    let raws: Vec<_> = (0..20).map(|n| world.complain(&format!("c{n}"))).collect();
    raws[..10].iter().for_each(|raw| world.answer_all(raw));
    let member = world.local.member(GROUP, &[&Topic::Raw.name("")], Start::Earliest).unwrap();
    let reader = world.local.reader().unwrap();
    let (member, reader) = (Shaky { inner: member, calls: 0 }, Shaky { inner: reader, calls: 0 });
    world.join_as(member, reader, || world.routes().len() >= 20);
    let routes = world.routes();
    assert_eq!(routes.len(), 20);
    assert_eq!(routes.iter().filter(|route| route.why == Why::Complete).count(), 10);
    assert!(routes.iter().all(|route| route.writer_epoch == 1), "it was one joiner all the time");
}

/// A log that answers nobody while it is late.
struct Late<R> {
    inner: R,
    is_late: Arc<AtomicBool>,
    has_waited: Arc<AtomicBool>,
}

impl<R: Reader> Reader for Late<R> {
    fn fetch(&mut self, partition: &TopicPartition, from: i64, wait: Duration) -> Result<Stretch, Outage> {
        self.inner.fetch(partition, from, wait)
    }

    fn end(&mut self, partition: &TopicPartition) -> Result<i64, Outage> {
        let until = Instant::now() + WAIT_TIMEOUT;
        while self.is_late.load(Ordering::Relaxed) && Instant::now() < until {
            self.has_waited.store(true, Ordering::Relaxed);
            thread::park_timeout(Duration::from_millis(5));
        }
        self.inner.end(partition)
    }

    fn offset_at(&mut self, partition: &TopicPartition, time_ms: i64) -> Result<i64, Outage> {
        self.inner.offset_at(partition, time_ms)
    }
}

#[test]
fn a_strategy_topic_that_answers_late_holds_no_deadline_back() {
    let world = World::new();
    world.answer_all(&world.complain("a"));
    world.answer(&world.complain("b"), "product", "Credit card");
    let member = world.local.member(GROUP, &[&Topic::Raw.name("")], Start::Earliest).unwrap();
    let (is_late, has_waited) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let strategy = Late {
        inner: world.local.reader().unwrap(),
        is_late: Arc::clone(&is_late),
        has_waited: Arc::clone(&has_waited),
    };
    world.join_by(member, world.local.reader().unwrap(), Box::new(strategy), || {
        let routes = world.routes().len();
        // Both are read together, and the second waits for its deadline.
        is_late.store(routes == 1, Ordering::Relaxed);
        routes == 2
    });
    assert!(has_waited.load(Ordering::Relaxed), "nobody asked for the strategy meanwhile");
    assert_eq!(world.routes().iter().filter(|route| route.why == Why::Deadline).count(), 1);
}

/// A log in which a transaction has ended: behind what lies in each partition of `topic` now, one more offset is
/// not for anyone to read.
struct Marked<R> {
    inner: R,
    topic: String,
    /// Where each partition's marker lies.
    markers: [i64; 4],
}

impl<R: Reader> Marked<R> {
    fn new(mut inner: R, topic: Topic) -> Self {
        let markers =
            [0, 1, 2, 3].map(|number| inner.end(&TopicPartition::new(topic.name(""), number)).unwrap());
        Self { inner, topic: topic.name(""), markers }
    }

    fn marker(&self, partition: &TopicPartition) -> i64 {
        let here = *partition.topic == *self.topic;
        if here { self.markers[usize::try_from(partition.partition).unwrap()] } else { i64::MAX }
    }
}

impl<R: Reader> Reader for Marked<R> {
    fn fetch(&mut self, partition: &TopicPartition, from: i64, wait: Duration) -> Result<Stretch, Outage> {
        let marker = self.marker(partition);
        if from > marker {
            return Ok(Stretch { records: Vec::new(), next: from });
        }
        let stretch = self.inner.fetch(partition, from, wait)?;
        let next = if stretch.next == marker { marker + 1 } else { stretch.next };
        Ok(Stretch { next, ..stretch })
    }

    fn end(&mut self, partition: &TopicPartition) -> Result<i64, Outage> {
        let end = self.inner.end(partition)?;
        Ok(if end == self.marker(partition) { end + 1 } else { end })
    }

    fn offset_at(&mut self, partition: &TopicPartition, time_ms: i64) -> Result<i64, Outage> {
        self.inner.offset_at(partition, time_ms)
    }
}

#[test]
fn a_changelog_that_ends_with_a_marker_is_read_to_its_end() {
    let world = World::new();
    let first = world.complain("a");
    world.answer_all(&first);
    world.join_until(|| !world.routes().is_empty());
    let second = world.complain("a2");
    world.answer_all(&second);
    let member = world.local.member(GROUP, &[&Topic::Raw.name("")], Start::Earliest).unwrap();
    let reader = Marked::new(world.local.reader().unwrap(), Topic::Routed);
    world.join_as(member, reader, || world.routes().len() >= 2);
    let routes = world.routes();
    assert_eq!(routes.len(), 2, "and the first one is not routed again");
    assert!(routes.iter().all(|route| route.why == Why::Complete));
}
