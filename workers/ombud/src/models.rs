//! `ombud models`: the registry, as the log has it; models to and from Python.

#[cfg(feature = "torch")]
mod add;
mod ask;
pub(crate) mod change;
#[cfg(feature = "torch")]
pub(crate) mod evaluation;
#[cfg(feature = "torch")]
mod exchange;
#[cfg(feature = "torch")]
mod obtain;
mod show;

use std::io::Write;

use anyhow::Result;
use ombud_contract::catalogue::Topic;
use ombud_launch::config::Settings;
use ombud_models::{Registry, model_version};
use ombud_stream::{Reader, TopicPartition};

#[cfg(feature = "torch")]
pub(crate) use add::{add, register};
pub(crate) use ask::retire;
#[cfg(feature = "torch")]
pub(crate) use exchange::{export, import};
#[cfg(feature = "torch")]
pub(crate) use obtain::obtain;

pub(crate) use show::show;

use crate::{
    scan::scan,
    strategy::read_feed,
    terminal::table,
    world::{READER, View},
};

/// Where a running `up` is asked for a change.
pub(crate) const PATH: &str = "/api/models";

/// Prints every version, newest record of each, and where it serves at `now_ms`.
pub(crate) fn list(json: bool, settings: &Settings, now_ms: i64, out: &mut impl Write) -> Result<()> {
    let view = View::open(settings)?;
    let registry = registry(&mut view.reader(READER)?, &settings.topics.prefix)?;
    if json {
        for record in registry.versions() {
            writeln!(out, "{}", serde_json::to_string(record)?)?;
        }
        return Ok(());
    }
    let mut table = table(["model", "version", "family", "tasks", "state", "why", "serves", "registered"]);
    let feed = read_feed(&view, settings)?;
    for record in registry.versions() {
        table.add_row([
            record.model_id.clone(),
            record.version.clone(),
            record.family.clone(),
            record.tasks.join(", "),
            format!("{:?}", record.state).to_lowercase(),
            record.state_reason.clone(),
            show::places(feed.strategies(), record, now_ms).serves().join(", "),
            jiff::Timestamp::from_millisecond(record.created_at)?.to_string(),
        ]);
    }
    writeln!(out, "{table}")?;
    Ok(())
}

/// The registry, folded from its topic.
pub(crate) fn registry(reader: &mut impl Reader, prefix: &str) -> Result<Registry> {
    let partition = TopicPartition::new(Topic::Registry.name(prefix), 0);
    let (mut registry, end) = (Registry::default(), reader.end(&partition)?);
    scan(reader, &partition, 0, end, |record| {
        model_version(&record).into_iter().for_each(|version| registry.apply(version));
        Ok(())
    })?;
    Ok(registry)
}
