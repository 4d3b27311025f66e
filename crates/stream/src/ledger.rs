//! Which offsets of which partitions are safe to commit, under the assignment that owns them.

use std::collections::{BTreeMap, VecDeque};

use crate::{
    frontier::Frontier,
    record::{Receipt, Record, TopicPartition},
    vitals::PartitionStatus,
};

/// The frontiers of all the partitions that one group member owns.
///
/// A receipt settles only under the assignment that gave it: after a partition went and came back, what was in
/// flight before is read again, and its old receipts mean nothing.
#[derive(Debug, Default)]
pub struct Ledger {
    owned: BTreeMap<TopicPartition, Assignment>,
    /// What everything costs that is taken on and not settled.
    cost: u64,
}

#[derive(Debug)]
struct Assignment {
    generation: u64,
    frontier: Frontier,
    committed: i64,
    /// Offset and append time of what is taken on and not committed.
    appended: VecDeque<(i64, i64)>,
    /// What the records cost that are taken on and not settled, by offset.
    costs: BTreeMap<i64, u64>,
}

impl Ledger {
    /// Begins an assignment of `partition`, to be read from `next`.
    pub fn assign(&mut self, partition: TopicPartition, generation: u64, next: i64) {
        let (frontier, appended) = (Frontier::new(next), VecDeque::new());
        self.revoke(&partition);
        let owned = Assignment { generation, frontier, committed: next, appended, costs: BTreeMap::new() };
        self.owned.insert(partition, owned);
    }

    /// Ends the assignment of `partition`; what is in flight of it will settle nothing.
    pub fn revoke(&mut self, partition: &TopicPartition) {
        let owned = self.owned.remove(partition);
        self.cost -= owned.map_or(0, |owned| owned.costs.values().sum());
    }

    /// Takes on a record of `cost`. `None` when its partition isn't owned, or when it was taken on before.
    pub fn open(&mut self, record: &Record, cost: u64) -> Option<Receipt> {
        let owned = self.owned.get_mut(&record.source)?;
        if !owned.frontier.open(record.offset) {
            return None;
        }
        owned.costs.insert(record.offset, cost);
        self.cost += cost;
        owned.appended.push_back((record.offset, record.appended_at));
        Some(Receipt { source: record.source.clone(), offset: record.offset, generation: owned.generation })
    }

    /// Notes that `partition` was delivered up to `next`: what lies behind its last record cannot be read.
    pub fn pass(&mut self, partition: &TopicPartition, next: i64) {
        if let Some(owned) = self.owned.get_mut(partition) {
            owned.frontier.pass(next);
        }
    }

    /// Finishes what `receipt` stands for. Returns what that cost; `None` where it changed nothing.
    pub fn settle(&mut self, receipt: &Receipt) -> Option<u64> {
        let owned = self.owned.get_mut(&receipt.source)?;
        if owned.generation != receipt.generation || !owned.frontier.settle(receipt.offset) {
            return None;
        }
        let cost = owned.costs.remove(&receipt.offset)?;
        self.cost -= cost;
        Some(cost)
    }

    /// What everything costs that is taken on and not settled.
    pub fn cost(&self) -> u64 {
        self.cost
    }

    /// The partitions whose frontier has moved since they were last committed, each with its frontier.
    pub fn to_commit(&self) -> Vec<(TopicPartition, i64)> {
        let moved = self.owned.iter().filter(|(_, owned)| owned.frontier.frontier() > owned.committed);
        moved.map(|(partition, owned)| (partition.clone(), owned.frontier.frontier())).collect()
    }

    /// Notes that `offset` of `partition` is committed.
    pub fn committed(&mut self, partition: &TopicPartition, offset: i64) {
        if let Some(owned) = self.owned.get_mut(partition) {
            owned.committed = owned.committed.max(offset);
            while owned.appended.front().is_some_and(|(taken_on, _)| *taken_on < owned.committed) {
                owned.appended.pop_front();
            }
        }
    }

