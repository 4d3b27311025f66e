//! Appending: librdkafka queues, batches and retries in order; a delivery comes back once all replicas have the record.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use crossbeam_channel::Sender;
use ombud_stream::{Delivery, Outage, Outgoing, Refused, Sink, TopicPartition};
use rdkafka::{
    ClientContext, Message,
    config::RDKafkaLogLevel,
    error::{KafkaError as Cause, RDKafkaErrorCode},
    message::{Header, OwnedHeaders},
    producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, PurgeConfig, ThreadedProducer},
};

use crate::{
    context::LibrdkafkaLog,
    outage::{self, Right},
    schemas::Schemas,
};

/// How long a send waits before it reports again that deliveries have to be taken.
const FULL_SINK_BACKOFF: Duration = Duration::from_millis(1);

/// How long brokers may take until all of them know a partition that was added.
const PROPAGATION_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait before they are asked again.
const PROPAGATION_BACKOFF: Duration = Duration::from_millis(50);
/// How long brokers are waited for when they are asked for the partitions of a topic.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a sink that is dropped waits for what it has sent.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// Appends records of any topic; made by [`crate::Kafka::sink`].
pub struct KafkaSink<T: Send + 'static> {
    producer: ThreadedProducer<Deliveries<T>>,
    in_flight: Arc<InFlight<T>>,
    schemas: Schemas,
    /// The last send found no place for a delivery.
    was_full: bool,
    /// Since when the partition of the record to send next is unknown.
    unknown_since: Option<Instant>,
}

/// What sink and callback share.
pub(crate) struct InFlight<T> {
    deliveries: Sender<Delivery<T>>,
    /// Sent and not yet in `deliveries`; locked while one passes over, so that none is counted twice.
    sent: Mutex<usize>,
    capacity: usize,
    /// Somebody has asked for a purge: what is thrown away from then on says nothing of the producer.
    purged: AtomicBool,
}

impl<T> InFlight<T> {
    pub(crate) fn new(deliveries: Sender<Delivery<T>>, capacity: usize) -> Self {
        Self { deliveries, sent: Mutex::new(0), capacity, purged: AtomicBool::new(false) }
    }

    fn is_full(&self) -> bool {
        let sent = self.sent();
        *sent + self.deliveries.len() >= self.capacity
    }

    fn sent(&self) -> MutexGuard<'_, usize> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes librdkafka's delivery reports on.
pub(crate) struct Deliveries<T> {
    in_flight: Arc<InFlight<T>>,
    log: LibrdkafkaLog,
    /// What broke the producer for good: of what it held, librdkafka then says only that it was thrown away.
    broken: Mutex<Option<RDKafkaErrorCode>>,
}

impl<T> Deliveries<T> {
    pub(crate) fn new(in_flight: Arc<InFlight<T>>) -> Self {
        Self { in_flight, log: LibrdkafkaLog::default(), broken: Mutex::default() }
    }
}

impl<T: Send + 'static> ClientContext for Deliveries<T> {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.log.log(level, facility, message);
    }

    fn error(&self, error: Cause, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal) {
            // The code of what is fatal is in the text only.
            let refused = reason.contains("authorization failed");
            let code =
                if refused { RDKafkaErrorCode::ClusterAuthorizationFailed } else { RDKafkaErrorCode::Fatal };
            *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(code);
        }
        self.log.error(error, reason);
    }
}

impl<T: Send + 'static> ProducerContext for Deliveries<T> {
    type DeliveryOpaque = Box<Sent<T>>;

    fn delivery(&self, report: &DeliveryResult<'_>, sent: Self::DeliveryOpaque) {
        let Sent { token, topic } = *sent;
        let token = token.into_inner().unwrap_or_else(PoisonError::into_inner);
        let result = match report {
            Ok(message) => Ok((TopicPartition::new(topic, message.partition()), message.offset())),
            Err((cause, _)) => {
                let broken = *self.broken.lock().unwrap_or_else(PoisonError::into_inner);
                let cause = broken.map_or_else(|| cause.clone(), Cause::MessageProduction);
                Err(match cause.rdkafka_error_code() {
                    Some(RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight) => {
                        // A producer that is broken as well says so with the next send.
                        if self.in_flight.purged.load(Ordering::SeqCst) {
                            Outage::passing(format!("append to {topic} before it was purged"), cause)
                        } else {
                            outage::thrown_away(&topic, cause)
                        }
                    }
                    _ => outage::of(format!("append to {topic}"), cause, &Right::write(&topic)),
                })
            }
        };
        let mut sent = self.in_flight.sent();
        // There is room; an error only says that nobody takes deliveries any more.
        let _ = self.in_flight.deliveries.try_send(Delivery { token, result });
        *sent -= 1;
    }
}

