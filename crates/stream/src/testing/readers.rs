//! What every reader has to keep.

use std::time::Instant;

use super::{
    World,
    steps::{EVENT_TIMEOUT, QUIET_WAIT, append, text},
};
use crate::{record::TopicPartition, seam::Reader};

/// The first offset at or after a time; 0 for all times before, the end for all after.
pub fn a_reader_finds_offsets_by_time<W: World>(world: &W) {
    append(world, 0, &["a", "b", "c"]);
    let partition = TopicPartition::new(world.topic(), 0);
    let mut reader = world.reader();
    let first = reader.fetch(&partition, 0, EVENT_TIMEOUT).expect("reads").records.remove(0);
    assert_eq!(reader.offset_at(&partition, 0).expect("answers"), 0);
    assert_eq!(reader.offset_at(&partition, first.appended_at).expect("answers"), 0);
    assert_eq!(reader.offset_at(&partition, i64::MAX).expect("answers"), 3);
    let other = TopicPartition::new(world.topic(), 1);
    assert_eq!(reader.offset_at(&other, 0).expect("answers"), 0, "an empty partition");
}

/// Reads `partition` from `from` on to the end that it has now.
fn read_to_the_end<R: Reader>(reader: &mut R, partition: &TopicPartition, from: i64) -> Vec<String> {
    let (end, until) = (reader.end(partition).expect("answers"), Instant::now() + EVENT_TIMEOUT);
    let (mut texts, mut next) = (Vec::new(), from);
    while next < end {
        assert!(Instant::now() < until, "{partition} is read up to {next} of {end} only");
        let stretch = reader.fetch(partition, next, QUIET_WAIT).expect("reads");
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
    // One reader that continues where it was, and a new one.
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
    let until = Instant::now() + EVENT_TIMEOUT;
    for number in [0, 1, 0] {
        let partition = TopicPartition::new(world.topic(), number);
        let (mut next, mut seen) = (0, 0);
        while seen < 3 {
            assert!(Instant::now() < until, "{seen} of 3 are read of {partition}");
            let stretch = reader.fetch(&partition, next, QUIET_WAIT).expect("reads");
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

/// What a reader has fetched ahead of one partition, while it was asked for another, does not keep it from reading
/// that one from elsewhere.
pub fn a_reader_seeks_back_whatever_it_has_read_ahead<W: World>(world: &W) {
    const MANY: usize = 3_000;
    append(world, 1, &["x"; MANY]);
    let [other, partition] = [0, 1].map(|number| TopicPartition::new(world.topic(), number));
    let mut reader = world.reader();
    assert!(!reader.fetch(&partition, 0, EVENT_TIMEOUT).expect("reads").records.is_empty());
    for _ in 0..20 {
        assert!(reader.fetch(&other, 0, QUIET_WAIT).expect("reads").records.is_empty());
    }
    let until = Instant::now() + EVENT_TIMEOUT;
    let mut read = 0;
    while read < MANY {
        assert!(Instant::now() < until, "{read} of {MANY} are read again");
        for record in reader.fetch(&partition, read as i64, QUIET_WAIT).expect("reads") {
            assert_eq!(record.offset, read as i64);
            read += 1;
        }
    }
}
