//! Appending a handful of records and waiting until they are durable.

use std::sync::Arc;

use anyhow::{Result, bail};
use bytes::Bytes;
use crossbeam_channel::Receiver;
use ombud_contract::codec::{self, Record};
use ombud_stream::{Delivery, Outgoing, Sink};

/// Records of one sender that may be on their way into the log.
pub(crate) const IN_FLIGHT: usize = 1_024;

/// A record of `topic` by `ombud`, the command.
pub(crate) fn outgoing<T: Record>(topic: &Arc<str>, key: &str, record: &T) -> Result<Outgoing> {
    let key = Some(Bytes::copy_from_slice(key.as_bytes()));
    let value = codec::encode(record)?;
    Ok(Outgoing::stamped(Arc::clone(topic), None, key, value, "ombud", &[]))
}

/// Sends with deliveries taken on the way, so that a full queue empties.
pub(crate) struct Publisher<S> {
    sink: S,
    deliveries: Receiver<Delivery<()>>,
    in_flight: usize,
}

impl<S: Sink<()>> Publisher<S> {
    pub(crate) fn new((sink, deliveries): (S, Receiver<Delivery<()>>)) -> Self {
        Self { sink, deliveries, in_flight: 0 }
    }

    /// Hands `record` over; it is durable after the next [`Self::flush`].
    pub(crate) fn send(&mut self, mut record: Outgoing) -> Result<()> {
        self.take_ready()?;
        while let Err(refused) = self.sink.send(record, ()) {
            if let Some(outage) = refused.outage {
                return Err(outage.into());
            }
            record = refused.record;
            self.take_one()?;
        }
        self.in_flight += 1;
        Ok(())
    }

    /// Waits until everything that was sent is durable.
    pub(crate) fn flush(&mut self) -> Result<()> {
        while self.in_flight > 0 {
            self.take_one()?;
        }
        Ok(())
    }

    fn take_ready(&mut self) -> Result<()> {
        while let Ok(delivery) = self.deliveries.try_recv() {
            // Counted first: one that failed is on its way no more.
            self.in_flight -= 1;
            delivery.result?;
        }
        Ok(())
    }

    fn take_one(&mut self) -> Result<()> {
        let Ok(delivery) = self.deliveries.recv() else { bail!("append: the log was closed") };
        self.in_flight -= 1;
        delivery.result?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
