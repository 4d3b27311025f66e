//! Appending: a record goes to the writer, its delivery comes back once it is durable.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crossbeam_channel::Sender;
use ombud_stream::{Delivery, Outage, Outgoing, Refused, Sink, TopicPartition};

use crate::{
    change::{Done, LogChange},
    partition::partition_of,
    queue::NoRoom,
    shared::Shared,
};

/// How long a send may wait for room in the writer's queue.
const SEND_QUEUE_TIMEOUT: Duration = Duration::from_millis(100);
/// How long a send waits before it reports again that deliveries have to be taken.
const FULL_SINK_BACKOFF: Duration = Duration::from_millis(1);

/// Appends records of any topic; made by [`crate::Local::sink`].
pub struct LocalSink<T> {
    shared: Arc<Shared>,
    deliveries: Sender<Delivery<T>>,
    /// Sent and not yet in `deliveries`; locked while one passes over, so that none is counted twice: a sender that
    /// has taken its last delivery must find room.
    in_flight: Arc<Mutex<usize>>,
    capacity: usize,
    /// The last send found no place for a delivery.
    was_full: bool,
    /// Whether its records wait for room on a full disk; else their deliveries fail.
    waits: bool,
    /// Counts records without key and partition: they go round.
    keyless: u32,
}

impl<T: Send + 'static> LocalSink<T> {
    pub(crate) fn new(shared: Arc<Shared>, deliveries: Sender<Delivery<T>>, capacity: usize) -> Self {
        let in_flight = Arc::default();
        Self { shared, deliveries, in_flight, capacity, was_full: false, waits: false, keyless: 0 }
    }

    /// The same for a sender that has time: what it sends waits for room on a full disk.
    #[must_use]
    pub fn patient(self) -> Self {
        Self { waits: true, ..self }
    }

    /// Where `record` goes, with the partition's id.
    fn resolve(&mut self, record: &Outgoing) -> Result<(TopicPartition, usize), Outage> {
        let refused = |why: String| Outage::fatal(format!("append to {}", record.topic), why);
        let Some((topic, count)) = self.shared.topics.find(&record.topic) else {
            return Err(refused("the log has no such topic".into()));
        };
        let number = match (record.partition, &record.key) {
            (Some(partition), _) => partition,
            (None, Some(key)) => partition_of(key, count),
            (None, None) => {
                self.keyless = self.keyless.wrapping_add(1);
                (self.keyless % count.unsigned_abs()).cast_signed()
            }
        };
        let (bytes, most) = (size(record), self.shared.limits.record_bytes);
        if bytes > most {
            return Err(refused(format!("{bytes} bytes are more than the {most} that a record may have")));
        }
        let partition = TopicPartition::new(topic, number);
        match self.shared.topics.id(&partition) {
            Some(id) => Ok((partition, id)),
            None => Err(refused(format!("it has {count} partitions, and no number {number}"))),
        }
    }

    fn is_full(&self) -> bool {
        let in_flight = lock(&self.in_flight);
        *in_flight + self.deliveries.len() >= self.capacity
    }

    /// Puts the outcome into the channel; called by the writer.
    fn delivery(&self, partition: TopicPartition, token: T) -> Done<i64> {
        *lock(&self.in_flight) += 1;
        let (deliveries, in_flight) = (self.deliveries.clone(), Arc::clone(&self.in_flight));
        Box::new(move |outcome| {
            let result = outcome.map(|offset| (partition, offset));
            let mut in_flight = lock(&in_flight);
            // There is room; an error only says that nobody takes deliveries any more.
            let _ = deliveries.try_send(Delivery { token, result });
            *in_flight -= 1;
        })
    }
}

impl<T: Send + 'static> Sink<T> for LocalSink<T> {
    fn send(&mut self, record: Outgoing, token: T) -> Result<(), Refused<T>> {
        // Every record in flight has its place in the channel, so that the writer never waits for a slow taker.
        if self.is_full() {
            // Twice in a row: another thread takes the deliveries, and this one would only spin meanwhile.
            if self.was_full {
                std::thread::park_timeout(FULL_SINK_BACKOFF);
            }
            self.was_full = true;
            return Err(Refused { record, token, outage: None });
        }
        self.was_full = false;
        let (partition, id) = match self.resolve(&record) {
            Ok(resolved) => resolved,
            Err(outage) => return Err(Refused { record, token, outage: Some(outage) }),
        };
        match self.shared.queue.room(size(&record), SEND_QUEUE_TIMEOUT) {
            Ok(room) => {
                let done = self.delivery(partition, token);
                room.put(LogChange::Append { partition: id, record, waits: self.waits, done });
                Ok(())
            }
            Err(NoRoom::Full) => Err(Refused { record, token, outage: None }),
            Err(NoRoom::Closed) => {
                let outage = Outage::fatal(format!("append to {partition}"), "the log is closed");
                Err(Refused { record, token, outage: Some(outage) })
            }
        }
    }
}

fn lock(count: &Mutex<usize>) -> MutexGuard<'_, usize> {
    count.lock().unwrap_or_else(PoisonError::into_inner)
}

fn size(record: &Outgoing) -> usize {
    let len = |bytes: &Option<bytes::Bytes>| bytes.as_ref().map_or(0, bytes::Bytes::len);
    let headers = record.headers.iter().map(|(name, value)| name.len() + len(value));
    len(&record.key) + len(&record.value) + headers.sum::<usize>()
}
