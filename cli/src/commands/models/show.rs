//! `ombud models show`: one version whole, and where it serves and served.

use std::io::Write;

use anyhow::{Result, anyhow};
use jiff::Timestamp;
use ombud_launch::config::Settings;
use ombud_models::{ModelName, ModelStore, placements};
use serde_json::json;

use crate::{
    log::backend::{READER, View},
    output::terminal::table,
    registry::read_registry,
    strategies::read_feed,
};

/// Prints the version that `model` names.
pub(crate) fn show(
    model: &ModelName,
    json: bool,
    settings: &Settings,
    now_ms: i64,
    out: &mut impl Write,
) -> Result<()> {
    let view = View::open(settings)?;
    let registry = read_registry(&mut view.reader(READER)?, &settings.topics.prefix)?;
    let found = model.find(&registry).map_err(|what| anyhow!("show a model: {what}"))?;
    let feed = read_feed(&view, settings)?;
    let places = placements(feed.strategies(), found, now_ms);
    // Descriptions are no part of a version, and the registry has none: it is read where this host has the folder.
    let shelf = ModelStore::new(settings.data.join("models"));
    let description = shelf.description(&found.model_id, &found.version).unwrap_or_default();
    let reads = description.manifest.map(|manifest| manifest.reads());
    let card = description.card;
    if json {
        writeln!(out, "{}", json!({ "model": found, "places": places, "reads": reads, "card": card }))?;
        return Ok(());
    }
    let state = format!("{:?}", found.state).to_lowercase();
    let why = if found.state_reason.is_empty() { String::new() } else { format!(": {}", found.state_reason) };
    writeln!(out, "{}@{}\n{state}{why}", found.model_id, found.version)?;
    let registered = Timestamp::from_millisecond(found.created_at)?;
    writeln!(
        out,
        "family {}, answers {}, registered {registered} by {}",
        found.family,
        found.tasks.join(", "),
        found.created_by
    )?;
    match &reads {
        Some(reads) => writeln!(out, "reads {reads}")?,
        None => writeln!(out, "what it reads is in its artefact, which is not on this host's shelf")?,
    }
    if let Some(hub_id) = &found.hub_id {
        writeln!(out, "from the hub: {hub_id}@{}", found.hub_revision.as_deref().unwrap_or("main"))?;
    }
    for (title, places) in
        [("serves", &places.now), ("will serve", &places.announced), ("served", &places.before)]
    {
        for place in places {
            let until = place.until.map(Timestamp::from_millisecond).transpose()?;
            let until = until.map_or_else(String::new, |until| format!(" until {until}"));
            let since = Timestamp::from_millisecond(place.since)?;
            let (task, arm, strategy) = (&place.task, &place.arm, place.since_strategy);
            writeln!(
                out,
                "{title} {task} as {arm}, {} %, since {since} (strategy {strategy}){until}",
                place.percent()
            )?;
        }
    }
    let mut figures = table(["figure", "value"]);
    for (name, value) in &found.metrics {
        figures.add_row([name.clone(), format!("{value:.4}")]);
    }
    for evaluation in &found.evaluations {
        let at = Timestamp::from_millisecond(evaluation.evaluated_at)?;
        let (id, kind, rows) = (&evaluation.evaluation_id, &evaluation.kind, evaluation.rows);
        let against =
            evaluation.against_version.as_deref().map(|version| version.get(..12).unwrap_or(version));
        let against = against.map_or_else(String::new, |version| format!(", against {version}"));
        writeln!(out, "evaluation {id}: {kind}, {rows} complaints, {at}{against}")?;
    }
    let mut files = table(["file", "bytes", "sha256"]);
    for file in &found.files {
        files.add_row([file.name.clone(), file.bytes.to_string(), file.sha256.clone()]);
    }
    writeln!(out, "{figures}\n{files}")?;
    if let Some(card) = card {
        writeln!(out, "\n{}", card.trim_end())?;
    }
    Ok(())
}
