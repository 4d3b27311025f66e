//! `ombud models show`: one version whole, and where it serves and served.

use std::{fs, io::Write};

use anyhow::{Result, anyhow};
use jiff::Timestamp;
use ombud_contract::records::ModelVersion;
use ombud_launch::config::Settings;
use ombud_models::{Artefact, ModelName, Strategies};
use serde::Serialize;
use serde_json::json;

use crate::{
    log::backend::{READER, View},
    output::terminal::table,
    registry::read_registry,
    strategies::read_feed,
};

/// The description that people wrote of a version, on the shelf of this data folder.
const CARD: &str = "README.md";

/// An arm of a task that named a version, over one or more strategies in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Place {
    task: String,
    arm: String,
    basis_points: i32,
    /// The first strategy that placed it so, and when that came into force.
    since_strategy: i64,
    since: i64,
    /// When a strategy came into force that places it otherwise; `None` while none is published.
    until: Option<i64>,
}

/// Where the strategies name one version.
#[derive(Debug, Serialize)]
pub(super) struct Places {
    now: Vec<Place>,
    before: Vec<Place>,
    announced: Vec<Place>,
}

impl Places {
    /// The places of now, in short.
    pub(super) fn serves(&self) -> Vec<String> {
        self.now.iter().map(|place| format!("{} {} {} %", place.task, place.arm, percent(place))).collect()
    }
}

/// Where `strategies` name `version`, as of `now_ms`.
pub(super) fn places(strategies: &Strategies, version: &ModelVersion, now_ms: i64) -> Places {
    let (mut open, mut all): (Vec<Place>, Vec<Place>) = (Vec::new(), Vec::new());
    for strategy in strategies.iter().map(|strategy| &strategy.record) {
        let arms = strategy.tasks.iter().flat_map(|task| task.arms.iter().map(move |arm| (task, arm)));
        let named: Vec<Place> = arms
            .filter(|(_, arm)| arm.model_id == version.model_id && arm.model_version == version.version)
            .map(|(task, arm)| Place {
                task: task.task.clone(),
                arm: arm.name.clone(),
                basis_points: arm.basis_points,
                since_strategy: strategy.version,
                since: strategy.effective_from,
                until: None,
            })
            .collect();
        let same =
            |a: &Place, b: &Place| (&a.task, &a.arm, a.basis_points) == (&b.task, &b.arm, b.basis_points);
        for mut over in open.extract_if(.., |place| !named.iter().any(|named| same(place, named))) {
            over.until = Some(strategy.effective_from);
            all.push(over);
        }
        open.extend(
            named
                .into_iter()
                .filter(|named| !open.iter().any(|place| same(place, named)))
                .collect::<Vec<_>>(),
        );
    }
    all.extend(open);
    let (started, announced): (Vec<Place>, Vec<Place>) =
        all.into_iter().partition(|place| place.since <= now_ms);
    let (before, now) =
        started.into_iter().partition(|place| place.until.is_some_and(|until| until <= now_ms));
    Places { now, before, announced }
}

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
    let places = places(feed.strategies(), found, now_ms);
    // Descriptions are no part of a version, and the registry has none: it is read where this host has the folder.
    let folder = settings.data.join("models").join(&found.model_id).join(&found.version);
    let card = fs::read_to_string(folder.join(CARD)).ok();
    let reads = Artefact::open(&folder).ok().map(|artefact| artefact.manifest.reads());
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
                percent(place)
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

fn percent(place: &Place) -> f64 {
    f64::from(place.basis_points) / 100.0
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ombud_contract::records::Strategy;
    use ombud_models::FirstStrategy;

    use super::*;

    /// The first strategy, and what `change` makes of it, which begins at `from`.
    fn next(version: i64, from: i64, change: impl FnOnce(&mut Strategy)) -> Strategy {
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
        let first = FirstStrategy::read(&models.join("strategy.toml"), &models, "me", 0).unwrap();
        let mut strategy = Strategy { version, effective_from: from, ..first.record };
        change(&mut strategy);
        strategy
    }

    #[test]
    fn a_version_serves_where_the_strategy_of_now_names_it_and_served_where_an_older_one_did() {
        let example =
            include_str!("../../../../schemas/models.registry/examples/valid/only-what-must-be-there.json");
        let model: ModelVersion = serde_json::from_str(example).unwrap();
        let names = |strategy: &mut Strategy, task: usize| {
            let arm = &mut strategy.tasks[task].arms[0];
            (arm.model_id, arm.model_version) = (model.model_id.clone(), model.version.clone());
        };
        let mut strategies = Strategies::default();
        strategies.push(next(1, 100, |strategy| names(strategy, 0))).unwrap();
        strategies.push(next(2, 200, |strategy| (0..2).for_each(|task| names(strategy, task)))).unwrap();
        strategies.push(next(3, 300, |strategy| names(strategy, 1))).unwrap();
        let spans = |places: Vec<Place>| -> Vec<(i64, i64, Option<i64>)> {
            places.into_iter().map(|place| (place.since_strategy, place.since, place.until)).collect()
        };
        let Places { now, before, announced } = places(&strategies, &model, 250);
        assert_eq!(spans(now), [(1, 100, Some(300)), (2, 200, None)]);
        assert_eq!((spans(before), spans(announced)), (vec![], vec![]));
        let Places { now, before, .. } = places(&strategies, &model, 300);
        assert_eq!((spans(now), spans(before)), (vec![(2, 200, None)], vec![(1, 100, Some(300))]));
        assert_eq!(spans(places(&strategies, &model, 150).announced), [(2, 200, None)]);
    }
}
