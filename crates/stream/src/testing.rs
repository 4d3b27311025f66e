//! What every log has to keep, whoever implements the seams: one suite, run over each implementation.
//!
//! An implementation gives a [`World`] and calls [`log_keeps_its_promises!`](crate::log_keeps_its_promises).

#![expect(clippy::expect_used, reason = "every function here is the body of a test")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use crossbeam_channel::Receiver;

use crate::{
    record::{Outgoing, Record, TopicPartition},
    seam::{Committer, Delivery, Event, Position, Reader, Sink, Source},
};

/// How long the suite waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it watches that something does not come.
const GLANCE: Duration = Duration::from_millis(20);

/// The address of a server that a test needs, from the variable in which `scripts/services env` exports it.
///
/// # Panics
/// Where nobody has set it: a test that needs a server fails without one.
pub fn server_address(variable: &str) -> String {
    let address = std::env::var(variable).unwrap_or_default();
    assert!(
        !address.is_empty(),
        "{variable} is not set: run scripts/services start, and export what scripts/services env prints"
    );
    address
}

/// Asks a worker to stop however its test ends: the scope that it runs in waits for it, also after a panic.
pub struct StopOnDrop<'a>(
    /// What the worker looks at.
    pub &'a AtomicBool,
);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A log under test with one empty topic of two partitions.
pub trait World {
    /// Its sinks.
    type Sink: Sink<u64>;
    /// Its group members.
    type Member: Source + Committer;
    /// Its readers.
    type Reader: Reader;

    /// The topic.
    fn topic(&self) -> Arc<str>;
    /// A sink that holds at most `capacity` records in flight.
    fn sink(&self, capacity: usize) -> (Self::Sink, Receiver<Delivery<u64>>);
    /// A member of `group` over the topic.
    fn member(&self, group: &str) -> Self::Member;
    /// A reader.
    fn reader(&self) -> Self::Reader;
    /// Appends what no reader is given: in a log with transactions an aborted one, with its marker. A log that has
    /// nothing of that kind leaves it at nothing.
    fn append_unreadable(&self, _partition: i32) {}
}

/// Runs every promise as a test of its own over the worlds that `$fresh` (a function) makes.
#[macro_export]
macro_rules! log_keeps_its_promises {
    ($fresh:path: $($promise:ident),+ $(,)?) => {
        $(#[test] fn $promise() {
            $crate::testing::$promise(&$fresh());
        })+
    };
    ($fresh:path) => {
        $crate::log_keeps_its_promises!($fresh:
            a_record_is_read_as_it_was_sent,
            deliveries_come_in_the_order_of_sending,
            a_full_sink_gives_the_record_back,
            an_unknown_partition_is_refused,
            one_key_always_goes_to_one_partition,
            a_reader_finds_offsets_by_time,
            a_reader_comes_to_the_end_whatever_lies_there,
            a_stretch_leads_past_its_records_and_never_back,
            a_member_is_led_to_the_end_whatever_lies_there,
            nothing_comes_before_a_partition_is_started,
            a_group_goes_on_where_it_committed,
            a_commit_is_stored_as_one,
            a_partition_can_be_sought_back,
            a_paused_partition_waits_and_loses_nothing,
            a_partition_that_comes_back_is_not_paused,
            a_reader_seeks_back_whatever_it_has_read_ahead,
            what_is_not_owned_can_not_be_committed,
            a_second_member_takes_over_where_the_first_committed,
            a_waiting_poll_wakes_when_a_record_comes,
        );
    };
}

fn outgoing(topic: &Arc<str>, partition: Option<i32>, value: &str) -> Outgoing {
    let key = Some(Bytes::from_static(b"key"));
    let value = Some(Bytes::copy_from_slice(value.as_bytes()));
    Outgoing { topic: Arc::clone(topic), partition, key, value, headers: Vec::new() }
}

