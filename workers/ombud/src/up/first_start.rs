//! The first start of a log: its models are registered and its first strategy is published, from the files beside
//! the command. Later starts read both from the log, whatever the files then say.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result};
use ombud_contract::{catalogue::Topic, records::Strategy};
use ombud_models::{FirstStrategy, ModelStore, model_version_record, registry_key};
use ombud_stream::{Clock, Reader, Sink, TopicPartition};
use tracing::info;

use super::publish::{Publisher, outgoing};
use crate::models::registry;

/// The key of every record of models.strategy.
const STRATEGY_KEY: &str = "strategy";
/// Who registers and publishes at a first start.
const ACTOR: &str = "ombud up";

/// What a first start needs.
pub(crate) struct FirstStart<'a, R> {
    pub(crate) reader: R,
    pub(crate) store: &'a ModelStore,
    /// Holds the default models and `strategy.toml`.
    pub(crate) models: &'a Path,
    pub(crate) prefix: &'a str,
    pub(crate) clock: &'a dyn Clock,
}

impl<R: Reader> FirstStart<'_, R> {
    /// Registers and publishes what is missing. After a crash half-way it goes on: a version is registered under
    /// its content's hash, so twice is once.
    pub(crate) fn ensure<S: Sink<()>>(&mut self, publisher: &mut Publisher<S>) -> Result<()> {
        let topic: Arc<str> = Topic::Strategy.name(self.prefix).into();
        if self.reader.end(&TopicPartition::new(Arc::clone(&topic), 0))? > 0 {
            return Ok(());
        }
        let file = self.models.join("strategy.toml");
        let first = FirstStrategy::read(&file, self.models, ACTOR, self.clock.now_ms())
            .context("read the first strategy")?;
        let registry_topic: Arc<str> = Topic::Registry.name(self.prefix).into();
        let registry = registry(&mut self.reader, self.prefix)?;
        for artefact in &first.artefacts {
            self.store.add(artefact).context("put a model into the store")?;
            let record = model_version_record(artefact, ACTOR, self.clock.now_ms());
            if registry.get(&record.model_id, &record.version).is_none() {
                let key = registry_key(&record.model_id, &record.version);
                publisher.send(outgoing(&registry_topic, &key, &record)?)?;
                info!(model = %record.model_id, version = %record.version, "model registered");
            }
        }
        // Durable before the strategy that names them.
        publisher.flush()?;
        publisher.send(outgoing::<Strategy>(&topic, STRATEGY_KEY, &first.record)?)?;
        publisher.flush()?;
        info!(version = first.record.version, "strategy published");
        Ok(())
    }
}
