//! A cluster with its registry, and what workers get of it.

use std::{sync::Arc, time::Duration};

use crossbeam_channel::{Receiver, bounded};
use ombud_contract::{access::Operation, catalogue::Topic};
use ombud_stream::{Delivery, Start};
use rdkafka::{
    consumer::{BaseConsumer, Consumer},
    producer::ThreadedProducer,
};

use crate::{
    client::{client, reach, reach_unless},
    connection::{Brokers, Connection},
    context::{LibrdkafkaLog, Rebalances},
    error::KafkaError,
    member::{KafkaMember, Subscription},
    reader::KafkaReader,
    schemas::Schemas,
    sink::{Deliveries, InFlight, KafkaSink},
    widths::{self, Widths},
};

/// A cluster that answered, and the schema ids of its registry; a cheap handle.
#[derive(Clone)]
pub struct Kafka {
    brokers: Brokers,
    schemas: Schemas,
}

impl Kafka {
    /// Finds the brokers and the registry.
    ///
    /// # Errors
    /// They don't answer, or refuse us: with what has to be fixed.
    pub fn connect(connection: &Connection, prefix: &str) -> Result<Self, KafkaError> {
        reach(&connection.brokers)?;
        Self::with(connection, prefix)
    }

    /// The same; `None` where `stopped` says so before they answer.
    ///
    /// # Errors
    /// They don't answer, or refuse us: with what has to be fixed.
    pub fn connect_unless(
        connection: &Connection,
        prefix: &str,
        stopped: &dyn Fn() -> bool,
    ) -> Result<Option<Self>, KafkaError> {
        match reach_unless(&connection.brokers, stopped)? {
            true => Self::with(connection, prefix).map(Some),
            false => Ok(None),
        }
    }

    fn with(connection: &Connection, prefix: &str) -> Result<Self, KafkaError> {
        let schemas = Schemas::connect(&connection.registry, prefix)?;
        Ok(Self { brokers: connection.brokers.clone(), schemas })
    }

    /// The same brokers, of which no question takes longer than about `most`: for whoever would rather ask again.
    #[must_use]
    pub fn within(&self, most: Duration) -> Self {
        let timeout = self.brokers.timeout.min(most);
        Self { brokers: Brokers { timeout, ..self.brokers.clone() }, schemas: self.schemas.clone() }
    }

    /// Appends records; the receiver reports what became of them, and `capacity` of both may be in flight.
    ///
    /// # Errors
    /// A property is wrong.
    pub fn sink<T: Send + 'static>(
        &self,
        capacity: usize,
    ) -> Result<(KafkaSink<T>, Receiver<Delivery<T>>), KafkaError> {
        let (deliveries, taken) = bounded(capacity);
        let in_flight = Arc::new(InFlight::new(deliveries, capacity));
        let context = Deliveries::new(Arc::clone(&in_flight));
        let producer: ThreadedProducer<_> = client(&self.brokers.producer(capacity), context)?;
        Ok((KafkaSink::new(producer, in_flight, self.schemas.clone()), taken))
    }

    /// Joins `group` over `topics`. After `session` without a heartbeat its partitions go to others; `None` leaves that
    /// to the properties (librdkafka's own is 45 s).
    ///
    /// # Errors
    /// A property is wrong.
    pub fn member(
        &self,
        group: &str,
        topics: &[&str],
        start: Start,
        session: Option<Duration>,
    ) -> Result<KafkaMember, KafkaError> {
        let consumer: BaseConsumer<_> =
            client(&self.brokers.member(group, topics.len(), session), Rebalances::default())?;
        consumer.subscribe(topics).map_err(KafkaError::Client)?;
        let subscription = Subscription {
            group: group.to_owned(),
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            start,
        };
        let asking = client(&self.brokers.admin(), LibrdkafkaLog::default())?;
        Ok(KafkaMember::new(consumer, asking, subscription, self.brokers.clone(), self.schemas.clone()))
    }

    /// Reads without joining anything; `group` only names who reads, and needs no permission.
    ///
    /// # Errors
    /// A property is wrong.
    pub fn reader(&self, group: &str) -> Result<KafkaReader, KafkaError> {
        KafkaReader::new(&self.brokers, group, self.schemas.clone())
    }

    /// Checks that the topics are there that somebody `needs`, each for an operation, and are not hidden from this user.
    ///
    /// # Errors
    /// A topic is missing, the brokers refuse it to this user, or they don't answer.
    pub fn find_topics(&self, prefix: &str, needs: &[(Topic, Operation)]) -> Result<(), KafkaError> {
        let consumer: BaseConsumer<_> = client(&self.brokers.admin(), LibrdkafkaLog::default())?;
        needs.iter().try_for_each(|(topic, operation)| {
            widths::count(&consumer, &topic.name(prefix), *operation, self.brokers.timeout).map(drop)
        })
    }

    /// The number of partitions of one topic.
    ///
    /// # Errors
    /// It is missing, or the brokers don't answer.
    pub fn partitions(&self, topic: &str) -> Result<i32, KafkaError> {
        let consumer: BaseConsumer<_> = client(&self.brokers.admin(), LibrdkafkaLog::default())?;
        widths::count(&consumer, topic, Operation::Read, self.brokers.timeout)
    }

    /// Asks for numbers of partitions again and again.
    ///
    /// # Errors
    /// A property is wrong.
    pub fn widths(&self) -> Result<Widths, KafkaError> {
        Widths::new(&self.brokers)
    }
}
