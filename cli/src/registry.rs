//! The model versions of the log, and the changes to them: asked of a running `up`, or made on brokers.

#[cfg(feature = "torch")]
mod add;
mod ask;
mod change;
#[cfg(feature = "torch")]
mod evaluation;
#[cfg(feature = "torch")]
mod obtain;
#[cfg(feature = "torch")]
mod port;

use anyhow::Result;
use ombud_contract::catalogue::Topic;
use ombud_models::{Registry, model_version};
use ombud_stream::{Reader, TopicPartition};

use crate::log::scan::scan;

pub(crate) use ask::retire;
#[cfg(feature = "torch")]
pub(crate) use {
    add::{add, register},
    evaluation::EvaluationDraft,
    obtain::obtain,
    port::{RegistryApi, RegistryWriter, routes},
};

/// Where a running `up` is asked for a change.
pub(crate) const PATH: &str = "/api/models";

/// The registry, folded from its topic.
pub(crate) fn read_registry(reader: &mut impl Reader, prefix: &str) -> Result<Registry> {
    let partition = TopicPartition::new(Topic::Registry.name(prefix), 0);
    let (mut registry, end) = (Registry::default(), reader.end(&partition)?);
    scan(reader, &partition, 0, end, |record| {
        model_version(&record).into_iter().for_each(|version| registry.apply(version));
        Ok(())
    })?;
    Ok(registry)
}
