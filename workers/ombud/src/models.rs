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
use ombud_models::{Registry, Strategies, model_version};
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
    screen::{Screen, Table},
    strategy::read_feed,
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
    let feed = read_feed(&view, settings)?;
    writeln!(out, "{}", listed(&registry, feed.strategies(), now_ms, Screen::of_process()))?;
    writeln!(out, "`ombud models show MODEL@VERSION` shows one whole")?;
    Ok(())
}

/// The versions as people look at them: as much of each as tells it apart, which every command takes.
fn listed(registry: &Registry, strategies: &Strategies, now_ms: i64, screen: Screen) -> Table {
    let mut table = screen.table(["model", "version", "tasks", "state", "serves"]);
    for record in registry.versions() {
        let state = format!("{:?}", record.state).to_lowercase();
        table.add_row([
            record.model_id.clone(),
            record.version.chars().take(12).collect(),
            record.tasks.join(", "),
            if record.state_reason.is_empty() { state } else { format!("{state}: {}", record.state_reason) },
            show::places(strategies, record, now_ms).serves().join(", "),
        ]);
    }
    table
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

#[cfg(test)]
mod tests {
    use ombud_contract::records::ModelVersion;

    use super::*;
    use crate::golden;

    #[test]
    fn people_see_versions_within_80_columns_with_and_without_colours() {
        let mut registry = Registry::default();
        for (offset, example) in [
            include_str!("../../../schemas/models.registry/examples/valid/registered.json"),
            include_str!("../../../schemas/models.registry/examples/valid/rejected.json"),
        ]
        .into_iter()
        .enumerate()
        {
            let mut record: ModelVersion = serde_json::from_str(example).unwrap();
            record.version.replace_range(..1, &offset.to_string());
            registry.apply(record);
        }
        for (name, coloured) in [("models-list.txt", false), ("models-list-colour.txt", true)] {
            let screen = Screen::new(80, coloured);
            let text = screen.with_styles(listed(&registry, &Strategies::default(), 0, screen).to_string());
            assert!(golden::width(&text) <= 80, "{text}");
            golden::compare(name, &text);
        }
    }
}