/// What comes back with a delivery.
pub(crate) struct Sent<T> {
    /// Never locked: librdkafka asks for what threads may share, and a token only passes through it.
    token: Mutex<T>,
    topic: Arc<str>,
}

impl<T: Send + 'static> KafkaSink<T> {
    pub(crate) fn new(
        producer: ThreadedProducer<Deliveries<T>>,
        in_flight: Arc<InFlight<T>>,
        schemas: Schemas,
    ) -> Self {
        Self { producer, in_flight, schemas, was_full: false, unknown_since: None }
    }

    fn encoded(&self, record: &Outgoing) -> Result<Option<Bytes>, Outage> {
        let value = record.value.clone();
        value.map(|value| self.schemas.outgoing(&record.topic, value)).transpose()
    }

    /// Whether a partition that the producer does not know may have been added: the producer is made to ask again for
    /// those of `topic`, which it does by itself only now and then.
    fn may_be_added(&mut self, topic: &str, cause: &Cause) -> bool {
        if cause.rdkafka_error_code() != Some(RDKafkaErrorCode::UnknownPartition) {
            return false;
        }
        if let Some(since) = self.unknown_since {
            if since.elapsed() > PROPAGATION_TIMEOUT {
                return false;
            }
            std::thread::park_timeout(PROPAGATION_BACKOFF);
        }
        self.unknown_since.get_or_insert_with(Instant::now);
        if let Err(error) = self.producer.client().fetch_metadata(Some(topic), METADATA_TIMEOUT) {
            tracing::debug!(topic, %error, "partitions not asked for");
        }
        true
    }
}

impl<T: Send + 'static> Sink<T> for KafkaSink<T> {
    fn send(&mut self, record: Outgoing, token: T) -> Result<(), Refused<T>> {
        // Every record in flight has its place in the channel, so that librdkafka's thread never waits for a slow taker.
        if self.in_flight.is_full() {
            // Twice in a row: another thread takes the deliveries, and this one would only spin meanwhile.
            if self.was_full {
                std::thread::park_timeout(FULL_SINK_BACKOFF);
            }
            self.was_full = true;
            return Err(Refused { record, token, outage: None });
        }
        self.was_full = false;
        let value = match self.encoded(&record) {
            Ok(value) => value,
            Err(outage) => return Err(Refused { record, token, outage: Some(outage) }),
        };
        let sent = Box::new(Sent { token: Mutex::new(token), topic: Arc::clone(&record.topic) });
        let mut message = BaseRecord::with_opaque_to(&record.topic, sent).headers(headers(&record));
        if let Some(partition) = record.partition {
            message = message.partition(partition);
        }
        if let Some(key) = &record.key {
            message = message.key(&key[..]);
        }
        if let Some(value) = &value {
            message = message.payload(&value[..]);
        }
        *self.in_flight.sent() += 1;
        let Err((cause, refused)) = self.producer.send(message) else {
            self.unknown_since = None;
            return Ok(());
        };
        *self.in_flight.sent() -= 1;
        let token = refused.delivery_opaque.token.into_inner().unwrap_or_else(PoisonError::into_inner);
        let full = cause.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
        let again = full || self.may_be_added(&record.topic, &cause);
        let outage = (!again).then(|| {
            let broken = self.producer.client().fatal_error();
            let cause = broken.map_or(cause, |(code, _)| Cause::MessageProduction(code));
            let right = Right::write(&record.topic);
            outage::of(format!("append to {}", record.topic), cause, &right)
        });
        Err(Refused { record, token, outage })
    }

    fn purge(&mut self) {
        self.in_flight.purged.store(true, Ordering::SeqCst);
        // librdkafka goes on under a new producer epoch, so that the gap in the sequence breaks nothing. It is not waited
        // for: a broker's thread may be looking up its host.
        self.producer.purge(PurgeConfig::default().queue().inflight().non_blocking());
    }
}

impl<T: Send + 'static> Drop for KafkaSink<T> {
    fn drop(&mut self) {
        // librdkafka throws away what it holds when it is dropped; whoever sent that would have to send it again.
        if let Err(error) = self.producer.flush(FLUSH_TIMEOUT) {
            tracing::warn!(%error, "records in flight given up");
        }
    }
}

fn headers(record: &Outgoing) -> OwnedHeaders {
    let none = OwnedHeaders::new_with_capacity(record.headers.len());
    record
        .headers
        .iter()
        .fold(none, |headers, (key, value)| headers.insert(Header { key, value: value.as_deref() }))
}