/// Appends and waits until everything is durable.
fn append<W: World>(world: &W, partition: i32, values: &[&str]) -> Vec<i64> {
    let (mut sink, deliveries) = world.sink(values.len());
    for (token, value) in values.iter().enumerate() {
        sink.send(outgoing(&world.topic(), Some(partition), value), token as u64).expect("taken");
    }
    let offset = |_| deliveries.recv_timeout(PATIENCE).expect("delivered").result.expect("durable").1;
    values.iter().map(offset).collect()
}

fn text(record: &Record) -> String {
    String::from_utf8(record.value.as_deref().unwrap_or_default().to_vec()).expect("text")
}

/// The next event within the patience.
fn next<M: Source>(member: &mut M) -> Event {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Some(event) = member.poll(GLANCE).expect("polls") {
            return event;
        }
    }
    panic!("nothing came within {PATIENCE:?}");
}

fn next_record<M: Source>(member: &mut M) -> Record {
    match next(member) {
        Event::Record(record) => record,
        other => panic!("expected a record, got {other:?}"),
    }
}

/// Waits for an assignment and starts what came where the group stands.
fn take_assignment<M: Source + Committer>(member: &mut M) -> (Vec<TopicPartition>, u64) {
    let Event::Assigned { partitions, generation } = next(member) else { panic!("expected an assignment") };
    for partition in &partitions {
        let from = member.committed(partition).expect("answers").map_or(0, |position| position.offset);
        member.start(partition, from).expect("starts");
    }
    (partitions, generation)
}

fn at(partition: &TopicPartition, offset: i64, metadata: &str) -> Position {
    Position { partition: partition.clone(), offset, metadata: metadata.into() }
}

fn is_quiet<M: Source>(member: &mut M) -> bool {
    member.poll(GLANCE).expect("polls").is_none()
}

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
        deliveries.recv_timeout(PATIENCE).expect("delivered").result.expect("durable");
    }
    let partition = TopicPartition::new(world.topic(), 1);
    let mut reader = world.reader();
    assert_eq!(reader.end(&partition).expect("answers"), 3);
    let mut read = Vec::new();
    while read.len() < sent.len() {
        read.extend(reader.fetch(&partition, read.len() as i64, PATIENCE).expect("reads").records);
    }
    for (n, (read, sent)) in read.iter().zip(&sent).enumerate() {
        assert_eq!((&read.key, &read.value, &read.headers), (&sent.key, &sent.value, &sent.headers));
        assert_eq!((&read.source, read.offset), (&partition, n as i64));
    }
    assert!(read.is_sorted_by_key(|record| record.appended_at));
    let rest = reader.fetch(&partition, 3, GLANCE).expect("reads");
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
        let delivery = deliveries.recv_timeout(PATIENCE).expect("delivered");
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
    deliveries.recv_timeout(PATIENCE).expect("delivered").result.expect("durable");
    let (mut record, until) = (refused.record, Instant::now() + PATIENCE);
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
        Ok(()) => deliveries.recv_timeout(PATIENCE).expect("delivered").result.is_err(),
    };
    assert!(refused);
}

/// Where no partition is given, Java's murmur2 of the key decides.
pub fn one_key_always_goes_to_one_partition<W: World>(world: &W) {
    // Room for one more: a record leaves its place a moment after its delivery is said.
    let (mut sink, deliveries) = world.sink(2);
    for (key, partition) in [("21", 0), ("foobar", 0), ("abc", 1), ("a-little-bit-longer-string", 1)] {
        let key = Some(Bytes::from_static(key.as_bytes()));
        sink.send(Outgoing { key, ..outgoing(&world.topic(), None, "x") }, 0).expect("taken");
        let delivery = deliveries.recv_timeout(PATIENCE).expect("delivered");
        assert_eq!(delivery.result.expect("durable").0.partition, partition);
    }
}

