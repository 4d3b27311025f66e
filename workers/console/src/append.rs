//! Appending for a request that waits: what is handed over is answered when it is durable.

use std::sync::{Mutex, PoisonError};

use crossbeam_channel::Receiver;
use ombud_stream::{Delivery, Outage, Outgoing, Sink, TopicPartition};
use tokio::sync::oneshot;

/// Where a record lies once it is durable, or why it could not be appended.
pub type AppendResult = Result<(TopicPartition, i64), Outage>;
/// The request that waits for it.
pub type Waiter = oneshot::Sender<AppendResult>;

/// Sends each request that waits the result of its record; ends when the sink is gone.
pub fn answer(deliveries: &Receiver<Delivery<Waiter>>) {
    for delivery in deliveries {
        // A client that went away doesn't wait for its answer; what it sent is kept all the same.
        let _ = delivery.token.send(delivery.result);
    }
}

/// The name under which the console appends.
pub(crate) const WORKER: &str = "ombud";

/// Why nothing can be appended now; safe to show.
pub(crate) struct Unavailable(pub(crate) String);

/// The sink that all requests share.
pub(crate) struct Appender(Mutex<Box<dyn Sink<Waiter>>>);

impl Appender {
    pub(crate) fn new(sink: Box<dyn Sink<Waiter>>) -> Self {
        Self(Mutex::new(sink))
    }

    /// Hands `record` over; the receiver gets where it lies.
    pub(crate) fn hand_over(&self, record: Outgoing) -> Result<oneshot::Receiver<AppendResult>, Unavailable> {
        let (waiter, appended) = oneshot::channel();
        // A sink may block for a moment when it is full.
        let sent = tokio::task::block_in_place(|| {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).send(record, waiter)
        });
        match sent {
            Ok(()) => Ok(appended),
            Err(refused) => Err(Unavailable(
                refused
                    .outage
                    .map_or("busy: send it again in a moment".to_owned(), |outage| outage.to_string()),
            )),
        }
    }
}

/// Waits until it is durable.
pub(crate) async fn durable(
    appended: oneshot::Receiver<AppendResult>,
) -> Result<(TopicPartition, i64), Unavailable> {
    match appended.await {
        Ok(Ok(place)) => Ok(place),
        Ok(Err(outage)) => Err(Unavailable(outage.to_string())),
        Err(_) => Err(Unavailable("shutting down: send it again".to_owned())),
    }
}
