//! Where the reading of each partition goes on, and whether the view was made from this log at all.

use std::{collections::BTreeMap, time::Duration};

use ombud_contract::catalogue::Topic;
use ombud_store::{LastRecord, WorklistPosition};
use ombud_stream::{Outage, Reader, TopicPartition};

use super::{progress::PartitionProgress, read::TOPICS};

/// How long one look for a record waits.
const LOOK_TIMEOUT: Duration = Duration::from_millis(200);
/// Looks for one record: where it does not come in all of them, it is no longer there.
const MOST_LOOKS: usize = 5;

/// Says how many partitions a topic has now.
pub type PartitionCount<'a> = dyn FnMut(&str) -> Result<i32, Outage> + 'a;

/// The reading of one partition.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) topic: Topic,
    pub(super) partition: TopicPartition,
    /// Everything below is read.
    pub(super) next: i64,
    pub(super) last: Option<LastRecord>,
    /// When the last record was appended.
    pub(super) appended_at: Option<i64>,
    /// The end that the partition had when its reading began.
    pub(super) goal: i64,
}

impl Track {
    pub(super) fn position(&self) -> WorklistPosition {
        WorklistPosition {
            topic: self.partition.topic.to_string(),
            partition: self.partition.partition,
            next: self.next,
            last: self.last.clone(),
        }
    }

    /// As others see it; `end` where that was just asked for.
    pub(super) fn progress(&self, end: Option<(i64, i64)>) -> (TopicPartition, PartitionProgress) {
        let progress = PartitionProgress { next: self.next, appended_at: self.appended_at, end };
        (self.partition.clone(), progress)
    }
}

/// Every partition of the topics from `known` on: where the view stands, or from the first record. `None` where the view was
/// made from another log: one that ends earlier, that has another record where the last one was read, or that has fewer
/// partitions.
pub(super) fn resume(
    reader: &mut dyn Reader,
    count: &mut PartitionCount<'_>,
    prefix: &str,
    known: Vec<WorklistPosition>,
) -> Result<Option<Vec<Track>>, Outage> {
    let known = known.into_iter().map(|position| ((position.topic.clone(), position.partition), position));
    let mut known: BTreeMap<(String, i32), WorklistPosition> = known.collect();
    let mut tracks = Vec::new();
    for topic in TOPICS {
        let name = topic.name(prefix);
        for number in 0..count(&name)? {
            match known.remove(&(name.clone(), number)) {
                None => tracks.push(begin(reader, topic, &name, number)?),
                Some(position) => match go_on(reader, topic, position)? {
                    Some(track) => tracks.push(track),
                    None => return Ok(None),
                },
            }
        }
    }
    Ok(known.is_empty().then_some(tracks))
}

/// A partition from its first record on.
pub(super) fn begin(reader: &mut dyn Reader, topic: Topic, name: &str, number: i32) -> Result<Track, Outage> {
    let partition = TopicPartition::new(name, number);
    let next = reader.offset_at(&partition, i64::MIN)?;
    let goal = reader.end(&partition)?;
    Ok(Track { topic, partition, next, last: None, appended_at: None, goal })
}

/// A partition from where the view stands; `None` where it is another one.
fn go_on(reader: &mut dyn Reader, topic: Topic, position: WorklistPosition) -> Result<Option<Track>, Outage> {
    let partition = TopicPartition::new(position.topic, position.partition);
    let goal = reader.end(&partition)?;
    if goal < position.next {
        return Ok(None);
    }
    // What somebody deleted in front nobody can read again.
    let first = reader.offset_at(&partition, i64::MIN)?;
    let mut appended_at = None;
    if let Some(last) = position.last.as_ref().filter(|last| last.offset >= first) {
        match find(reader, &partition, last.offset)? {
            Some((found, at)) if found == *last => appended_at = Some(at),
            Some(_) => return Ok(None),
            // Compacted away, or given up by a repair: nobody can say that it is another log.
            None => {}
        }
    }
    let WorklistPosition { next, last, .. } = position;
    Ok(Some(Track { topic, partition, next: next.max(first), last, appended_at, goal }))
}

/// The record at `offset`, and when it was appended; `None` where there is none any more.
fn find(
    reader: &mut dyn Reader,
    partition: &TopicPartition,
    offset: i64,
) -> Result<Option<(LastRecord, i64)>, Outage> {
    let mut next = offset;
    for _ in 0..MOST_LOOKS {
        let stretch = reader.fetch(partition, next, LOOK_TIMEOUT)?;
        if let Some(first) = stretch.records.first() {
            return Ok((first.offset == offset).then(|| (LastRecord::of(first), first.appended_at)));
        }
        if stretch.next > offset {
            return Ok(None);
        }
        next = stretch.next;
    }
    Ok(None)
}
