//! The first start of a log: its models are registered and its first strategy is published, from the files beside
//! the command. Later starts read both from the log, whatever the files then hold.

use std::{
    path::{self, Path},
    sync::Arc,
};

use anyhow::{Context, Result};
use ombud_contract::{access::Operation, catalogue::Topic, records::Strategy};
use ombud_launch::config::Settings;
use ombud_models::{FirstStrategy, ModelStore, model_version_record, registry_key};
use ombud_stream::{Clock, Reader, Sink, SystemClock, TopicPartition};
use rustix::fs::{Access, access};
use tracing::info;

use crate::{
    log::{
        backend::{Backend, READER, View},
        publish::{IN_FLIGHT, Publisher, outgoing},
        scan::scan,
    },
    registry::read_registry,
};

/// The key of every record of models.strategy.
pub(crate) const STRATEGY_KEY: &str = "strategy";
/// Who registers and publishes at a first start.
const ACTOR: &str = "ombud setup";

/// Puts the models that lie beside the command on the shelf, where workers look for what a strategy names.
#[cfg(feature = "torch")]
pub(crate) fn shelve(models: &Path, store: &ModelStore) -> Result<()> {
    let file = models.join("strategy.toml");
    let first = FirstStrategy::read(&file, models, ACTOR, 0).context("read the first strategy")?;
    first
        .artefacts
        .iter()
        .try_for_each(|artefact| store.add(artefact).map(drop))
        .context("put a model into the store")
}

/// Whether the brokers that `settings` name hold a strategy already.
pub(crate) fn is_published(settings: &Settings) -> Result<bool> {
    holds_strategy(&mut View::open(settings)?.reader(READER)?, &settings.topics.prefix)
}

/// Whether a first start would find its models and its strategy, and could put them on the shelf. Changes nothing.
pub(crate) fn foresee(settings: &Settings) -> Result<()> {
    let file = settings.models.join("strategy.toml");
    FirstStrategy::read(&file, &settings.models, ACTOR, 0)
        .context("read the first strategy (OMBUD_MODELS names its folder)")?;
    let shelf = path::absolute(settings.data.join("models"))?;
    let Some(existing) = shelf.ancestors().find(|folder| folder.exists()) else { return Ok(()) };
    access(existing, Access::WRITE_OK | Access::EXEC_OK).with_context(|| {
        format!(
            "put models into {}: this user may not write {}; give it that folder, or name another with --data",
            shelf.display(),
            existing.display()
        )
    })
}

/// Publishes the first strategy on brokers, unless one is published already; returns whether it did. For `setup`.
pub(crate) fn on_brokers(settings: &Settings) -> Result<bool> {
    let backend = Backend::brokers(
        settings,
        &[(Topic::Registry, Operation::Write), (Topic::Strategy, Operation::Write)],
    )?;
    let store = ModelStore::new(settings.data.join("models"));
    let mut first = FirstStart {
        reader: backend.view().reader(READER)?,
        store: &store,
        models: &settings.models,
        prefix: &settings.topics.prefix,
        clock: &SystemClock,
    };
    first.ensure(&mut Publisher::new(backend.sink(IN_FLIGHT)?))
}

fn holds_strategy(reader: &mut impl Reader, prefix: &str) -> Result<bool> {
    let partition = TopicPartition::new(Topic::Strategy.name(prefix), 0);
    let end = reader.end(&partition)?;
    // Records are counted: a topic may end after offsets that hold none.
    Ok(scan(reader, &partition, 0, end, |_| Ok(()))? > 0)
}

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
    /// Registers and publishes what is missing. After a crash half-way it resumes: a version is registered under
    /// its content's hash, so that twice is the same as once. Returns whether anything was missing.
    pub(crate) fn ensure<S: Sink<()>>(&mut self, publisher: &mut Publisher<S>) -> Result<bool> {
        if holds_strategy(&mut self.reader, self.prefix)? {
            return Ok(false);
        }
        let topic: Arc<str> = Topic::Strategy.name(self.prefix).into();
        let file = self.models.join("strategy.toml");
        let first = FirstStrategy::read(&file, self.models, ACTOR, self.clock.now_ms())
            .context("read the first strategy")?;
        let registry_topic: Arc<str> = Topic::Registry.name(self.prefix).into();
        let registry = read_registry(&mut self.reader, self.prefix)?;
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
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
