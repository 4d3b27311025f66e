//! The three workers as `up` runs them: every task in one group, all on the embedded log.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use ombud_archive::Archive;
use ombud_contract::catalogue::Topic;
use ombud_infer::{Infer, Serving, Tasks};
use ombud_join::{Join, Pace, Sent, Topics};
use ombud_launch::{config::Settings, health::Readiness};
use ombud_local::{Local, LocalCases, LocalReader, LocalSink, Member, Start};
use ombud_models::{ModelStore, StrategyFeed};
use ombud_stream::{Clock, Limit, Outage, SharedReceipt, TopicPartition};
use ombud_torch::Libtorch;
use tracing::info;

use super::{IN_FLIGHT, crew::Crew};

/// How long a worker waits for a record before it looks around.
const POLL: Duration = Duration::from_millis(20);

/// What every worker of one process is made of.
pub(crate) struct Workers<'a> {
    pub(crate) local: &'a Local,
    pub(crate) settings: &'a Settings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) readiness: Readiness,
}

/// The embedded log begins at 0 and is read from there.
fn beginning(_: &TopicPartition) -> Result<i64, Outage> {
    Ok(0)
}

impl<'a> Workers<'a> {
    /// Starts infer, join and archive, in the order in which they are stopped: what infer has decided is joined, and
    /// what join has routed is archived.
    pub(crate) fn start<'scope>(&self, crew: &mut Crew<'scope, '_>, store: ModelStore) -> Result<()>
    where
        'a: 'scope,
    {
        self.readiness.wait_for("infer", "loading models");
        let mut infer = self.infer(store)?;
        infer.warm_up()?;
        self.readiness.ready("infer");
        crew.start("infer", move |stop| Ok(infer.run(&|| stop.requested(), beginning)?))?;
        let join = self.join()?;
        crew.start("join", move |stop| Ok(join.run(&|| stop.requested(), beginning)?))?;
        let archive = self.archive()?;
        crew.start("archive", move |stop| Ok(archive.run(&|| stop.requested(), beginning)?))?;
        info!("ready");
        Ok(())
    }

    fn topic(&self, topic: Topic) -> String {
        topic.name(&self.settings.topics.prefix)
    }

    fn strategy(&self) -> Result<StrategyFeed> {
        let reader = Box::new(self.local.reader()?);
        Ok(StrategyFeed::new(reader, &self.topic(Topic::Strategy), Arc::clone(&self.clock)))
    }

    fn infer(&self, store: ModelStore) -> Result<Infer<Member, LocalSink<SharedReceipt>>> {
        let settings = &self.settings.infer;
        let (sink, deliveries) = self.local.sink(IN_FLIGHT);
        Ok(Infer {
            tasks: Tasks::All,
            member: self.local.member(&Tasks::All.group(), &[&self.topic(Topic::Raw)], Start::Earliest)?,
            sink,
            deliveries,
            predictions: self.topic(Topic::Predictions).into(),
            strategy: self.strategy()?,
            serving: Arc::new(Serving::new(store, Arc::new(Libtorch))),
            clock: Arc::clone(&self.clock),
            limits: ombud_infer::Limits {
                tokenizer_threads: settings.tokenizer_threads,
                replicas: settings.replicas,
                batch: Limit { rows: settings.batch, cost: settings.token_budget },
                window: settings.window,
                queue: settings.queue,
                drive: ombud_stream::Limits { poll: POLL, ..Default::default() },
            },
        })
    }

    fn join(&self) -> Result<Join<Member, LocalReader, LocalSink<Sent>>> {
        let settings = &self.settings.join;
        let (sink, deliveries) = self.local.sink(IN_FLIGHT);
        Ok(Join {
            member: self.local.member(ombud_join::GROUP, &[&self.topic(Topic::Raw)], Start::Earliest)?,
            reader: self.local.reader()?,
            sink,
            deliveries,
            topics: Topics {
                raw: self.topic(Topic::Raw).into(),
                predictions: self.topic(Topic::Predictions).into(),
                routed: self.topic(Topic::Routed).into(),
                dead_letters: self.topic(Topic::DeadLetters).into(),
            },
            strategy: self.strategy()?,
            clock: Arc::clone(&self.clock),
            limits: ombud_join::Limits {
                open_cap: settings.open_cap,
                closed_cap: settings.closed_cap,
                early_cap: settings.early_cap,
                grace_ms: settings.grace_ms,
                hard_cap_ms: settings.hard_cap_ms,
                bulk_wait_ms: settings.bulk_wait_ms,
                lease_ms: settings.lease_ms,
                drain_ms: settings.drain_ms,
                ..Default::default()
            },
            pace: Pace::default(),
        })
    }

    fn archive(&self) -> Result<Archive<Member, LocalSink<()>, LocalCases>> {
        let settings = &self.settings.archive;
        let (sink, deliveries) = self.local.sink(IN_FLIGHT);
        let topics = ombud_archive::TOPICS.map(|topic| self.topic(topic));
        Ok(Archive {
            member: self.local.member(
                ombud_archive::GROUP,
                &topics.each_ref().map(String::as_str),
                Start::Earliest,
            )?,
            sink,
            deliveries,
            dead_letters: self.topic(Topic::DeadLetters).into(),
            prefix: self.settings.topics.prefix.clone(),
            cases: self.local.cases()?,
            clock: Arc::clone(&self.clock),
            limits: ombud_archive::Limits {
                batch_len: settings.batch,
                batch_bytes: settings.batch_bytes,
                poll: POLL,
                attempts: settings.attempts,
                retry_after: Duration::from_millis(settings.retry_after_ms),
                ..Default::default()
            },
        })
    }
}
