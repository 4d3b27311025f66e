//! The models that the newest strategy names, and in a deep look all others of the shelf: whether they are there, byte for byte.

use std::{collections::BTreeSet, path::absolute};

use anyhow::Result;
use ombud_launch::config::Settings;
use ombud_models::ModelStore;

use super::Finding;
use crate::{log::backend::View, strategies::read_feed};

pub(super) fn check(settings: &Settings, deep: bool, findings: &mut Vec<Finding>) {
    findings.push(defaults(settings));
    // Without a log there is no strategy to look for, and that was reported.
    let Ok(view) = View::open(settings) else { return };
    match named(&view, settings) {
        Ok(None) => findings.push(Finding::bad(
            "models",
            "no strategy is published",
            "run `ombud setup` (or `ombud up`)",
        )),
        Ok(Some(mut models)) => {
            let shelf = ModelStore::new(settings.data.join("models"));
            match shelf.versions() {
                Ok(versions) if deep => models.extend(versions),
                Ok(_) => {}
                Err(error) => findings.push(Finding::failed("models", error)),
            }
            findings.extend(models.iter().map(|(id, version)| model(&shelf, id, version)));
        }
        Err(error) => findings.push(Finding::failed("models", error.context("read the strategy"))),
    }
}

/// Where a first start takes its models and its strategy from.
fn defaults(settings: &Settings) -> Finding {
    let folder = absolute(&settings.models).unwrap_or_else(|_| settings.models.clone());
    let shown = folder.display();
    if folder.join("strategy.toml").is_file() {
        return Finding::ok("defaults", format!("default models and the first strategy are in {shown}"));
    }
    Finding::warn(
        "defaults",
        format!("no default models and no first strategy are in {shown}: a first start needs them"),
        "name their folder with OMBUD_MODELS",
    )
}

/// Every model of the newest strategy with its version.
fn named(view: &View, settings: &Settings) -> Result<Option<BTreeSet<(String, String)>>> {
    let feed = read_feed(view, settings)?;
    let Some(newest) = feed.strategies().newest() else { return Ok(None) };
    let arms = newest.record.tasks.iter().flat_map(|task| &task.arms);
    Ok(Some(arms.map(|arm| (arm.model_id.clone(), arm.model_version.clone())).collect()))
}

fn model(shelf: &ModelStore, id: &str, version: &str) -> Finding {
    let short: String = version.chars().take(12).collect();
    match shelf.get(id, version) {
        Ok(Some(artefact)) => {
            let reads = artefact.manifest.reads();
            Finding::ok("models", format!("{id}@{short} is on the shelf, byte for byte; it reads {reads}"))
        }
        Ok(None) => {
            let fix = "`ombud setup` puts the first strategy's models there; others are copied from where they were learned";
            Finding::warn("models", format!("{id}@{short} is not on this machine's shelf"), fix)
        }
        Err(error) => Finding::failed("models", error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examination::Health;

    #[test]
    fn where_the_default_models_lie_is_said_and_what_to_do_where_there_are_none() {
        let dir = tempfile::tempdir().unwrap();
        let settings = Settings { models: dir.path().join("models"), ..Settings::default() };
        let missing = defaults(&settings);
        assert_eq!(missing.health, Health::Warn);
        assert!(missing.fix.is_some_and(|fix| fix.contains("OMBUD_MODELS")));
        std::fs::create_dir(&settings.models).unwrap();
        std::fs::write(settings.models.join("strategy.toml"), "").unwrap();
        let found = defaults(&settings);
        assert!(
            found.health == Health::Ok && found.found.contains(dir.path().to_str().unwrap()),
            "{found:?}"
        );
    }
}
