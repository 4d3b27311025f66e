//! Appending the next strategy, and finding out whether the log has it as that version: of two operators who append the
//! same version, every worker takes the one that lies first.

#![cfg_attr(
    not(feature = "torch"),
    allow(dead_code, reason = "only `up` serves the HTTP port of the embedded log, and it runs models")
)]

use std::sync::Arc;

use anyhow::{Context, Result};
use crossbeam_channel::Receiver;
use ombud_contract::{catalogue::Topic, records::Strategy};
use ombud_launch::config::Settings;
use ombud_models::{StrategyFeed, Unfit};
use ombud_stream::{Clock, Delivery, Reader, Sink};
use serde::{Deserialize, Serialize};

use crate::{
    ask_up,
    first_start::STRATEGY_KEY,
    models::registry,
    publish::outgoing,
    world::{READER, World},
};

/// Where an `up` takes the next strategy.
pub(super) const PATH: &str = "/api/strategy";
/// How often the log is read again for what was just appended; each time waits for 2 s at most.
const READINGS: usize = 5;

/// What was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Published {
    /// Its version.
    pub(crate) version: i64,
}

/// Publishes `next`: on brokers by appending it, on the embedded log by asking the `up` that writes it.
pub(super) fn publish(next: &Strategy, settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Published> {
    if settings.kafka_bootstrap.is_empty() {
        return ask_up::post(settings, PATH, next);
    }
    let world = World::brokers(settings)?;
    Ok(Desk::open(&world, settings, Arc::clone(clock))?.publish(next)?)
}

/// Whoever may append to models.strategy goes through here.
pub(crate) struct Desk {
    feed: StrategyFeed,
    /// Of models.registry.
    reader: Box<dyn Reader>,
    sink: Box<dyn Sink<()>>,
    deliveries: Receiver<Delivery<()>>,
    topic: Arc<str>,
    prefix: String,
    clock: Arc<dyn Clock>,
}

impl Desk {
    /// Publishes in `world`.
    pub(crate) fn open(world: &World, settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self> {
        let prefix = settings.topics.prefix.clone();
        let topic = Topic::Strategy.name(&prefix);
        let (sink, deliveries) = world.sink(1)?;
        let view = world.view();
        Ok(Self {
            feed: StrategyFeed::new(view.reader(READER)?, &topic, Arc::clone(&clock)),
            reader: view.reader(READER)?,
            sink,
            deliveries,
            topic: topic.into(),
            prefix,
            clock,
        })
    }

    /// Checks `next` against what the log has now, appends it, and reads back whether it was first.
    pub(super) fn publish(&mut self, next: &Strategy) -> Result<Published, Refusal> {
        let version = next.version;
        self.feed.refresh().context("read the strategies")?;
        let registry = registry(&mut self.reader, &self.prefix).context("read the registry")?;
        self.feed.strategies().gate(next, &registry, self.clock.now_ms())?;
        let offset = self.append(next)?;
        for _ in 0..READINGS {
            self.feed.refresh().context(UNSURE)?;
            match self.feed.accepted(offset) {
                Ok(Some(_)) => return Ok(Published { version }),
                Ok(None) => return Err(self.why_not(next)),
                Err(_) => {}
            }
        }
        Err(anyhow::anyhow!("read back what was appended in time").context(UNSURE).into())
    }

    fn append(&mut self, next: &Strategy) -> Result<i64> {
        let record = outgoing(&self.topic, STRATEGY_KEY, next)?;
        if let Err(refused) = self.sink.send(record, ()) {
            // One record at a time, and the one before was delivered: only a broken sink refuses.
            let outage = refused.outage.map(anyhow::Error::from);
            let busy = || anyhow::anyhow!("the log's queue is full: try again in a moment");
            return Err(outage.unwrap_or_else(busy).context("append the strategy"));
        }
        let delivery = self.deliveries.recv().context("append the strategy: the log was closed")?;
        let (_, offset) = delivery.result.context(UNSURE)?;
        Ok(offset)
    }

    fn why_not(&self, next: &Strategy) -> Refusal {
        let version = next.version;
        match self.feed.strategies().version(version) {
            Some(winner) => Unfit::Lost { version, by: winner.record.changed_by.clone() }.into(),
            None => Refusal::Late { version },
        }
    }
}

/// What an operator must do when nobody can say whether the strategy is there.
const UNSURE: &str =
    "publish the strategy, or it was published all the same: look at `ombud strategy history`";

/// Why a strategy was not published.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// It must not be, or another operator was faster.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// It reached the log less than 5 s before its time, so every worker skips it.
    #[error(
        "publish strategy {version}: it reached the log too late for its time, and no worker takes it: try again, with a \
         later --from if this happens twice, and see with `ombud doctor` whether the clocks agree"
    )]
    Late {
        /// The version that nobody has now.
        version: i64,
    },
    /// The log does not answer.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}
