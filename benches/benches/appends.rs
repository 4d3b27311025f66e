//! Appends many records to an embedded log, as fast as it takes them.

use std::time::Duration;

use anyhow::{Result, ensure};
use bytes::Bytes;
use crossbeam_channel::Receiver;
use ombud_contract::catalogue::Topic;
use ombud_local::{Local, LocalSink};
use ombud_stream::{Delivery, Outgoing, Sink as _};

/// Records under way to the log.
const IN_FLIGHT: usize = 4_096;
/// For one of them to become durable.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A sink that waits when it is full.
pub(crate) struct Appends {
    sink: LocalSink<()>,
    deliveries: Receiver<Delivery<()>>,
    under_way: usize,
}

impl Appends {
    pub(crate) fn new(log: &Local) -> Self {
        let (sink, deliveries) = log.sink(IN_FLIGHT);
        Self { sink, deliveries, under_way: 0 }
    }

    /// Appends a record of the complaint `id`.
    pub(crate) fn send(&mut self, topic: Topic, partition: i32, id: &str, value: Bytes) -> Result<()> {
        let key = Some(Bytes::copy_from_slice(id.as_bytes()));
        let mut record = Outgoing::stamped(topic.name("").into(), Some(partition), key, value, "bench", &[]);
        while let Err(refused) = self.sink.send(record, ()) {
            ensure!(refused.outage.is_none(), "the log refuses");
            record = refused.record;
            self.wait_for_one()?;
        }
        self.under_way += 1;
        while self.under_way >= IN_FLIGHT {
            self.wait_for_one()?;
        }
        Ok(())
    }

    /// Waits until all of them are durable.
    pub(crate) fn finish(mut self) -> Result<()> {
        while self.under_way > 0 {
            self.wait_for_one()?;
        }
        Ok(())
    }

    fn wait_for_one(&mut self) -> Result<()> {
        self.deliveries.recv_timeout(TIMEOUT)?.result?;
        self.under_way -= 1;
        Ok(())
    }
}
