//! The registry as a worker follows it: models.registry, folded as far as it was read.

use std::sync::Arc;

use ombud_contract::codec;
use ombud_contract::records::ModelVersion;
use ombud_stream::{Outage, Reader, Record, Waiting};

use crate::registry::Registry;
use crate::tail::Tail;

/// Follows models.registry.
pub struct RegistryFeed {
    tail: Tail,
    registry: Arc<Registry>,
    /// Read, and not given out yet because the log stopped answering behind it.
    came: Vec<ModelVersion>,
    waiting: Option<Waiting>,
}

impl RegistryFeed {
    /// A feed of `topic` (with its prefix), from its beginning; it knows nothing before [`RegistryFeed::refresh`].
    pub fn new(reader: Box<dyn Reader>, topic: &str) -> Self {
        Self { tail: Tail::new(reader, topic), registry: Arc::default(), came: Vec::new(), waiting: None }
    }

    /// Reports by `waiting` while the topic is not read to its end. For a worker that refreshes it every second or so.
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
        if let Some(waiting) = &mut self.waiting {
            match &read {
                Err(outage) => waiting.wait_for(&outage.action),
                Ok(false) => waiting.wait_for("models.registry to be read to its end"),
                Ok(true) => waiting.over(),
            }
        }
        read.map(|_| std::mem::take(&mut self.came))
    }

    /// Whether the end was reached.
    fn read_on(&mut self) -> Result<bool, Outage> {
        let (registry, came) = (&mut self.registry, &mut self.came);
        self.tail.read_to_end(|record| {
            if let Some(version) = model_version(record) {
                Arc::make_mut(registry).apply(version.clone());
                came.push(version);
            }
        })
    }

    /// What was read so far.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }
}

/// The model version of a record of models.registry. One that cannot be read is skipped and logged, so that it stops nobody.
pub fn model_version(record: &Record) -> Option<ModelVersion> {
    let decoded = codec::decode(record.value.as_deref()?);
    decoded.inspect_err(|error| tracing::error!(offset = record.offset, %error, "model version skipped")).ok()
}
