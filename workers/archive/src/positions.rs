//! How far the archive is in each partition: what it has read, what is in the store, and what is committed.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use ombud_stream::{
    Committer, Outage, PartitionStatus, Position, Record, RetriedCall, TopicPartition, Vitals,
};

use crate::topics::WORKER;

/// How often a commit that failed by an outage is tried again.
const COMMIT_RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// The positions in every owned partition.
pub(crate) struct Positions {
    owned: BTreeMap<TopicPartition, PartitionPosition>,
    vitals: Vitals,
    commits: RetriedCall,
    tried_at: Instant,
}

struct PartitionPosition {
    committed: i64,
    /// Everything below is in the store.
    kept: i64,
    /// Where reading resumes when that is further than one past the last record: what lies between can't be read.
    passed: i64,
    /// When each record was appended that is read and not in the store.
    pending: VecDeque<i64>,
    /// When the first record was appended that is not committed.
    oldest_at: Option<i64>,
}

impl Positions {
    pub(crate) fn new() -> Self {
        Self {
            owned: BTreeMap::new(),
            vitals: Vitals::of(WORKER),
            commits: RetriedCall::of("kafka"),
            tried_at: Instant::now(),
        }
    }

    pub(crate) fn begin(&mut self, partition: TopicPartition, next: i64) {
        self.owned.insert(
            partition,
            PartitionPosition {
                committed: next,
                kept: next,
                passed: next,
                pending: VecDeque::new(),
                oldest_at: None,
            },
        );
    }

    /// Partitions that went: what is not committed of them is read again by their next owner.
    pub(crate) fn end(&mut self, partitions: &[TopicPartition]) {
        self.owned.retain(|partition, _| !partitions.contains(partition));
    }

    pub(crate) fn read(&mut self, record: &Record) {
        self.vitals.read(record);
        if let Some(position) = self.owned.get_mut(&record.source) {
            position.pending.push_back(record.appended_at);
            position.oldest_at.get_or_insert(record.appended_at);
        }
    }

    /// `partition` was delivered up to `next`. Kept at once where nothing is pending, else with what is.
    pub(crate) fn pass(&mut self, partition: &TopicPartition, next: i64) {
        if let Some(position) = self.owned.get_mut(partition) {
            position.passed = next;
            if position.pending.is_empty() {
                position.kept = position.kept.max(next);
            }
        }
    }

    /// `record` is in the store, and so is everything of its partition that was read before it.
    pub(crate) fn keep(&mut self, record: &Record) {
        if let Some(position) = self.owned.get_mut(&record.source) {
            position.pending.pop_front();
            position.kept = record.offset + 1;
            if position.pending.is_empty() {
                position.kept = position.kept.max(position.passed);
            }
        }
    }

    /// The partitions that are owned.
    pub(crate) fn partitions(&self) -> impl Iterator<Item = &TopicPartition> {
        self.owned.keys()
    }

    /// Commits past everything that is kept. What an outage prevents is committed with what is kept next, or by itself
    /// with [`Self::commit_again`].
    pub(crate) fn commit(&mut self, member: &mut impl Committer) -> Result<(), Outage> {
        self.tried_at = Instant::now();
        let kept = self.owned.iter().filter(|(_, owned)| owned.kept > owned.committed);
        let position = |(partition, owned): (&TopicPartition, &PartitionPosition)| Position {
            partition: partition.clone(),
            offset: owned.kept,
            metadata: String::new(),
        };
        let positions: Vec<Position> = kept.map(position).collect();
        if positions.is_empty() || self.commits.through(member.commit(&positions))?.is_none() {
            return Ok(());
        }
        for position in positions {
            if let Some(owned) = self.owned.get_mut(&position.partition) {
                (owned.committed, owned.oldest_at) = (position.offset, owned.pending.front().copied());
            }
        }
        Ok(())
    }

    /// Commits once more, now and then, what could not be committed.
    pub(crate) fn commit_again(&mut self, member: &mut impl Committer) -> Result<(), Outage> {
        if self.tried_at.elapsed() >= COMMIT_RETRY_INTERVAL { self.commit(member) } else { Ok(()) }
    }

    /// Reports lag and progress to the metrics.
    pub(crate) fn report(&mut self, now_ms: i64) {
        let standing = |(partition, position): (&TopicPartition, &PartitionPosition)| PartitionStatus {
            partition: partition.clone(),
            frontier: position.kept,
            in_flight: position.pending.len(),
            oldest_at: position.oldest_at,
        };
        self.vitals.report(now_ms, self.owned.iter().map(standing));
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
        let (mut positions, partition) = (Positions::new(), TopicPartition::new("t", 0));
        positions.begin(partition.clone(), 3);
        positions.pass(&partition, 4);
        assert_eq!(positions.owned[&partition].kept, 4, "nothing is pending");
        positions.read(&record(4));
        positions.read(&record(5));
        positions.pass(&partition, 8);
        assert_eq!(positions.owned[&partition].kept, 4);
        positions.keep(&record(4));
        assert_eq!(positions.owned[&partition].kept, 5, "one before the marker is still pending");
        positions.keep(&record(5));
        assert_eq!(positions.owned[&partition].kept, 8);
    }

    #[test]
    fn what_is_kept_of_a_batch_can_be_committed_while_the_rest_is_pending() {
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
        let (mut positions, partition) = (Positions::new(), TopicPartition::new("t", 0));
        positions.begin(partition.clone(), 0);
        for offset in 0..3 {
            positions.read(&Record { appended_at: 10 + offset, ..record(offset) });
        }
        positions.keep(&record(0));
        let mut committed = Committed(Vec::new());
        positions.commit(&mut committed).unwrap();
        assert_eq!(committed.0.iter().map(|position| position.offset).collect::<Vec<_>>(), [1]);
        let position = &positions.owned[&partition];
        assert_eq!((position.pending.len(), position.oldest_at), (2, Some(11)));
    }
}
