//! `ombud models`: the registry, as the log has it; models to and from Python.

mod args;
#[cfg(feature = "torch")]
mod exchange;
mod show;

use std::io::Write;

use anyhow::Result;
use ombud_launch::config::Settings;
use ombud_models::{Registry, Strategies, placements};
use ombud_stream::{Clock, SystemClock};

pub(crate) use args::ModelsCommand;

use crate::{
    Done,
    log::backend::{READER, View},
    output::screen::{Screen, Table},
    registry::{self, read_registry},
    strategies::read_feed,
};

/// Does what `command` asks for.
pub(crate) fn models(command: ModelsCommand, settings: &Settings, out: &mut impl Write) -> Result<Done> {
    match command {
        ModelsCommand::List { json } => list(json, settings, SystemClock.now_ms(), out)?,
        ModelsCommand::Show { model, json } => show::show(&model, json, settings, SystemClock.now_ms(), out)?,
        ModelsCommand::Retire { named } => registry::retire(&named, settings, out)?,
        #[cfg(feature = "torch")]
        ModelsCommand::Add { source } => registry::add(&source, settings, out)?,
        #[cfg(feature = "torch")]
        ModelsCommand::Export(args) => exchange::export(&args, settings, out)?,
        #[cfg(feature = "torch")]
        ModelsCommand::Import(args) => exchange::import(args, settings, out)?,
        #[cfg(not(feature = "torch"))]
        ModelsCommand::Add { .. } | ModelsCommand::Export(_) | ModelsCommand::Import(_) => {
            unreachable!("handed over to `ombud-torch` before")
        }
    }
    Ok(Done::Well)
}

/// Prints every version, newest record of each, and where it serves at `now_ms`.
fn list(json: bool, settings: &Settings, now_ms: i64, out: &mut impl Write) -> Result<()> {
    let view = View::open(settings)?;
    let registry = read_registry(&mut view.reader(READER)?, &settings.topics.prefix)?;
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

/// The versions as people look at them: as many digits of each as are unique, which every command takes.
fn listed(registry: &Registry, strategies: &Strategies, now_ms: i64, screen: Screen) -> Table {
    let mut table = screen.table(["model", "version", "tasks", "state", "serves"]);
    for record in registry.versions() {
        let state = format!("{:?}", record.state).to_lowercase();
        table.add_row([
            record.model_id.clone(),
            record.version.chars().take(12).collect(),
            record.tasks.join(", "),
            if record.state_reason.is_empty() { state } else { format!("{state}: {}", record.state_reason) },
            placements(strategies, record, now_ms).serves().join(", "),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use ombud_contract::records::ModelVersion;

    use super::*;
    use crate::output::golden;

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
