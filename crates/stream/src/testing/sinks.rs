//! What every sink has to keep.

use std::{collections::BTreeMap, time::Instant};

use bytes::Bytes;

use super::{
    World,
    steps::{EVENT_TIMEOUT, QUIET_WAIT, outgoing},
};
use crate::{
    record::{Outgoing, TopicPartition},
    seam::{Reader, Sink},
};

/// Key, value, headers and their nulls are the sender's; offsets rise from 0; append times don't fall.
pub fn a_record_is_read_as_it_was_sent<W: World>(world: &W) {
    let (mut sink, deliveries) = world.sink(8);
    let headers = vec![("a".to_owned(), Some(Bytes::from_static(b"\0x"))), ("a".to_owned(), None)];
    let sent = [
        Outgoing { headers, ..outgoing(&world.topic(), Some(1), "one") },
        Outgoing { key: None, ..outgoing(&world.topic(), Some(1), "") },
        Outgoing { value: None, ..outgoing(&world.topic(), Some(1), "") },
    ];
    for record in &sent {
        sink.send(record.clone(), 0).expect("taken");
        deliveries.recv_timeout(EVENT_TIMEOUT).expect("delivered").result.expect("durable");
    }
    let partition = TopicPartition::new(world.topic(), 1);
    let mut reader = world.reader();
    assert_eq!(reader.end(&partition).expect("answers"), 3);
    let mut read = Vec::new();
    while read.len() < sent.len() {
        read.extend(reader.fetch(&partition, read.len() as i64, EVENT_TIMEOUT).expect("reads").records);
    }
    for (n, (read, sent)) in read.iter().zip(&sent).enumerate() {
        assert_eq!((&read.key, &read.value, &read.headers), (&sent.key, &sent.value, &sent.headers));
        assert_eq!((&read.source, read.offset), (&partition, n as i64));
    }
    assert!(read.is_sorted_by_key(|record| record.appended_at));
    let rest = reader.fetch(&partition, 3, QUIET_WAIT).expect("reads");
    assert_eq!((rest.records.len(), rest.next), (0, 3));
}

/// Within a partition, tokens come back in the order they were given, each with the next offset.
pub fn deliveries_come_in_the_order_of_sending<W: World>(world: &W) {
    let (mut sink, deliveries) = world.sink(100);
    for token in 0..100 {
        sink.send(outgoing(&world.topic(), Some((token % 2) as i32), "x"), token).expect("taken");
    }
    let mut seen: BTreeMap<i32, Vec<(u64, i64)>> = BTreeMap::new();
    for _ in 0..100 {
        let delivery = deliveries.recv_timeout(EVENT_TIMEOUT).expect("delivered");
        let (partition, offset) = delivery.result.expect("durable");
        seen.entry(partition.partition).or_default().push((delivery.token, offset));
    }
    for (partition, seen) in seen {
        let expected: Vec<_> = (0..50).map(|n| (2 * n + u64::from(partition == 1), n as i64)).collect();
        assert_eq!(seen, expected);
    }
}

/// Nothing is taken beyond the capacity; taking a delivery makes room.
pub fn a_full_sink_gives_the_record_back<W: World>(world: &W) {
    let (mut sink, deliveries) = world.sink(2);
    for token in 0..2 {
        sink.send(outgoing(&world.topic(), Some(0), "x"), token).expect("taken");
    }
    let refused = sink.send(outgoing(&world.topic(), Some(0), "third"), 2).expect_err("full");
    assert!(refused.outage.is_none());
    assert_eq!(refused.token, 2);
    deliveries.recv_timeout(EVENT_TIMEOUT).expect("delivered").result.expect("durable");
    let (mut record, until) = (refused.record, Instant::now() + EVENT_TIMEOUT);
    while let Err(refused) = sink.send(record, 2) {
        assert!(refused.outage.is_none() && Instant::now() < until);
        record = refused.record;
    }
}

/// A partition that doesn't exist is an error at once, or with the delivery.
pub fn an_unknown_partition_is_refused<W: World>(world: &W) {
    let (mut sink, deliveries) = world.sink(2);
    let refused = match sink.send(outgoing(&world.topic(), Some(2), "x"), 7) {
        Err(refused) => refused.outage.is_some(),
        Ok(()) => deliveries.recv_timeout(EVENT_TIMEOUT).expect("delivered").result.is_err(),
    };
    assert!(refused);
}

/// Where no partition is given, Java's murmur2 of the key decides.
pub fn one_key_always_goes_to_one_partition<W: World>(world: &W) {
    // Room for one more: a record leaves its place a moment after its delivery is reported.
    let (mut sink, deliveries) = world.sink(2);
    for (key, partition) in [("21", 0), ("foobar", 0), ("abc", 1), ("a-little-bit-longer-string", 1)] {
        let key = Some(Bytes::from_static(key.as_bytes()));
        sink.send(Outgoing { key, ..outgoing(&world.topic(), None, "x") }, 0).expect("taken");
        let delivery = deliveries.recv_timeout(EVENT_TIMEOUT).expect("delivered");
        assert_eq!(delivery.result.expect("durable").0.partition, partition);
    }
}
