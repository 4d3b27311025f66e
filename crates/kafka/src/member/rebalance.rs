//! A rebalance, from the event that reports it to the answer that librdkafka gets with the poll after it.

use ombud_stream::{Event, Outage, TopicPartition};
use rdkafka::{Offset, TopicPartitionList, consumer::Consumer, error::KafkaError as Cause};
use tracing::info;

use super::{
    KafkaMember,
    fetching::{Slot, add},
};
use crate::{context::Rebalance, release::release};

/// The rebalance that the next poll has to answer first.
#[derive(Debug)]
pub(super) enum PendingRebalance {
    Assigned,
    Revoked { partitions: Vec<TopicPartition>, lost: bool },
}

impl KafkaMember {
    /// Answers the last rebalance with what the worker made of it.
    pub(super) fn answer(&mut self) -> Result<(), Outage> {
        // Nothing would be fetched of these partitions for good, and nobody hear of it: it ends the process.
        let refused = |cause| Outage::fatal("answer a rebalance", cause);
        match self.pending_rebalance.take() {
            None => Ok(()),
            Some(PendingRebalance::Assigned) => {
                let started = self.started().map_err(refused)?;
                self.consumer.incremental_assign(&started).map_err(refused)?;
                self.pause_what_is_paused();
                Ok(())
            }
            Some(PendingRebalance::Revoked { partitions, lost }) => {
                let mut gone = TopicPartitionList::new();
                for partition in &partitions {
                    // One that was never started is unknown to librdkafka.
                    if self.owned.remove(partition).is_some_and(|slot| slot.fetched) {
                        add(&mut gone, partition, Offset::Invalid).map_err(refused)?;
                    }
                }
                if self.stalled.as_ref().is_some_and(|held| partitions.contains(&held.record.source)) {
                    self.resume_after_stall();
                }
                info!(
                    group = self.subscription.group,
                    partitions = partitions.len(),
                    lost,
                    "partitions given up"
                );
                release(&self.consumer, &gone).map_err(refused)?;
                // Assigned earlier, and begun since these were revoked.
                let started = self.started().map_err(refused)?;
                if started.count() > 0 {
                    self.consumer.incremental_assign(&started).map_err(refused)?;
                    self.pause_what_is_paused();
                }
                Ok(())
            }
        }
    }

    /// What the worker has started and librdkafka does not fetch yet: from now on it does.
    fn started(&mut self) -> Result<TopicPartitionList, Cause> {
        let mut started = TopicPartitionList::new();
        for (partition, slot) in self.owned.iter_mut().filter(|(_, slot)| !slot.fetched) {
            if let Some(from) = slot.from {
                add(&mut started, partition, Offset::Offset(from))?;
                slot.fetched = true;
            }
        }
        Ok(started)
    }

    /// The event that reports the rebalance that came to the worker.
    pub(super) fn rebalanced(&mut self, rebalance: Rebalance) -> Option<Event> {
        match rebalance {
            Rebalance::Assign(partitions) => {
                self.pending_rebalance = Some(PendingRebalance::Assigned);
                let partitions = self.incoming.partitions(&partitions);
                if partitions.is_empty() {
                    return None;
                }
                self.generation += 1;
                info!(
                    group = self.subscription.group,
                    partitions = partitions.len(),
                    generation = self.generation,
                    "partitions assigned"
                );
                self.owned.extend(partitions.iter().map(|partition| (partition.clone(), Slot::default())));
                Some(Event::Assigned { partitions, generation: self.generation })
            }
            Rebalance::Revoke { partitions, lost } => {
                let mut partitions = self.incoming.partitions(&partitions);
                partitions.retain(|partition| self.owned.contains_key(partition));
                self.pending_rebalance =
                    Some(PendingRebalance::Revoked { partitions: partitions.clone(), lost });
                (!partitions.is_empty()).then_some(Event::Revoked { partitions, lost })
            }
        }
    }

    /// Whether a partition may be committed: owned, and not lost to somebody else.
    pub(super) fn holds(&self, partition: &TopicPartition) -> bool {
        let lost = match &self.pending_rebalance {
            Some(PendingRebalance::Revoked { partitions, lost }) => *lost && partitions.contains(partition),
            Some(PendingRebalance::Assigned) | None => false,
        };
        self.owned.contains_key(partition) && !lost
    }
}
