//! What the log holds now: every strategy, and every model version.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow};
use backon::{BlockingRetryable, ExponentialBuilder};
use ombud_contract::{catalogue::Topic, records::Role};
use ombud_launch::config::Settings;
use ombud_models::{ActiveStrategy, Registry, Strategies, StrategyFeed, StrategyUnknown};
use ombud_stream::SystemClock;

use crate::{
    log::backend::{READER, View},
    registry::read_registry,
};

/// Strategies and models, read at one moment.
pub(crate) struct LogSnapshot {
    feed: StrategyFeed,
    pub(crate) registry: Registry,
}

impl LogSnapshot {
    /// As the log has them now.
    pub(crate) fn read(settings: &Settings) -> Result<Self> {
        let view = View::open(settings)?;
        let feed = read_feed(&view, settings)?;
        let registry = read_registry(&mut view.reader(READER)?, &settings.topics.prefix)?;
        Ok(Self { feed, registry })
    }

    pub(crate) fn strategies(&self) -> &Strategies {
        self.feed.strategies()
    }

    /// The newest strategy, in force or still to come.
    pub(crate) fn newest(&self) -> Result<&Arc<ActiveStrategy>> {
        self.strategies().newest().ok_or_else(unpublished)
    }
}

/// Model and version of every arm that a strategy ever let decide.
pub(crate) fn deciders(strategies: &Strategies) -> BTreeSet<(&str, &str)> {
    let tasks = strategies.iter().flat_map(|strategy| &strategy.record.tasks);
    let arms = tasks.flat_map(|task| &task.arms).filter(|arm| arm.role == Role::Deciding);
    arms.map(|arm| (arm.model_id.as_str(), arm.model_version.as_str())).collect()
}

/// models.strategy, read to its end once.
pub(crate) fn read_feed(view: &View, settings: &Settings) -> Result<StrategyFeed> {
    let topic = Topic::Strategy.name(&settings.topics.prefix);
    // Looked at once, so that its age doesn't matter.
    let mut feed =
        StrategyFeed::new(view.reader(READER)?, &topic, Arc::new(SystemClock)).max_age(Duration::MAX);
    // Brokers send what is there shortly after they were asked for it.
    let wait = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(10))
        .without_max_times()
        .with_total_delay(Some(Duration::from_millis(settings.kafka.timeout_ms)));
    let read = || -> Result<()> {
        feed.refresh()?;
        match feed.at(i64::MAX) {
            Err(stale @ StrategyUnknown::Stale) => Err(stale).context("read the strategies to their end"),
            _ => Ok(()),
        }
    };
    read.retry(wait).when(|error| error.is::<StrategyUnknown>()).call()?;
    Ok(feed)
}

/// The error where no strategy is published yet.
pub(crate) fn unpublished() -> anyhow::Error {
    anyhow!(
        "find a strategy: none is published yet; `ombud up`, and `ombud setup` on brokers, publish the first"
    )
}
