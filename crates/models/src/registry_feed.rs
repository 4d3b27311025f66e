//! The registry as a worker follows it: models.registry, folded as far as it was read.

use std::sync::Arc;
use std::time::Duration;

use ombud_contract::codec;
use ombud_contract::records::ModelVersion;
use ombud_stream::{Outage, Reader, Record, TopicPartition, Waiting};

use crate::registry::Registry;

/// One wait for records that are known to be there.
const WAIT: Duration = Duration::from_millis(100);
/// Waits in one refresh; what comes later is read by the next.
const WAITS: u32 = 20;

/// Tails models.registry.
pub struct RegistryFeed {
    reader: Box<dyn Reader>,
    topic: TopicPartition,
    next: i64,
    registry: Arc<Registry>,
    waiting: Option<Waiting>,
}

impl RegistryFeed {
    /// A feed of `topic` (with its prefix), from its beginning; it knows nothing before [`RegistryFeed::refresh`].
    pub fn new(reader: Box<dyn Reader>, topic: &str) -> Self {
        let topic = TopicPartition::new(topic, 0);
        Self { reader, topic, next: 0, registry: Arc::default(), waiting: None }
    }

    /// Says by `waiting` while the topic was not read to its end. For whoever refreshes it every second or so.
    #[must_use]
    pub fn telling(self, waiting: Waiting) -> Self {
        Self { waiting: Some(waiting), ..self }
    }

    /// Reads what came since, and gives it in the log's order.
    ///
    /// # Errors
    /// The log doesn't answer: what was read stays.
    pub fn refresh(&mut self) -> Result<Vec<ModelVersion>, Outage> {
        let read = self.read_on();
        let Some(waiting) = &mut self.waiting else { return read.map(|(came, _)| came) };
        match &read {
            Err(outage) => waiting.wait_for(&outage.action),
            Ok((_, false)) => waiting.wait_for("models.registry to be read to its end"),
            Ok((_, true)) => waiting.over(),
        }
        read.map(|(came, _)| came)
    }

    /// What came, and whether the end was reached.
    fn read_on(&mut self) -> Result<(Vec<ModelVersion>, bool), Outage> {
        let end = self.reader.end(&self.topic)?;
        let (mut came, mut waits) = (Vec::new(), 0);
        while self.next < end && waits < WAITS {
            let stretch = self.reader.fetch(&self.topic, self.next, WAIT)?;
            waits += u32::from(stretch.next == self.next);
            came.extend(stretch.records.iter().filter_map(model_version));
            self.next = stretch.next;
        }
        if !came.is_empty() {
            let registry = Arc::make_mut(&mut self.registry);
            came.iter().cloned().for_each(|version| registry.apply(version));
        }
        Ok((came, self.next >= end))
    }

    /// What was read so far.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }
}

/// What a record of models.registry says. One that nobody can read is skipped and logged, so that it stops nobody.
pub fn model_version(record: &Record) -> Option<ModelVersion> {
    let decoded = codec::decode(record.value.as_deref()?);
    decoded.inspect_err(|error| tracing::error!(offset = record.offset, %error, "model version skipped")).ok()
}
