//! `ombud models`: the registry, as the log has it; models to and from Python.

#[cfg(feature = "torch")]
mod add;
#[cfg(feature = "torch")]
pub(crate) mod change;
#[cfg(feature = "torch")]
pub(crate) mod evaluation;
#[cfg(feature = "torch")]
mod exchange;

use std::{io::Write, time::Duration};

use anyhow::Result;
use ombud_contract::{catalogue::Topic, codec, records::ModelVersion};
use ombud_launch::config::Settings;
use ombud_models::Registry;
use ombud_stream::{Reader, TopicPartition};

#[cfg(feature = "torch")]
pub(crate) use add::{add, retire};
#[cfg(feature = "torch")]
pub(crate) use exchange::{export, import};

use crate::{
    terminal::table,
    world::{READER, View},
};

/// Where a running `up` is asked for a change.
#[cfg(feature = "torch")]
pub(crate) const PATH: &str = "/api/models";

/// Prints every version, newest record of each.
pub(crate) fn list(json: bool, settings: &Settings, out: &mut impl Write) -> Result<()> {
    let mut reader = View::open(settings)?.reader(READER)?;
    let registry = registry(&mut reader, &settings.topics.prefix)?;
    if json {
        for record in registry.versions() {
            writeln!(out, "{}", serde_json::to_string(record)?)?;
        }
        return Ok(());
    }
    let mut table = table(["model", "version", "family", "tasks", "state", "why", "registered"]);
    for record in registry.versions() {
        table.add_row([
            record.model_id.clone(),
            record.version.clone(),
            record.family.clone(),
            record.tasks.join(", "),
            format!("{:?}", record.state).to_lowercase(),
            record.state_reason.clone(),
            jiff::Timestamp::from_millisecond(record.created_at)?.to_string(),
        ]);
    }
    writeln!(out, "{table}")?;
    Ok(())
}

/// The registry, folded from its topic.
pub(crate) fn registry(reader: &mut impl Reader, prefix: &str) -> Result<Registry> {
    let partition = TopicPartition::new(Topic::Registry.name(prefix), 0);
    let mut registry = Registry::default();
    let (mut next, end) = (0, reader.end(&partition)?);
    while next < end {
        for record in reader.fetch(&partition, next, Duration::from_millis(100))? {
            next = record.offset + 1;
            let Some(value) = record.value.as_deref() else { continue };
            registry.apply(codec::decode::<ModelVersion>(value)?);
        }
    }
    Ok(registry)
}
