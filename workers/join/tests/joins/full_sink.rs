//! A sink that has no room: raw is left where it is, and paused only when that lasts.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use ombud_contract::catalogue::Topic;
use ombud_join::{GROUP, Join};
use ombud_stream::{
    Committer, Event, Outage, Outgoing, Position, Refused, Sink, Source, Start, TopicPartition,
};

use crate::world::{IN_FLIGHT, World};

/// Counts how often it has to pause.
struct Pausing<M> {
    inner: M,
    pauses: Arc<AtomicUsize>,
}

impl<M: Source> Source for Pausing<M> {
    fn poll(&mut self, wait: Duration) -> Result<Option<Event>, Outage> {
        self.inner.poll(wait)
    }

    fn start(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), Outage> {
        self.inner.start(partition, offset)
    }

    fn pause(&mut self, partition: &TopicPartition, paused: bool) {
        self.pauses.fetch_add(usize::from(paused), Ordering::SeqCst);
        self.inner.pause(partition, paused);
    }
}

impl<M: Committer> Committer for Pausing<M> {
    fn committed(&mut self, partition: &TopicPartition) -> Result<Option<Position>, Outage> {
        self.inner.committed(partition)
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), Outage> {
        self.inner.commit(positions)
    }
}

/// Takes nothing while it is full.
struct Filled<S> {
    inner: S,
    is_full: Arc<AtomicBool>,
    refused: Arc<AtomicUsize>,
}

impl<T: Send, S: Sink<T>> Sink<T> for Filled<S> {
    fn send(&mut self, record: Outgoing, token: T) -> Result<(), Refused<T>> {
        if self.is_full.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(Refused { record, token, outage: None });
        }
        self.inner.send(record, token)
    }

    fn purge(&mut self) {
        self.inner.purge();
    }
}

/// A world in which far more complaints can be routed at once than the sink has room for, and a member that counts.
fn crowded() -> (World, Pausing<impl Source + Committer>) {
    let world = World::new();
    for n in 0..4 * IN_FLIGHT {
        world.answer_all(&world.complain(&format!("c{n}")));
    }
    let inner = world.local.member(GROUP, &[&Topic::Raw.name("")], Start::Earliest).unwrap();
    (world, Pausing { inner, pauses: Arc::default() })
}

#[test]
fn a_full_sink_pauses_no_partition() {
    let (world, member) = crowded();
    let pauses = Arc::clone(&member.pauses);
    let (reader, strategy) = (world.local.reader().unwrap(), world.local.reader().unwrap());
    // No time passes, so it is full for no time.
    world.run(world.joiner(member, reader, Box::new(strategy)), 0, || world.routes().len() == 4 * IN_FLIGHT);
    assert_eq!(pauses.load(Ordering::SeqCst), 0);
}

#[test]
fn a_sink_that_stays_full_pauses_raw_until_it_has_room_again() {
    let (world, member) = crowded();
    let pauses = Arc::clone(&member.pauses);
    let (is_full, refused) = (Arc::new(AtomicBool::new(true)), Arc::<AtomicUsize>::default());
    let (reader, strategy) = (world.local.reader().unwrap(), world.local.reader().unwrap());
    let Join { member, reader, sink, deliveries, topics, strategy, clock, limits, pace } =
        world.joiner(member, reader, Box::new(strategy));
    let sink = Filled { inner: sink, is_full: Arc::clone(&is_full), refused: Arc::clone(&refused) };
    let join = Join { member, reader, sink, deliveries, topics, strategy, clock, limits, pace };
    let waited = Cell::new(0);
    world.run(join, 0, || {
        let has_paused = pauses.load(Ordering::SeqCst) > 0;
        is_full.store(!has_paused, Ordering::SeqCst);
        // From the first refusal on; far less than a strategy may be old.
        if !has_paused && refused.load(Ordering::SeqCst) > 0 && waited.get() < 1_500 {
            waited.set(waited.get() + 100);
            world.clock.advance(100);
        }
        world.routes().len() == 4 * IN_FLIGHT
    });
    assert!(waited.get() >= 1_000, "it was paused at once");
}