/// The first offset at or after a time; 0 for all times before, the end for all after.
pub fn a_reader_finds_offsets_by_time<W: World>(world: &W) {
    append(world, 0, &["a", "b", "c"]);
    let partition = TopicPartition::new(world.topic(), 0);
    let mut reader = world.reader();
    let first = reader.fetch(&partition, 0, PATIENCE).expect("reads").records.remove(0);
    assert_eq!(reader.offset_at(&partition, 0).expect("answers"), 0);
    assert_eq!(reader.offset_at(&partition, first.appended_at).expect("answers"), 0);
    assert_eq!(reader.offset_at(&partition, i64::MAX).expect("answers"), 3);
    let other = TopicPartition::new(world.topic(), 1);
    assert_eq!(reader.offset_at(&other, 0).expect("answers"), 0, "an empty partition");
}

/// Reads `partition` from `from` on to the end that it has now.
fn read_to_the_end<R: Reader>(reader: &mut R, partition: &TopicPartition, from: i64) -> Vec<String> {
    let (end, until) = (reader.end(partition).expect("answers"), Instant::now() + PATIENCE);
    let (mut texts, mut next) = (Vec::new(), from);
    while next < end {
        assert!(Instant::now() < until, "{partition} is read up to {next} of {end} only");
        let stretch = reader.fetch(partition, next, GLANCE).expect("reads");
        texts.extend(stretch.records.iter().map(text));
        next = stretch.next;
    }
    assert_eq!(next, end);
    texts
}

/// To be at the end is to stand where the next record comes, behind a record or behind what nobody is given.
pub fn a_reader_comes_to_the_end_whatever_lies_there<W: World>(world: &W) {
    let partition = TopicPartition::new(world.topic(), 0);
    let mut reader = world.reader();
    assert!(read_to_the_end(&mut reader, &partition, 0).is_empty());
    world.append_unreadable(0);
    assert!(read_to_the_end(&mut reader, &partition, 0).is_empty(), "there is nothing else");
    append(world, 0, &["a"]);
    assert_eq!(read_to_the_end(&mut reader, &partition, 0), ["a"]);
    world.append_unreadable(0);
    world.append_unreadable(0);
    // One that goes on where it was, and one that comes anew.
    assert_eq!(read_to_the_end(&mut reader, &partition, 0), ["a"]);
    assert_eq!(read_to_the_end(&mut world.reader(), &partition, 0), ["a"]);
    let end = reader.end(&partition).expect("answers");
    assert!(read_to_the_end(&mut reader, &partition, end).is_empty());
    append(world, 0, &["b", "c"]);
    assert_eq!(read_to_the_end(&mut reader, &partition, end), ["b", "c"]);
    assert_eq!(read_to_the_end(&mut reader, &partition, 0), ["a", "b", "c"]);
}

/// Partitions of one number do not mix, and what was read of one leads nobody past records of another.
pub fn a_stretch_leads_past_its_records_and_never_back<W: World>(world: &W) {
    for round in 0..3 {
        append(world, 0, &["a"]);
        append(world, 1, &["b"]);
        world.append_unreadable(round % 2);
    }
    let mut reader = world.reader();
    let until = Instant::now() + PATIENCE;
    for number in [0, 1, 0] {
        let partition = TopicPartition::new(world.topic(), number);
        let (mut next, mut seen) = (0, 0);
        while seen < 3 {
            assert!(Instant::now() < until, "{seen} of 3 are read of {partition}");
            let stretch = reader.fetch(&partition, next, GLANCE).expect("reads");
            assert!(stretch.next >= next);
            for record in &stretch.records {
                assert!(
                    (next..stretch.next).contains(&record.offset),
                    "{record:?} of {next}..{}",
                    stretch.next
                );
            }
            (seen, next) = (seen + stretch.records.len(), stretch.next);
        }
    }
}

