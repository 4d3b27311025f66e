//! The steps that the suite's tests are made of.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::World;
use crate::{
    record::{Outgoing, Record, TopicPartition},
    seam::{Committer, Event, Position, Sink, Source},
};

/// How long the suite waits for what must come.
pub(super) const EVENT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it waits to see that something does not come, and one poll waits.
pub(super) const QUIET_WAIT: Duration = Duration::from_millis(20);

pub(super) fn outgoing(topic: &Arc<str>, partition: Option<i32>, value: &str) -> Outgoing {
    let key = Some(Bytes::from_static(b"key"));
    let value = Some(Bytes::copy_from_slice(value.as_bytes()));
    Outgoing { topic: Arc::clone(topic), partition, key, value, headers: Vec::new() }
}

/// Appends and waits until everything is durable.
pub(super) fn append<W: World>(world: &W, partition: i32, values: &[&str]) -> Vec<i64> {
    let (mut sink, deliveries) = world.sink(values.len());
    for (token, value) in values.iter().enumerate() {
        sink.send(outgoing(&world.topic(), Some(partition), value), token as u64).expect("taken");
    }
    let offset = |_| deliveries.recv_timeout(EVENT_TIMEOUT).expect("delivered").result.expect("durable").1;
    values.iter().map(offset).collect()
}

pub(super) fn text(record: &Record) -> String {
    String::from_utf8(record.value.as_deref().unwrap_or_default().to_vec()).expect("text")
}

/// The next event within [`EVENT_TIMEOUT`].
pub(super) fn next<M: Source>(member: &mut M) -> Event {
    let until = Instant::now() + EVENT_TIMEOUT;
    while Instant::now() < until {
        if let Some(event) = member.poll(QUIET_WAIT).expect("polls") {
            return event;
        }
    }
    panic!("nothing came within {EVENT_TIMEOUT:?}");
}

pub(super) fn next_record<M: Source>(member: &mut M) -> Record {
    match next(member) {
        Event::Record(record) => record,
        other => panic!("expected a record, got {other:?}"),
    }
}

/// Waits for an assignment and starts what came where the group stands.
pub(super) fn take_assignment<M: Source + Committer>(member: &mut M) -> (Vec<TopicPartition>, u64) {
    let Event::Assigned { partitions, generation } = next(member) else { panic!("expected an assignment") };
    for partition in &partitions {
        let from = member.committed(partition).expect("answers").map_or(0, |position| position.offset);
        member.start(partition, from).expect("starts");
    }
    (partitions, generation)
}

pub(super) fn at(partition: &TopicPartition, offset: i64, metadata: &str) -> Position {
    Position { partition: partition.clone(), offset, metadata: metadata.into() }
}

pub(super) fn is_quiet<M: Source>(member: &mut M) -> bool {
    member.poll(QUIET_WAIT).expect("polls").is_none()
}
