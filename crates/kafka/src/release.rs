//! Giving partitions up.

use rdkafka::{
    TopicPartitionList,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::KafkaResult,
};

/// Takes `partitions` out of what `consumer` reads. librdkafka's pause outlives the assignment, and one that comes back
/// would never be fetched: so the pause ends here, paused or not.
pub(crate) fn release<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &TopicPartitionList,
) -> KafkaResult<()> {
    consumer.resume(partitions)?;
    consumer.incremental_unassign(partitions)
}
