//! The models that the newest strategy names: whether the shelf has them, byte for byte.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use backon::{BlockingRetryable, ExponentialBuilder};
use ombud_contract::catalogue::Topic;
use ombud_launch::config::Settings;
use ombud_models::{ModelStore, NotYet, StrategyFeed};
use ombud_stream::SystemClock;

use super::Finding;
use crate::world::{READER, View};

pub(super) fn look(settings: &Settings, findings: &mut Vec<Finding>) {
    // Without a log there is no strategy to look for, and that was said.
    let Ok(view) = View::open(settings) else { return };
    match named(&view, settings) {
        Ok(None) => findings.push(Finding::bad(
            "models",
            "no strategy is published",
            "run `ombud setup` (or `ombud up`)",
        )),
        Ok(Some(models)) => {
            let shelf = ModelStore::new(settings.data.join("models"));
            findings.extend(models.iter().map(|(id, version)| model(&shelf, id, version)));
        }
        Err(error) => findings.push(Finding::failed("models", error.context("read the strategy"))),
    }
}

/// Every model of the newest strategy with its version.
fn named(view: &View, settings: &Settings) -> Result<Option<BTreeSet<(String, String)>>> {
    let topic = Topic::Strategy.name(&settings.topics.prefix);
    // Looked at once, so that its age doesn't matter.
    let mut feed =
        StrategyFeed::new(view.reader(READER)?, &topic, Arc::new(SystemClock)).max_age(Duration::MAX);
    // Brokers send what is there a moment after they were asked for it.
    let wait = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(10))
        .without_max_times()
        .with_total_delay(Some(Duration::from_millis(settings.kafka.timeout_ms)));
    let read = || -> Result<()> {
        feed.refresh()?;
        match feed.at(i64::MAX) {
            Err(stale @ NotYet::Stale) => Err(stale).context("read the strategies to their end"),
            _ => Ok(()),
        }
    };
    read.retry(wait).when(|error| error.is::<NotYet>()).call()?;
    let Some(newest) = feed.strategies().newest() else { return Ok(None) };
    let arms = newest.record.tasks.iter().flat_map(|task| &task.arms);
    Ok(Some(arms.map(|arm| (arm.model_id.clone(), arm.model_version.clone())).collect()))
}

fn model(shelf: &ModelStore, id: &str, version: &str) -> Finding {
    let short: String = version.chars().take(12).collect();
    match shelf.get(id, version) {
        Ok(Some(_)) => Finding::ok("models", format!("{id}@{short} is on the shelf, byte for byte")),
        Ok(None) => {
            let mend = "`ombud setup` puts the first strategy's models there; others are copied from where they were learned";
            Finding::warn("models", format!("{id}@{short} is not on this machine's shelf"), mend)
        }
        Err(error) => Finding::failed("models", error),
    }
}
