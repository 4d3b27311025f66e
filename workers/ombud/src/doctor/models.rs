//! The models that the newest strategy names, and in a deep look all others of the shelf: whether they are there, byte for byte.

use std::collections::BTreeSet;

use anyhow::Result;
use ombud_launch::config::Settings;
use ombud_models::ModelStore;

use super::Finding;
use crate::{strategy::read_feed, world::View};

pub(super) fn look(settings: &Settings, deep: bool, findings: &mut Vec<Finding>) {
    // Without a log there is no strategy to look for, and that was said.
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
            let mend = "`ombud setup` puts the first strategy's models there; others are copied from where they were learned";
            Finding::warn("models", format!("{id}@{short} is not on this machine's shelf"), mend)
        }
        Err(error) => Finding::failed("models", error),
    }
}