    /// How many records are taken on and not settled, over `partitions`.
    pub fn unsettled<'a>(&self, partitions: impl IntoIterator<Item = &'a TopicPartition>) -> usize {
        partitions.into_iter().filter_map(|p| self.owned.get(p)).map(|o| o.frontier.unsettled()).sum()
    }

    /// How far each partition is.
    pub fn statuses(&self) -> impl Iterator<Item = PartitionStatus> {
        self.owned.iter().map(|(partition, owned)| PartitionStatus {
            partition: partition.clone(),
            frontier: owned.frontier.frontier(),
            in_flight: owned.frontier.unsettled(),
            oldest_at: owned.appended.front().map(|(_, appended_at)| *appended_at),
        })
    }

    /// The partitions that are owned.
    pub fn partitions(&self) -> impl Iterator<Item = &TopicPartition> {
        self.owned.keys()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(partition: i32, offset: i64) -> Record {
        Record {
            source: TopicPartition::new("t", partition),
            offset,
            appended_at: 0,
            key: None,
            value: None,
            headers: Vec::new(),
            original: None,
        }
    }

    #[test]
    fn a_receipt_of_an_older_assignment_settles_nothing() {
        let partition = TopicPartition::new("t", 0);
        let mut ledger = Ledger::default();
        ledger.assign(partition.clone(), 1, 5);
        let old = ledger.open(&record(0, 5), 7).unwrap();
        assert_eq!(ledger.cost(), 7);
        ledger.revoke(&partition);
        assert_eq!(ledger.cost(), 0);
        ledger.assign(partition.clone(), 2, 5);
        let new = ledger.open(&record(0, 5), 8).unwrap();

        assert_eq!(ledger.settle(&old), None);
        assert!(ledger.to_commit().is_empty());
        assert_eq!(ledger.settle(&new), Some(8));
        assert_eq!(ledger.settle(&new), None);
        assert_eq!(ledger.cost(), 0);
        ledger.assign(partition.clone(), 3, 5);
        let newest = ledger.open(&record(0, 5), 8).unwrap();
        assert_eq!(ledger.settle(&newest), Some(8));
        assert_eq!(ledger.to_commit(), [(partition, 6)]);
    }

    #[test]
    fn a_record_of_a_partition_that_is_not_owned_gets_no_receipt() {
        assert_eq!(Ledger::default().open(&record(3, 0), 1), None);
    }

    #[test]
    fn a_marker_behind_the_last_record_is_committed_with_it_and_not_before() {
        let partition = TopicPartition::new("t", 0);
        let mut ledger = Ledger::default();
        ledger.assign(partition.clone(), 1, 5);
        let receipt = ledger.open(&record(0, 5), 1).unwrap();
        ledger.pass(&partition, 7);
        assert!(ledger.to_commit().is_empty());
        ledger.settle(&receipt);
        assert_eq!(ledger.to_commit(), [(partition.clone(), 7)]);
        ledger.pass(&TopicPartition::new("t", 1), 7);
        ledger.committed(&partition, 7);
        assert!(ledger.to_commit().is_empty());
    }

    proptest! {
        /// Whatever the order of settling, revoking and assigning: nothing unsettled lies below a commit.
        #[test]
        fn nothing_unsettled_lies_below_what_is_to_be_committed(
            steps in prop::collection::vec((0u8..11, 0i32..3, any::<prop::sample::Index>()), 1..200),
        ) {
            let mut ledger = Ledger::default();
            let mut generation = 0;
            let mut next = [0i64; 3];
            let mut finished = [0i64; 3];
            let mut open: Vec<Receipt> = Vec::new();
            for (step, partition, pick) in steps {
                let at = TopicPartition::new("t", partition);
                let p = usize::try_from(partition).unwrap();
                match step {
                    0 => {
                        generation += 1;
                        next[p] = finished[p];
                        ledger.assign(at, generation, next[p]);
                    }
                    1 => ledger.revoke(&at),
                    2..=5 => if let Some(receipt) = ledger.open(&record(partition, next[p]), 1) {
                        next[p] += 1;
                        open.push(receipt);
                    },
                    6 => if ledger.partitions().any(|owned| *owned == at) {
                        next[p] += 1;
                        ledger.pass(&at, next[p]);
                    },
                    _ => if !open.is_empty() {
                        ledger.settle(&open.swap_remove(pick.index(open.len())));
                    },
                }
                // Each costs 1.
                let owned: Vec<TopicPartition> = ledger.partitions().cloned().collect();
                prop_assert_eq!(ledger.cost(), ledger.unsettled(&owned) as u64);
                for (at, offset) in ledger.to_commit() {
                    let p = usize::try_from(at.partition).unwrap();
                    let lowest = open.iter().filter(|r| r.source == at && ledger.owned[&at].generation == r.generation)
                        .map(|r| r.offset).min();
                    prop_assert!(lowest.is_none_or(|lowest| offset <= lowest));
                    finished[p] = offset;
                    ledger.committed(&at, offset);
                }
            }
        }
    }
}
