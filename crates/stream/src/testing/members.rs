//! What every member of a group has to keep while its assignment stays.

use std::time::Instant;

use super::{
    World,
    steps::{
        EVENT_TIMEOUT, QUIET_WAIT, append, at, is_quiet, next, next_record, outgoing, take_assignment, text,
    },
};
use crate::seam::{Committer, Event, Reader, Sink, Source};

/// What a group may commit comes to the end too, or nobody would ever see it done.
pub fn a_member_is_led_to_the_end_whatever_lies_there<W: World>(world: &W) {
    append(world, 0, &["a"]);
    world.append_unreadable(0);
    let mut member = world.member("g");
    let (partitions, _) = take_assignment(&mut member);
    let partition = &partitions[0];
    let mut reader = world.reader();
    let mut led = |member: &mut W::GroupMember, from: i64| {
        let (end, until) = (reader.end(partition).expect("answers"), Instant::now() + EVENT_TIMEOUT);
        let (mut texts, mut reached) = (Vec::new(), from);
        while reached < end {
            assert!(Instant::now() < until, "led to {reached} of {end} only");
            match member.poll(QUIET_WAIT).expect("polls") {
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

/// A poll that waits returns with the record, not with the end of its wait.
pub fn a_waiting_poll_wakes_when_a_record_comes<W: World>(world: &W) {
    let mut member = world.member("g");
    take_assignment(&mut member);
    let (mut sink, _deliveries) = world.sink(1);
    let topic = world.topic();
    std::thread::scope(|scope| {
        scope.spawn(move || sink.send(outgoing(&topic, Some(1), "come"), 0).expect("taken"));
        let event = member.poll(EVENT_TIMEOUT).expect("polls");
        assert!(matches!(event, Some(Event::Record(record)) if text(&record) == "come"));
    });
}
