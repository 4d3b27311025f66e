//! How many partitions a topic has, asked for again each time: some may be added while workers run.

use std::time::Duration;

use ombud_contract::access::Operation;
use ombud_stream::Outage;
use rdkafka::{
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::{KafkaError as Cause, RDKafkaErrorCode},
};

use crate::{
    client::client,
    connection::Brokers,
    context::LibrdkafkaLog,
    error::KafkaError,
    outage::{self, Right},
};

/// How long one answer may take: whoever asks polls a group beside it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Asks for the numbers of partitions by a client of its own; made by [`crate::Kafka::widths`].
pub struct Widths {
    consumer: BaseConsumer<LibrdkafkaLog>,
    within: Duration,
}

impl Widths {
    pub(crate) fn new(brokers: &Brokers) -> Result<Self, KafkaError> {
        let consumer = client(&brokers.admin(), LibrdkafkaLog::default())?;
        Ok(Self { consumer, within: brokers.timeout.min(ANSWER_TIMEOUT) })
    }

    /// The number of partitions of `topic` now.
    ///
    /// # Errors
    /// The brokers don't answer; fatal where they have no such topic, or refuse it to this user.
    pub fn of(&self, topic: &str) -> Result<i32, Outage> {
        width(&self.consumer, topic, self.within)
    }
}

/// The number of partitions of `topic`. A client that asks knows them from then on.
pub(crate) fn width<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    within: Duration,
) -> Result<i32, Outage> {
    let action = || format!("count the partitions of {topic}");
    count(consumer, topic, Operation::Read, within).map_err(|error| match error {
        KafkaError::Admin { cause, .. } => outage::of(action(), cause, &Right::read(topic)),
        error => Outage::fatal(action(), error),
    })
}

/// The same before a worker runs; `operation` is what it needs there, and is named where the topic is refused.
pub(crate) fn count<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    operation: Operation,
    within: Duration,
) -> Result<i32, KafkaError> {
    let unanswered =
        |cause| KafkaError::Admin { action: format!("ask for the partitions of {topic}"), cause };
    let metadata = consumer.fetch_metadata(Some(topic), within).map_err(unanswered)?;
    let named = metadata.topics().iter().find(|found| found.name() == topic);
    match named.and_then(|found| found.error()).map(RDKafkaErrorCode::from) {
        None => {}
        Some(RDKafkaErrorCode::TopicAuthorizationFailed) => {
            let fix = outage::allow(operation, topic);
            return Err(KafkaError::Hidden { topic: topic.to_owned(), fix });
        }
        // It is being made.
        Some(code @ RDKafkaErrorCode::LeaderNotAvailable) => {
            return Err(unanswered(Cause::MetadataFetch(code)));
        }
        Some(_) => return Err(KafkaError::NoTopic { topic: topic.to_owned() }),
    }
    let count = named.map_or(0, |found| found.partitions().len());
    match i32::try_from(count) {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(KafkaError::NoTopic { topic: topic.to_owned() }),
    }
}
