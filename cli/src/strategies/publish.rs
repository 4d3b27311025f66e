//! Appends the next strategy, and reads back whether the log took it as that version: of two operators who append the same
//! version, every worker takes the first one, and one that came too late by the log's clock is void.

#![cfg_attr(
    not(feature = "torch"),
    allow(dead_code, reason = "only `up` serves the HTTP port of the embedded log, and it runs models")
)]

use std::{fmt, sync::Arc};

use anyhow::{Context, Result};
use crossbeam_channel::Receiver;
use ombud_contract::{
    access::Operation,
    catalogue::Topic,
    records::{AuditEntry, Strategy},
};
use ombud_launch::config::Settings;
use ombud_models::{LEAD, Registry, Strategies, StrategyFeed, StrategyRefusal, StrategyUnknown};
use ombud_stream::{Clock, Delivery, Reader, Sink};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::first_start::STRATEGY_KEY;
use crate::{
    log::{
        audit::{Actor, AppendAudit, append_audit_to},
        backend::{Backend, READER},
        publish::outgoing,
    },
    registry::read_registry,
    running_up,
};

/// Where an `up` takes the next strategy.
pub(super) const PATH: &str = "/api/strategy";
/// How often the log is read again for what was just appended; each read waits for 2 s at most.
const READ_ATTEMPTS: usize = 5;
/// What two machines that keep their time differ by at most, in milliseconds.
const USUAL_OFFSET_MS: i64 = 1_000;

/// What was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Published {
    /// Its version.
    pub(crate) version: i64,
    /// When it was appended, by the log's clock, in milliseconds since the Unix epoch.
    pub(crate) appended_at: i64,
    /// Who it is signed by.
    pub(crate) changed_by: String,
    /// When it was signed, by the clock of whoever appended it.
    pub(crate) changed_at: i64,
}