/// What a group may commit comes to the end too, or nobody would ever see it done.
pub fn a_member_is_led_to_the_end_whatever_lies_there<W: World>(world: &W) {
    append(world, 0, &["a"]);
    world.append_unreadable(0);
    let mut member = world.member("g");
    let (partitions, _) = take_assignment(&mut member);
    let partition = &partitions[0];
    let mut reader = world.reader();
    let mut led = |member: &mut W::Member, from: i64| {
        let (end, until) = (reader.end(partition).expect("answers"), Instant::now() + PATIENCE);
        let (mut texts, mut reached) = (Vec::new(), from);
        while reached < end {
            assert!(Instant::now() < until, "led to {reached} of {end} only");
            match member.poll(GLANCE).expect("polls") {
                Some(Event::Record(record)) => {
                    assert!(record.source == *partition && record.offset >= reached, "{record:?} comes late");
                    reached = record.offset + 1;
                    texts.push(text(&record));
                }
                Some(Event::Reached { partition: of, next }) if of == *partition => {
                    assert!(next > reached, "{next} leads nowhere");
                    reached = next;
                }
                Some(Event::Reached { .. }) | None => {}
                Some(other) => panic!("expected a record, got {other:?}"),
            }
        }
        assert_eq!(reached, end);
        (texts, end)
    };
    let (texts, end) = led(&mut member, 0);
    assert_eq!(texts, ["a"]);
    member.commit(&[at(partition, end, "")]).expect("commits");
    world.append_unreadable(0);
    append(world, 0, &["b"]);
    world.append_unreadable(0);
    assert_eq!(led(&mut member, end).0, ["b"]);
    // Sought back, it gives everything again.
    member.start(partition, 0).expect("seeks");
    assert_eq!(led(&mut member, 0).0, ["a", "b"]);
    drop(member);
    let mut member = world.member("g");
    let (partitions, _) = take_assignment(&mut member);
    assert_eq!(member.committed(&partitions[0]).expect("answers").map(|position| position.offset), Some(end));
    assert_eq!(led(&mut member, end).0, ["b"]);
}

/// Assigned alone delivers nothing.
pub fn nothing_comes_before_a_partition_is_started<W: World>(world: &W) {
    append(world, 0, &["a"]);
    let mut member = world.member("g");
    let Event::Assigned { partitions, .. } = next(&mut member) else { panic!("expected an assignment") };
    assert_eq!(partitions.len(), 2);
    assert!(is_quiet(&mut member));
    member.start(&partitions[0], 0).expect("starts");
    assert_eq!(text(&next_record(&mut member)), "a");
}

/// A later member of the group reads on after the commit; another group has its own position.
pub fn a_group_goes_on_where_it_committed<W: World>(world: &W) {
    append(world, 0, &["a", "b", "c"]);
    let mut member = world.member("g");
    let (partitions, _) = take_assignment(&mut member);
    assert_eq!(member.committed(&partitions[0]).expect("answers"), None);
    assert_eq!(text(&next_record(&mut member)), "a");
    assert_eq!(text(&next_record(&mut member)), "b");
    member.commit(&[at(&partitions[0], 1, "kept beside")]).expect("commits");
    drop(member);

    let mut member = world.member("g");
    let (partitions, _) = take_assignment(&mut member);
    let position = member.committed(&partitions[0]).expect("answers");
    assert_eq!(position, Some(at(&partitions[0], 1, "kept beside")));
    assert_eq!(text(&next_record(&mut member)), "b", "what was not committed comes again");
    let mut other = world.member("another");
    take_assignment(&mut other);
    assert_eq!(text(&next_record(&mut other)), "a");
}

/// Several partitions in one commit; a later commit replaces offset and metadata.
pub fn a_commit_is_stored_as_one<W: World>(world: &W) {
    append(world, 0, &["a", "b"]);
    append(world, 1, &["a", "b"]);
    let mut member = world.member("g");
    let (partitions, _) = take_assignment(&mut member);
    let both =
        |offset, metadata| [at(&partitions[0], offset, metadata), at(&partitions[1], offset, metadata)];
    member.commit(&both(1, "first")).expect("commits");
    member.commit(&both(2, "")).expect("commits");
    for position in both(2, "") {
        assert_eq!(member.committed(&position.partition).expect("answers"), Some(position));
    }
}

