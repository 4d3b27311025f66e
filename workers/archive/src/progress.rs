//! How far the archive is in each partition: what it has read, what is kept, and what is committed.

use std::{
    collections::BTreeMap,
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
    /// Records that are read and not in the store.
    in_hand: usize,
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
            Reached { committed: next, kept: next, passed: next, in_hand: 0, oldest_at: None },
        );
    }

    /// Partitions that went: what is not committed of them is read again by their next owner.
    pub(crate) fn end(&mut self, partitions: &[TopicPartition]) {
        self.owned.retain(|partition, _| !partitions.contains(partition));
    }

    pub(crate) fn read(&mut self, record: &Record) {
        self.vitals.read(record);
        if let Some(reached) = self.owned.get_mut(&record.source) {
            reached.in_hand += 1;
            reached.oldest_at.get_or_insert(record.appended_at);
        }
    }

    /// `partition` was delivered up to `next`. Kept at once where nothing is in hand, else with what is.
    pub(crate) fn pass(&mut self, partition: &TopicPartition, next: i64) {
        if let Some(reached) = self.owned.get_mut(partition) {
            reached.passed = next;
            if reached.in_hand == 0 {
                reached.kept = reached.kept.max(next);
            }
        }
    }

    /// Everything in `batch` is in the store.
    pub(crate) fn keep(&mut self, batch: &[Record]) {
        for record in batch {
            if let Some(reached) = self.owned.get_mut(&record.source) {
                (reached.kept, reached.in_hand) = (reached.passed.max(record.offset + 1), 0);
            }
        }
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
                (reached.committed, reached.oldest_at) = (position.offset, None);
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
            in_flight: reached.in_hand,
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
        progress.keep(&[record(4), record(5)]);
        assert_eq!(progress.owned[&partition].kept, 8);
    }
}
