//! Where the group stands: positions that are committed, and where it begins.

use std::sync::Arc;

use ombud_stream::{Outage, Position, Start, TopicPartition};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{CommitMode, Consumer},
};
use tracing::info;

use super::KafkaMember;
use crate::{offsets, outage, widths};

impl KafkaMember {
    /// Writes down where a group begins that starts elsewhere than at the first record: in every partition that the topic
    /// has by then. So one without a position, where the group has any in its topic, was added since: nothing of it is
    /// skipped, whatever start was asked for.
    pub(super) fn write_down_start(
        &mut self,
        partition: &TopicPartition,
    ) -> Result<Option<Position>, Outage> {
        let since = match self.subscription.start {
            Start::Earliest => return Ok(None),
            Start::Latest => None,
            Start::Time(ms) => Some(ms),
        };
        let topic = &partition.topic;
        let width = widths::width(&self.consumer, topic, self.timeout)?;
        let all: Vec<_> = (0..width).map(|number| TopicPartition::new(Arc::clone(topic), number)).collect();
        if offsets::has_begun(&self.consumer, &self.subscription.group, topic, &all, self.timeout)? {
            info!(group = self.subscription.group, %partition, "partition added: read from its first record");
            return Ok(None);
        }
        let mut positions = Vec::with_capacity(all.len());
        for partition in all {
            let offset = match since {
                None => offsets::ends(&self.asking, &partition, self.timeout)?.1,
                Some(ms) => offsets::at_time(&self.asking, &partition, ms, self.timeout)?,
            };
            positions.push(Position { partition, offset, metadata: String::new() });
        }
        self.store(&positions)?;
        info!(group = self.subscription.group, %topic, partitions = positions.len(), "group begins");
        Ok(positions.into_iter().find(|position| position.partition == *partition))
    }

    /// Commits, whoever owns the partitions.
    pub(super) fn store(&self, positions: &[Position]) -> Result<(), Outage> {
        let action = || format!("commit as {}", self.subscription.group);
        if self.consumer.assignment_lost() {
            return Err(Outage::passing(action(), "the assignment was lost"));
        }
        let mut list = TopicPartitionList::new();
        for Position { partition, offset, metadata } in positions {
            let mut element = list.add_partition(&partition.topic, partition.partition);
            let set = element.set_offset(Offset::Offset(*offset));
            set.map_err(|cause| Outage::passing(action(), cause))?;
            element.set_metadata(metadata);
        }
        let right = self.right();
        self.consumer.commit(&list, CommitMode::Sync).map_err(|cause| outage::of(action(), cause, &right))
    }
}