/// Starting again delivers again, from there.
pub fn a_partition_can_be_sought_back<W: World>(world: &W) {
    append(world, 0, &["a", "b"]);
    let mut member = world.member("g");
    let (partitions, _) = take_assignment(&mut member);
    assert_eq!(text(&next_record(&mut member)), "a");
    assert_eq!(text(&next_record(&mut member)), "b");
    member.start(&partitions[0], 1).expect("seeks");
    assert_eq!(text(&next_record(&mut member)), "b");
    assert!(is_quiet(&mut member));
}

/// A paused partition holds its records back and delivers them once it is let on; the others go on.
pub fn a_paused_partition_waits_and_loses_nothing<W: World>(world: &W) {
    append(world, 0, &["a", "b", "c"]);
    let mut member = world.member("g");
    let (partitions, _) = take_assignment(&mut member);
    assert_eq!(text(&next_record(&mut member)), "a");
    member.pause(&partitions[0], true);
    append(world, 1, &["other"]);
    assert_eq!(text(&next_record(&mut member)), "other");
    assert!(is_quiet(&mut member));
    member.pause(&partitions[0], false);
    assert_eq!(text(&next_record(&mut member)), "b");
    assert_eq!(text(&next_record(&mut member)), "c");
}

/// A pause ends with the ownership: what was paused, given up and assigned again is read.
pub fn a_partition_that_comes_back_is_not_paused<W: World>(world: &W) {
    let mut first = world.member("g");
    let (partitions, _) = take_assignment(&mut first);
    for partition in &partitions {
        first.pause(partition, true);
    }
    let mut second = world.member("g");
    let until = Instant::now() + PATIENCE;
    let mut moved: Vec<TopicPartition> = Vec::new();
    // Both poll in turn, as they would on two threads.
    while moved.is_empty() {
        assert!(Instant::now() < until, "the second member was given nothing");
        if let Some(Event::Assigned { partitions, .. }) = first.poll(GLANCE).expect("polls") {
            // Logs that revoke everything first give some back.
            for partition in &partitions {
                first.start(partition, 0).expect("starts");
            }
        }
        if let Some(Event::Assigned { partitions, .. }) = second.poll(GLANCE).expect("polls") {
            moved = partitions;
        }
    }
    drop(second);
    for partition in &moved {
        append(world, partition.partition, &["back"]);
    }
    let mut owned: Vec<TopicPartition> = Vec::new();
    while !moved.iter().all(|partition| owned.contains(partition)) {
        match next(&mut first) {
            Event::Assigned { partitions, .. } => {
                for partition in &partitions {
                    first.start(partition, 0).expect("starts");
                }
                owned.extend(partitions);
            }
            Event::Revoked { .. } | Event::Reached { .. } => {}
            Event::Record(record) => panic!("{record:?} was read before its partition came back"),
        }
    }
    for _ in &moved {
        assert_eq!(text(&next_record(&mut first)), "back");
    }
}

/// What a reader has fetched ahead of one partition, while it was asked for another, does not keep it from reading
/// that one from elsewhere.
pub fn a_reader_seeks_back_whatever_it_has_read_ahead<W: World>(world: &W) {
    const MANY: usize = 3_000;
    append(world, 1, &["x"; MANY]);
    let [other, partition] = [0, 1].map(|number| TopicPartition::new(world.topic(), number));
    let mut reader = world.reader();
    assert!(!reader.fetch(&partition, 0, PATIENCE).expect("reads").records.is_empty());
    for _ in 0..20 {
        assert!(reader.fetch(&other, 0, GLANCE).expect("reads").records.is_empty());
    }
    let until = Instant::now() + PATIENCE;
    let mut read = 0;
    while read < MANY {
        assert!(Instant::now() < until, "{read} of {MANY} are read again");
        for record in reader.fetch(&partition, read as i64, GLANCE).expect("reads") {
            assert_eq!(record.offset, read as i64);
            read += 1;
        }
    }
}

