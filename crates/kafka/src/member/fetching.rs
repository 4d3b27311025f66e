//! What librdkafka fetches of each partition that the member owns, and from where.

use ombud_stream::{Outage, TopicPartition};
use rdkafka::{Offset, TopicPartitionList, consumer::Consumer, error::KafkaError as Cause};
use tracing::{debug, warn};

use super::KafkaMember;
use crate::offsets;

/// Where the member stands in one partition that it owns.
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// From where to fetch, once the worker has said so.
    pub(super) from: Option<i64>,
    /// Everything below was delivered, or cannot be read.
    pub(super) next: i64,
    /// librdkafka's position from before it was sought elsewhere, which it may show until a record has come.
    pub(super) stale: Option<i64>,
    /// librdkafka fetches it.
    pub(super) fetched: bool,
    pub(super) paused: bool,
}

impl KafkaMember {
    /// Has librdkafka fetch an owned partition from `offset` on, which is known to be there. What fails here would leave a
    /// partition that nobody fetches, so it ends the process.
    pub(super) fn fetch_from(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), Outage> {
        let stalled = self.stalled.is_some();
        let refused = |cause| Outage::fatal(format!("fetch {partition} from {offset}"), cause);
        let Some(slot) = self.owned.get_mut(partition) else { return Ok(()) };
        (slot.from, slot.next) = (Some(offset), offset);
        let mut list = TopicPartitionList::new();
        add(&mut list, partition, Offset::Offset(offset)).map_err(refused)?;
        if slot.fetched {
            slot.stale = offsets::position(&self.consumer, partition)?;
            // Not `seek`: it is refused while a fetch is being set up.
            self.consumer.incremental_unassign(&list).map_err(refused)?;
            self.consumer.incremental_assign(&list).map_err(refused)?;
        } else if self.pending_rebalance.is_none() {
            slot.fetched = true;
            self.consumer.incremental_assign(&list).map_err(refused)?;
        } else {
            // With the answer to the rebalance.
            return Ok(());
        }
        if slot.paused || stalled {
            self.set_paused(std::slice::from_ref(partition), true);
        }
        Ok(())
    }

    /// Finds out which partitions of this number were delivered further than their last record: one of them has come to
    /// its end, and the event does not name the topic. While a record is stalled, librdkafka's position is ahead of
    /// what was delivered; the event comes again after the pause.
    pub(super) fn reach(&mut self, number: i32) {
        if self.stalled.is_some() {
            return;
        }
        let slots = self.owned.iter_mut().filter(|(partition, _)| partition.partition == number);
        for (partition, slot) in slots.filter(|(_, slot)| slot.fetched) {
            match offsets::position(&self.consumer, partition) {
                Ok(Some(position)) if slot.stale != Some(position) => {
                    slot.stale = None;
                    if position > slot.next {
                        slot.next = position;
                        self.reached.push_back((partition.clone(), position));
                    }
                }
                Ok(_) => {}
                // The next end of a partition brings it.
                Err(outage) => debug!(error = %outage, cause = %outage.cause, "position not known"),
            }
        }
    }

    pub(super) fn pause_what_is_paused(&self) {
        let stalled = self.stalled.is_some();
        let held = self.fetched(|slot| slot.paused || stalled);
        self.set_paused(&held, true);
    }

    pub(super) fn fetched(&self, which: impl Fn(&Slot) -> bool) -> Vec<TopicPartition> {
        let slots = self.owned.iter().filter(|(_, slot)| slot.fetched && which(slot));
        slots.map(|(partition, _)| partition.clone()).collect()
    }

    pub(super) fn set_paused(&self, partitions: &[TopicPartition], paused: bool) {
        if partitions.is_empty() {
            return;
        }
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition(&partition.topic, partition.partition);
        }
        let done = if paused { self.consumer.pause(&list) } else { self.consumer.resume(&list) };
        if let Err(error) = done {
            warn!(group = self.subscription.group, paused, %error, "partitions not paused or resumed");
        }
    }
}

pub(super) fn add(
    list: &mut TopicPartitionList,
    partition: &TopicPartition,
    offset: Offset,
) -> Result<(), Cause> {
    list.add_partition_offset(&partition.topic, partition.partition, offset)
}
