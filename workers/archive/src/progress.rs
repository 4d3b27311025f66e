//! How far the archive is in each partition: what it has read, what is kept, and what is committed.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use ombud_stream::{Committer, Outage, Passing, Position, Record, Standing, TopicPartition, Vitals};

use crate::park::{WORKER, count_from_zero};

/// How often a commit is tried again that an outage was in the way of.
const COMMIT_AGAIN: Duration = Duration::from_millis(500);

/// Where every owned partition stands.
pub(crate) struct Progress {
    owned: BTreeMap<TopicPartition, Reached>,
    vitals: Vitals,
    commits: Passing,
    tried_at: Instant,
}

struct Reached {
    committed: i64,
    /// Everything below is in the store.
    kept: i64,
    /// Where reading goes on when that is further than one past the last record: the rest is nobody's to read.
    passed: i64,
    /// When each record was appended that is read and not in the store.
    in_hand: VecDeque<i64>,
    /// When the first record was appended that is not committed.
    oldest_at: Option<i64>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        count_from_zero();
        Self {
            owned: BTreeMap::new(),
            vitals: Vitals::of(WORKER),
            commits: Passing::of("kafka"),
            tried_at: Instant::now(),
        }
    }

    pub(crate) fn begin(&mut self, partition: TopicPartition, next: i64) {
        self.owned.insert(
            partition,
            Reached { committed: next, kept: next, passed: next, in_hand: VecDeque::new(), oldest_at: None },
        );
    }

    /// Partitions that went: what is not committed of them is read again by their next owner.
    pub(crate) fn end(&mut self, partitions: &[TopicPartition]) {
        self.owned.retain(|partition, _| !partitions.contains(partition));
    }

    pub(crate) fn read(&mut self, record: &Record) {
        self.vitals.read(record);
        if let Some(reached) = self.owned.get_mut(&record.source) {
            reached.in_hand.push_back(record.appended_at);
            reached.oldest_at.get_or_insert(record.appended_at);
        }
    }

    /// `partition` was delivered up to `next`. Kept at once where nothing is in hand, else with what is.
    pub(crate) fn pass(&mut self, partition: &TopicPartition, next: i64) {
        if let Some(reached) = self.owned.get_mut(partition) {
            reached.passed = next;
            if reached.in_hand.is_empty() {
                reached.kept = reached.kept.max(next);
            }
        }
    }

    /// `record` is in the store, and so is everything of its partition that was read before it.
    pub(crate) fn keep(&mut self, record: &Record) {
        if let Some(reached) = self.owned.get_mut(&record.source) {
            reached.in_hand.pop_front();
            reached.kept = record.offset + 1;
            if reached.in_hand.is_empty() {
                reached.kept = reached.kept.max(reached.passed);
            }
        }
    }

    /// The partitions that are owned.
    pub(crate) fn partitions(&self) -> impl Iterator<Item = &TopicPartition> {
        self.owned.keys()
    }

    /// Commits past everything that is kept. What an outage is in the way of stays to be committed with what is kept
    /// next, or by itself with [`Self::commit_again`].
    pub(crate) fn commit(&mut self, member: &mut impl Committer) -> Result<(), Outage> {
        self.tried_at = Instant::now();
        let kept = self.owned.iter().filter(|(_, reached)| reached.kept > reached.committed);
        let position = |(partition, reached): (&TopicPartition, &Reached)| Position {
            partition: partition.clone(),
            offset: reached.kept,
            metadata: String::new(),
        };
        let positions: Vec<Position> = kept.map(position).collect();
        if positions.is_empty() || self.commits.through(member.commit(&positions))?.is_none() {
            return Ok(());
        }
        for position in positions {
            if let Some(reached) = self.owned.get_mut(&position.partition) {
                (reached.committed, reached.oldest_at) = (position.offset, reached.in_hand.front().copied());
            }
        }
        Ok(())
    }

    /// Commits once more what could not be committed, now and then.
    pub(crate) fn commit_again(&mut self, member: &mut impl Committer) -> Result<(), Outage> {
        if self.tried_at.elapsed() >= COMMIT_AGAIN { self.commit(member) } else { Ok(()) }
    }

    pub(crate) fn tell(&mut self, now_ms: i64) {
        let standing = |(partition, reached): (&TopicPartition, &Reached)| Standing {
            partition: partition.clone(),
            frontier: reached.kept,
            in_flight: reached.in_hand.len(),
            oldest_at: reached.oldest_at,
        };
        self.vitals.tell(now_ms, self.owned.iter().map(standing));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(offset: i64) -> Record {
        Record {
            source: TopicPartition::new("t", 0),
            offset,
            appended_at: 0,
            key: None,
            value: None,
            headers: Vec::new(),
            original: None,
        }
    }

    #[test]
    fn a_marker_is_kept_with_the_records_before_it() {
        let (mut progress, partition) = (Progress::new(), TopicPartition::new("t", 0));
        progress.begin(partition.clone(), 3);
        progress.pass(&partition, 4);
        assert_eq!(progress.owned[&partition].kept, 4, "nothing is in hand");
        progress.read(&record(4));
        progress.read(&record(5));
        progress.pass(&partition, 8);
        assert_eq!(progress.owned[&partition].kept, 4);
        progress.keep(&record(4));
        assert_eq!(progress.owned[&partition].kept, 5, "one before the marker is still in hand");
        progress.keep(&record(5));
        assert_eq!(progress.owned[&partition].kept, 8);
    }

    #[test]
    fn what_is_kept_of_a_batch_can_be_committed_while_the_rest_is_in_hand() {
        struct Committed(Vec<Position>);
        impl Committer for Committed {
            fn committed(&mut self, _: &TopicPartition) -> Result<Option<Position>, Outage> {
                Ok(None)
            }

            fn commit(&mut self, positions: &[Position]) -> Result<(), Outage> {
                self.0.extend_from_slice(positions);
                Ok(())
            }
        }
        let (mut progress, partition) = (Progress::new(), TopicPartition::new("t", 0));
        progress.begin(partition.clone(), 0);
        for offset in 0..3 {
            progress.read(&Record { appended_at: 10 + offset, ..record(offset) });
        }
        progress.keep(&record(0));
        let mut committed = Committed(Vec::new());
        progress.commit(&mut committed).unwrap();
        assert_eq!(committed.0.iter().map(|position| position.offset).collect::<Vec<_>>(), [1]);
        let reached = &progress.owned[&partition];
        assert_eq!((reached.in_hand.len(), reached.oldest_at), (2, Some(11)));
    }
}
