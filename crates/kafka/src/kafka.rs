//! A cluster with its registry, and what workers get of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, bounded};
use ombud_contract::{access::Operation, catalogue::Topic};
use ombud_stream::{Delivery, Start};
use rdkafka::{
    ClientConfig,
    config::FromClientConfigAndContext,
    consumer::{BaseConsumer, Consumer},
    producer::ThreadedProducer,
};
use tracing::warn;

use crate::{
    connection::{Brokers, Connection},
    context::{Rebalances, Telling},
    error::KafkaError,
    logger::{self, OnClient},
    member::{KafkaMember, Membership},
    reader::KafkaReader,
    schemas::Schemas,
    sink::{Deliveries, Flight, KafkaSink},
    widths::{self, Widths},
};

/// How long one look for the brokers takes before librdkafka's complaints are read.
const LOOK: Duration = Duration::from_secs(1);
/// How long they may take before that is told.
const TELL_AFTER: Duration = Duration::from_secs(3);

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
    /// They don't answer, or refuse us: with what has to be mended.
    pub fn connect(connection: &Connection, prefix: &str) -> Result<Self, KafkaError> {
        reach(&connection.brokers)?;
        Self::with(connection, prefix)
    }

    /// The same; `None` where `stopped` says so before they answer.
    ///
    /// # Errors
    /// They don't answer, or refuse us: with what has to be mended.
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

    /// Appends records; the receiver tells what became of them, and `capacity` of both may be under way.
    ///
    /// # Errors
    /// A property is wrong.
    pub fn sink<T: Send + 'static>(
        &self,
        capacity: usize,
    ) -> Result<(KafkaSink<T>, Receiver<Delivery<T>>), KafkaError> {
        let (deliveries, taken) = bounded(capacity);
        let flight = Arc::new(Flight::new(deliveries, capacity));
        let context = Deliveries::new(Arc::clone(&flight));
        let producer: ThreadedProducer<_> = client(&self.brokers.producer(capacity), context)?;
        Ok((KafkaSink::new(producer, flight, self.schemas.clone()), taken))
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
        let consumer: BaseConsumer<_> = client(&self.brokers.member(group, session), Rebalances::default())?;
        consumer.subscribe(topics).map_err(KafkaError::Client)?;
        let of = Membership {
            group: group.to_owned(),
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            start,
        };
        let asking = client(&self.brokers.admin(), Telling::default())?;
        Ok(KafkaMember::new(consumer, asking, of, self.brokers.clone(), self.schemas.clone()))
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
        let consumer: BaseConsumer<_> = client(&self.brokers.admin(), Telling::default())?;
        needs.iter().try_for_each(|(topic, operation)| {
            widths::count(&consumer, &topic.name(prefix), *operation, self.brokers.timeout).map(drop)
        })
    }

    /// The number of partitions of one topic.
    ///
    /// # Errors
    /// It is missing, or the brokers don't answer.
    pub fn partitions(&self, topic: &str) -> Result<i32, KafkaError> {
        let consumer: BaseConsumer<_> = client(&self.brokers.admin(), Telling::default())?;
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

pub(crate) fn client<C, M>(config: &ClientConfig, context: C) -> Result<M, KafkaError>
where
    C: rdkafka::ClientContext,
    M: FromClientConfigAndContext<C> + OnClient<C>,
{
    let made = M::from_config_and_context(config, context).map_err(KafkaError::Client)?;
    logger::quiet(made.on());
    Ok(made)
}

/// Waits for the brokers' first answer; what librdkafka complains of meanwhile tells why there is none.
pub(crate) fn reach(brokers: &Brokers) -> Result<(), KafkaError> {
    reach_unless(brokers, &|| false).map(drop)
}

/// The same, unless `stopped` says so before; whether they have answered.
fn reach_unless(brokers: &Brokers, stopped: &dyn Fn() -> bool) -> Result<bool, KafkaError> {
    let consumer: BaseConsumer<_> = client(&brokers.admin(), Telling::default())?;
    let (began, until) = (Instant::now(), Instant::now() + brokers.timeout);
    let mut is_told = false;
    while !stopped() {
        let cause = match consumer.fetch_metadata(None, LOOK.min(brokers.timeout)) {
            Ok(_) => return Ok(true),
            Err(cause) => cause,
        };
        // Serves librdkafka's callbacks, which bring the complaints.
        let _ = consumer.poll(Duration::ZERO);
        let complaint = consumer.context().complaint();
        let refused = complaint.as_deref().is_some_and(is_refusal);
        if refused || Instant::now() >= until {
            let mend = mend(complaint.as_deref());
            return Err(KafkaError::Unreachable { bootstrap: brokers.bootstrap.clone(), mend, cause });
        }
        if !is_told && began.elapsed() >= TELL_AFTER {
            is_told = true;
            warn!(bootstrap = brokers.bootstrap, within = ?brokers.timeout, "waiting for the brokers to answer");
        }
    }
    Ok(false)
}

/// Whether waiting can't help.
fn is_refusal(complaint: &str) -> bool {
    let complaint = complaint.to_lowercase();
    ["authentication", "ssl handshake", "certificate"].iter().any(|sign| complaint.contains(sign))
}

fn mend(complaint: Option<&str>) -> String {
    let Some(complaint) = complaint else {
        return "nobody answered: check kafka_bootstrap (--kafka), and that the brokers run".to_owned();
    };
    let lower = complaint.to_lowercase();
    let advice = if lower.contains("authentication") {
        "the broker refused the credentials: check sasl.mechanism, sasl.username and sasl.password"
    } else if lower.contains("ssl") || lower.contains("certificate") {
        "TLS failed: check security.protocol and ssl.ca.location"
    } else {
        "check kafka_bootstrap (--kafka) and security.protocol, and that the brokers run"
    };
    format!("{advice} (librdkafka says: {complaint})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_gives_the_mend() {
        let wrong = "SASL authentication error: Authentication failed due to invalid credentials";
        assert!(is_refusal(wrong) && mend(Some(wrong)).starts_with("the broker refused the credentials"));
        let handshake = "SSL handshake failed: certificate verify failed";
        assert!(is_refusal(handshake) && mend(Some(handshake)).starts_with("TLS failed"));
        assert!(!is_refusal("Connect to ipv4#127.0.0.1:1 failed: Connection refused"));
    }

    #[test]
    fn brokers_that_are_not_there_are_named() {
        let brokers = Brokers {
            bootstrap: "127.0.0.1:1".to_owned(),
            properties: [].into(),
            timeout: Duration::from_millis(300),
        };
        let error = reach(&brokers).unwrap_err().to_string();
        assert!(error.starts_with("reach Kafka at 127.0.0.1:1: check kafka_bootstrap"), "{error}");
    }

    #[test]
    fn who_is_told_to_stop_waits_for_no_brokers() {
        let (bootstrap, timeout) = ("127.0.0.1:1".to_owned(), Duration::from_secs(600));
        let brokers = Brokers { bootstrap, properties: [].into(), timeout };
        assert!(!reach_unless(&brokers, &|| true).unwrap());
    }

    #[test]
    fn an_unknown_property_is_refused() {
        let properties = [("no.such.property".to_owned(), "1".to_owned())].into();
        let brokers =
            Brokers { bootstrap: "127.0.0.1:1".to_owned(), properties, timeout: Duration::from_secs(1) };
        assert!(matches!(reach(&brokers), Err(KafkaError::Client(_))));
    }
}