/// A commit names only what the member owns, or stores nothing; nor can it be started.
pub fn what_is_not_owned_can_not_be_committed<W: World>(world: &W) {
    append(world, 0, &["a"]);
    let mut owner = world.member("g");
    let (partitions, _) = take_assignment(&mut owner);
    let mut stranger = world.member("g");
    let positions = [at(&partitions[0], 1, "")];
    assert!(stranger.commit(&positions).is_err());
    assert!(stranger.start(&partitions[0], 0).is_err());
    assert_eq!(owner.committed(&partitions[0]).expect("answers"), None);
}

/// Revoked partitions can be committed until the next poll, then they pass on: nothing is lost, nothing is
/// owned twice, and a partition that comes back has a greater generation.
pub fn a_second_member_takes_over_where_the_first_committed<W: World>(world: &W) {
    append(world, 0, &["a0", "b0"]);
    append(world, 1, &["a1", "b1"]);
    let mut first = world.member("g");
    let (_, before) = take_assignment(&mut first);
    let mut read: BTreeMap<TopicPartition, i64> = BTreeMap::new();
    for _ in 0..2 {
        let record = next_record(&mut first);
        read.insert(record.source, record.offset + 1);
    }

    let mut second = world.member("g");
    let mut moved = None;
    let until = Instant::now() + PATIENCE;
    // Both poll in turn, as they would on two threads.
    while moved.is_none() && Instant::now() < until {
        match first.poll(GLANCE).expect("polls") {
            Some(Event::Revoked { partitions, lost: false }) => {
                let read_of = |p: &TopicPartition| at(p, read.get(p).copied().unwrap_or(0), "");
                let positions: Vec<_> = partitions.iter().map(read_of).collect();
                first.commit(&positions).expect("still owned");
            }
            Some(Event::Record(record)) => {
                read.insert(record.source, record.offset + 1);
            }
            Some(Event::Assigned { partitions, .. }) => {
                // Logs that revoke everything first give some back.
                for partition in &partitions {
                    first.start(partition, read.get(partition).copied().unwrap_or(0)).expect("starts");
                }
            }
            Some(lost @ Event::Revoked { .. }) => panic!("nothing was lost here: {lost:?}"),
            Some(Event::Reached { .. }) | None => {}
        }
        if let Some(Event::Assigned { partitions, .. }) = second.poll(GLANCE).expect("polls") {
            moved = partitions.first().cloned();
            for partition in &partitions {
                let from = second.committed(partition).expect("answers").map_or(0, |p| p.offset);
                assert_eq!(from, read.get(partition).copied().unwrap_or(0), "handed over where it stood");
                second.start(partition, from).expect("starts");
            }
        }
    }
    let moved = moved.expect("the second member was given a partition");
    assert!(first.commit(&[at(&moved, 2, "")]).is_err(), "it has passed on");

    drop(second);
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Some(Event::Assigned { partitions, generation }) = first.poll(GLANCE).expect("polls")
            && partitions.contains(&moved)
        {
            assert!(generation > before);
            return;
        }
    }
    panic!("the partition did not come back");
}

/// A poll that waits returns with the record, not with the end of its wait.
pub fn a_waiting_poll_wakes_when_a_record_comes<W: World>(world: &W) {
    let mut member = world.member("g");
    take_assignment(&mut member);
    let (mut sink, _deliveries) = world.sink(1);
    let topic = world.topic();
    std::thread::scope(|scope| {
        scope.spawn(move || sink.send(outgoing(&topic, Some(1), "come"), 0).expect("taken"));
        let event = member.poll(PATIENCE).expect("polls");
        assert!(matches!(event, Some(Event::Record(record)) if text(&record) == "come"));
    });
}
