//! What every member of a group has to keep while partitions come and go.

use std::{collections::BTreeMap, time::Instant};

use super::{
    World,
    steps::{EVENT_TIMEOUT, QUIET_WAIT, append, at, next, next_record, take_assignment, text},
};
use crate::{
    record::TopicPartition,
    seam::{Committer, Event, Source},
};

/// A pause ends with the ownership: what was paused, given up and assigned again is read.
pub fn a_partition_that_comes_back_is_not_paused<W: World>(world: &W) {
    let mut first = world.member("g");
    let (partitions, _) = take_assignment(&mut first);
    for partition in &partitions {
        first.pause(partition, true);
    }
    let mut second = world.member("g");
    let until = Instant::now() + EVENT_TIMEOUT;
    let mut moved: Vec<TopicPartition> = Vec::new();
    // Both poll in turn, as they would on two threads.
    while moved.is_empty() {
        assert!(Instant::now() < until, "the second member was given nothing");
        if let Some(Event::Assigned { partitions, .. }) = first.poll(QUIET_WAIT).expect("polls") {
            // Logs that revoke everything first give some back.
            for partition in &partitions {
                first.start(partition, 0).expect("starts");
            }
        }
        if let Some(Event::Assigned { partitions, .. }) = second.poll(QUIET_WAIT).expect("polls") {
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
    let until = Instant::now() + EVENT_TIMEOUT;
    // Both poll in turn, as they would on two threads.
    while moved.is_none() && Instant::now() < until {
        match first.poll(QUIET_WAIT).expect("polls") {
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
        if let Some(Event::Assigned { partitions, .. }) = second.poll(QUIET_WAIT).expect("polls") {
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
    let until = Instant::now() + EVENT_TIMEOUT;
    while Instant::now() < until {
        if let Some(Event::Assigned { partitions, generation }) = first.poll(QUIET_WAIT).expect("polls")
            && partitions.contains(&moved)
        {
            assert!(generation > before);
            return;
        }
    }
    panic!("the partition did not come back");
}