/// Publishes `next`: on brokers by appending it, on the embedded log by asking the `up` that writes it.
pub(crate) fn publish(next: &Strategy, settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Published> {
    if settings.kafka_bootstrap.is_empty() {
        return running_up::post(settings, PATH, next);
    }
    let needs = [(Topic::Strategy, Operation::Write), (Topic::Audit, Operation::Write)];
    let backend = Backend::brokers(settings, &needs)?;
    let mut publisher = StrategyPublisher::open(&backend, settings, Arc::clone(clock))?;
    Ok(publisher.publish(next, &Actor::of_command(&next.changed_by))?)
}

/// The only writer of models.strategy after the first start.
pub(crate) struct StrategyPublisher {
    feed: StrategyFeed,
    /// Of models.registry.
    reader: Box<dyn Reader>,
    sink: Box<dyn Sink<()>>,
    deliveries: Receiver<Delivery<()>>,
    topic: Arc<str>,
    prefix: String,
    clock: Arc<dyn Clock>,
    audit: AppendAudit,
}

impl StrategyPublisher {
    /// Publishes in `backend`.
    pub(crate) fn open(backend: &Backend, settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self> {
        let prefix = settings.topics.prefix.clone();
        let topic = Topic::Strategy.name(&prefix);
        let (sink, deliveries) = backend.sink(1)?;
        let view = backend.view();
        Ok(Self {
            feed: StrategyFeed::new(view.reader(READER)?, &topic, Arc::clone(&clock)),
            reader: view.reader(READER)?,
            sink,
            deliveries,
            topic: topic.into(),
            audit: append_audit_to(backend, &prefix)?,
            prefix,
            clock,
        })
    }

    /// The time by its clock.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Appends `entry` to console.audit; it is durable when this returns.
    pub(super) fn record(&mut self, entry: &AuditEntry) -> Result<()> {
        (self.audit)(entry)
    }

    /// Every strategy and every model version that the log has now.
    pub(super) fn read(&mut self) -> Result<(Strategies, Registry)> {
        for _ in 0..READ_ATTEMPTS {
            self.feed.refresh().context("read the strategies")?;
            if !matches!(self.feed.at(i64::MAX), Err(StrategyUnknown::Stale)) {
                let registry = read_registry(&mut self.reader, &self.prefix).context("read the registry")?;
                return Ok((self.feed.strategies().clone(), registry));
            }
        }
        Err(anyhow::Error::from(StrategyUnknown::Stale).context("read the strategies to their end"))
    }

    /// Checks `next` against what the log has now, records that `actor` publishes it, appends it, and reads back whether it
    /// was first, and in time by the log's clock: the check before was by ours.
    pub(crate) fn publish(&mut self, next: &Strategy, actor: &Actor) -> Result<Published, Refusal> {
        let version = next.version;
        self.feed.refresh().context("read the strategies")?;
        let registry = read_registry(&mut self.reader, &self.prefix).context("read the registry")?;
        self.feed.strategies().gate(next, &registry, self.clock.now_ms())?;
        let before = self.clock.now_ms();
        let number = version.to_string();
        self.record(&actor.entry("strategy-published", &number, Some(number.clone()), before, &number))?;
        let offset = self.append(next)?;
        let after = self.clock.now_ms();
        for _ in 0..READ_ATTEMPTS {
            self.feed.refresh().context(UNSURE)?;
            let Ok(accepted) = self.feed.accepted(offset) else { continue };
            let is_taken = accepted.is_some();
            // It was read, or nobody could say what became of it.
            let appended_at = self.feed.appended_at(offset).unwrap_or(after);
            let clock = ClockOffset::beside(appended_at, before, after);
            if !is_taken {
                return Err(self.why_not(next, appended_at, clock));
            }
            if clock.is_off() {
                warn!(%clock, "strategy published; let every machine keep its time by NTP");
            }
            let (changed_by, changed_at) = (next.changed_by.clone(), next.changed_at);
            return Ok(Published { version, appended_at, changed_by, changed_at });
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

    fn why_not(&self, next: &Strategy, appended_at: i64, clock: ClockOffset) -> Refusal {
        let version = next.version;
        match self.feed.strategies().version(version) {
            Some(winner) => StrategyRefusal::Lost { version, by: winner.record.changed_by.clone() }.into(),
            None => {
                let lead_ms = i64::try_from(LEAD.as_millis()).unwrap_or(i64::MAX);
                let late_ms = appended_at.saturating_add(lead_ms).saturating_sub(next.effective_from);
                Refusal::Late { version, late_ms, clock }
            }
        }
    }
}

/// How far this machine's clock is from the log's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockOffset {
    /// Behind by so many milliseconds or more.
    Behind(i64),
    /// Ahead by so many or more.
    Ahead(i64),
    /// As far as can be seen, by nothing.
    Agrees,
}

impl ClockOffset {
    /// `appended_at` is the log's, of a moment that lies from `before` to `after` by ours.
    fn beside(appended_at: i64, before: i64, after: i64) -> Self {
        if appended_at > after {
            return Self::Behind(appended_at - after);
        }
        if appended_at < before { Self::Ahead(before - appended_at) } else { Self::Agrees }
    }

    fn is_off(self) -> bool {
        matches!(self, Self::Behind(ms) | Self::Ahead(ms) if ms > USUAL_OFFSET_MS)
    }
}

impl fmt::Display for ClockOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Behind(ms) => write!(f, "this machine's clock is {ms} ms or more behind the log's"),
            Self::Ahead(ms) => write!(f, "this machine's clock is {ms} ms or more ahead of the log's"),
            Self::Agrees => f.write_str("this machine's clock agrees with the log's"),
        }
    }
}

/// What an operator must do when it is unknown whether the strategy is there.
const UNSURE: &str =
    "publish the strategy, or it was published all the same: look at `ombud strategy history`";

/// Why a strategy was not published.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// It must not be, or another operator was faster.
    #[error(transparent)]
    StrategyRefusal(#[from] StrategyRefusal),
    /// It was appended less than 5 s before its time by the log's clock, so every worker skips it.
    #[error(
        "publish strategy {version}: by the log's clock it came {late_ms} ms too late for its time, and no worker takes it; \
         {clock}: try again, with a later --from, and let every machine keep its time by NTP (`ombud doctor` compares)"
    )]
    Late {
        /// The version that nobody has now.
        version: i64,
        /// By how much.
        late_ms: i64,
        /// Whether our clock made it so.
        clock: ClockOffset,
    },
    /// The log does not answer.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}
