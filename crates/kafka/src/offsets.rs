//! Which offsets a partition holds.

use std::time::Duration;

use ombud_stream::{Outage, Position, TopicPartition};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::{KafkaError as Cause, RDKafkaErrorCode},
};

use crate::outage::{self, Right};

/// The first offset that is still there, and the end: what the next record gets, or where the first transaction begins
/// that is still open (a client that reads what is committed gets that).
pub(crate) fn ends<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partition: &TopicPartition,
    within: Duration,
) -> Result<(i64, i64), Outage> {
    let action = || format!("ask for the ends of {partition}");
    let ask = || {
        let asked = consumer.fetch_watermarks(&partition.topic, partition.partition, within);
        asked.map_err(|cause| refused(consumer, partition, cause, within))
    };
    outage::patiently(within, &Right::read(&partition.topic), action, ask)
}

/// Why a partition is unknown to librdkafka: there is none; or the brokers refuse to speak of its topic; or it was added
/// since they were last asked, or has no leader yet. Asked for here, it is known from then on.
fn refused<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partition: &TopicPartition,
    cause: Cause,
    within: Duration,
) -> Cause {
    if cause.rdkafka_error_code() != Some(RDKafkaErrorCode::UnknownPartition) {
        return cause;
    }
    let metadata = match consumer.fetch_metadata(Some(&partition.topic), within) {
        Ok(metadata) => metadata,
        Err(unanswered) => return unanswered,
    };
    let Some(topic) = metadata.topics().iter().find(|found| found.name() == &*partition.topic) else {
        return cause;
    };
    match topic.error().map(RDKafkaErrorCode::from) {
        Some(code @ RDKafkaErrorCode::TopicAuthorizationFailed) => Cause::MetadataFetch(code),
        None if topic.partitions().iter().any(|found| found.id() == partition.partition) => {
            Cause::MetadataFetch(RDKafkaErrorCode::LeaderNotAvailable)
        }
        _ => cause,
    }
}

/// Behind everything that the client of `consumer` has taken of `partition`, markers of transactions included; `None`
/// before it has taken anything.
pub(crate) fn position<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partition: &TopicPartition,
) -> Result<Option<i64>, Outage> {
    let answer = consumer
        .position()
        .map_err(|cause| Outage::passing(format!("ask how far {partition} is read"), cause))?;
    let element = answer.find_partition(&partition.topic, partition.partition);
    Ok(match element.map(|element| element.offset()) {
        Some(Offset::Offset(offset)) => Some(offset),
        _ => None,
    })
}

/// The first offset appended at or after `time_ms`; the end where there is none.
pub(crate) fn at_time<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partition: &TopicPartition,
    time_ms: i64,
    within: Duration,
) -> Result<i64, Outage> {
    let action = || format!("ask {partition} for its offset at {time_ms}");
    let (low, high) = ends(consumer, partition, within)?;
    // Negative times have meanings of their own in the protocol.
    if time_ms < 0 {
        return Ok(low);
    }
    let mut list = TopicPartitionList::new();
    let right = Right::read(&partition.topic);
    list.add_partition_offset(&partition.topic, partition.partition, Offset::Offset(time_ms))
        .map_err(|cause| outage::of(action(), cause, &right))?;
    let found =
        outage::patiently(within, &right, action, || consumer.offsets_for_times(list.clone(), within))?;
    let element = found.find_partition(&partition.topic, partition.partition);
    Ok(match element.map(|element| element.offset()) {
        Some(Offset::Offset(offset)) => offset,
        _ => high,
    })
}

/// What the brokers answer about where `group`, the consumer's, stands in `partitions`, all of `topic`; an outage completes
/// "failed to `action`".
fn stands<'p, C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    group: &str,
    topic: &str,
    partitions: impl IntoIterator<Item = &'p TopicPartition>,
    action: impl Fn() -> String,
    within: Duration,
) -> Result<TopicPartitionList, Outage> {
    let mut list = TopicPartitionList::new();
    for partition in partitions {
        list.add_partition(topic, partition.partition);
    }
    let right = Right::read(topic).of_group(group);
    outage::patiently(within, &right, action, || consumer.committed_offsets(list.clone(), within))
}

/// Where `group`, the consumer's, stands in `partition`; `None` where it has no position.
pub(crate) fn committed<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    group: &str,
    partition: &TopicPartition,
    within: Duration,
) -> Result<Option<Position>, Outage> {
    let action = || format!("ask where the group stands in {partition}");
    let answer = stands(consumer, group, &partition.topic, [partition], action, within)?;
    let Some(element) = answer.find_partition(&partition.topic, partition.partition) else {
        return Err(Outage::passing(action(), "the answer lacks it"));
    };
    let right = Right::read(&partition.topic).of_group(group);
    element.error().map_err(|cause| outage::of(action(), cause, &right))?;
    Ok(match element.offset() {
        Offset::Offset(offset) => {
            // Clients for Python count the NUL that ends a text in C, so it comes with positions that they copied.
            let metadata = element.metadata().trim_end_matches('\0').to_owned();
            Some(Position { partition: partition.clone(), offset, metadata })
        }
        _ => None,
    })
}

/// Whether `group`, the consumer's, has a position in any of `partitions`, all of `topic`.
pub(crate) fn has_begun<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    group: &str,
    topic: &str,
    partitions: &[TopicPartition],
    within: Duration,
) -> Result<bool, Outage> {
    let action = || format!("ask where the group stands in {topic}");
    let answer = stands(consumer, group, topic, partitions, action, within)?;
    Ok(answer.elements().iter().any(|element| matches!(element.offset(), Offset::Offset(_))))
}

/// Where `group`, the consumer's, stands in each of `partitions`, all of one topic; where it has no position, what is given
/// beside the partition.
pub(crate) fn positions<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    group: &str,
    partitions: &[(TopicPartition, i64)],
    within: Duration,
) -> Result<Vec<i64>, Outage> {
    let Some((TopicPartition { topic, .. }, _)) = partitions.first() else { return Ok(Vec::new()) };
    let action = || format!("ask where the group stands in {topic}");
    let asked = partitions.iter().map(|(partition, _)| partition);
    let answer = stands(consumer, group, topic, asked, action, within)?;
    let position = |(partition, first): &(TopicPartition, i64)| match answer
        .find_partition(topic, partition.partition)
        .map(|element| element.offset())
    {
        Some(Offset::Offset(offset)) => offset,
        _ => *first,
    };
    Ok(partitions.iter().map(position).collect())
}

/// What a group stands at is not in the log any more, or not yet: going on elsewhere would skip records unseen.
pub(crate) fn lost(group: &str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Outage {
    let fix = format!(
        "continue as {group}: its committed offset is not in the log (retention, or the topic was made again); \
         set the group's offsets with kafka-consumer-groups --reset-offsets"
    );
    Outage::fatal(fix, cause)
}
