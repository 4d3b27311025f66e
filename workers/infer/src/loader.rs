//! models.strategy, models.registry -> what is to be loaded -> fetch, verify, load, probe, beside the models that serve
//! -> offered; what must not serve -> models.registry, as REJECTED
//!
//! One thread a process, and two that bring models, so that it keeps following while they wait. A strategy is published
//! five seconds before it begins, so a healthy model is there in time.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crossbeam_channel::Receiver;
use metrics::gauge;
use ombud_contract::{
    codec,
    records::{Arm, ModelState, ModelVersion, Role},
};
use ombud_models::{Registry, RegistryFeed, Stop, Strategies, StrategyFeed, registry_key};
use ombud_stream::{Clock, Delivery, Outage, Outgoing, Readiness, Sink, Waiting};
use tracing::info;

use crate::{
    bringers::Bringers,
    question::{Tasks, all_questions},
    serving::{Serving, UnreportedRejection, begin_counts},
};

/// What readiness calls the models that strategies name.
const PART: &str = "models";

/// How often the two topics are read: well within the lead of a strategy.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(500);
/// How long a rejection may take to be durable.
const REJECTION_TIMEOUT: Duration = Duration::from_secs(30);

/// Brings what strategies name to [`Serving`].
pub struct Loader<S> {
    /// The tasks that this process answers.
    pub tasks: Vec<Tasks>,
    /// Which strategies there are.
    pub strategy: StrategyFeed,
    /// Which versions there are.
    pub registry: RegistryFeed,
    /// Where models go.
    pub serving: Arc<Serving>,
    /// Appends rejections.
    pub sink: S,
    /// What becomes of them.
    pub deliveries: Receiver<Delivery<()>>,
    /// models.registry, with its prefix.
    pub topic: Arc<str>,
    /// Says which strategy has begun.
    pub clock: Arc<dyn Clock>,
    /// Learns of models that decide and that this host can't serve.
    pub readiness: Readiness,
}

impl<S: Sink<()>> Loader<S> {
    /// Follows both topics until `stopped`, which waits for as long as it is asked to, says so.
    ///
    /// # Errors
    /// A topic can't be read, or a rejection can't be appended. Restarted, it finds what it has left.
    pub fn run(mut self, stopped: &dyn Fn(Duration) -> bool) -> Result<(), Outage> {
        begin_counts();
        let over = Arc::new(AtomicBool::new(false));
        let stop = {
            let (over, process) = (Arc::clone(&over), self.serving.stop().clone());
            Stop::when(move || over.load(Ordering::Relaxed) || process.requested())
        };
        thread::scope(|scope| {
            let serving = Arc::clone(&self.serving);
            let followed = Bringers::start(scope, &serving, &stop)
                .and_then(|mut bringers| self.follow(stopped, &mut bringers));
            // Whoever brings a model leaves it where it is: the next to bring it resumes there.
            over.store(true, Ordering::Relaxed);
            followed
        })
    }

    fn follow(
        &mut self,
        stopped: &dyn Fn(Duration) -> bool,
        bringers: &mut Bringers<'_>,
    ) -> Result<(), Outage> {
        let (mut collected, mut untidy, mut loaded) = (false, false, BTreeSet::new());
        let mut hindered = Waiting::at_once(&self.readiness, PART);
        loop {
            let changed = self.registry.refresh()?;
            self.serving.follow(self.registry.registry(), &changed);
            let came = self.strategy.refresh()?;
            let now_ms = self.clock.now_ms();
            let arms = in_force(&self.tasks, self.strategy.strategies(), now_ms);
            let wanted: BTreeSet<String> = arms.iter().map(|arm| arm.model_version.clone()).collect();
            // All of them before any is brought: no complaint brings what the loader will.
            let open = self.serving.claim(&arms);
            let kept = self.serving.keep(&wanted);
            // One turn after models came or went: by then whoever held one that was dropped has finished with it.
            if std::mem::replace(&mut untidy, kept != loaded) {
                self.serving.tidy();
            }
            loaded = kept;
            bringers.order(open, &wanted, now_ms)?;
            self.report_hindered(&arms, now_ms, &mut hindered);
            self.report_rejections()?;
            if came > 0 || !changed.is_empty() || !collected {
                self.collect();
                collected = true;
            }
            if stopped(FOLLOW_INTERVAL) {
                return Ok(());
            }
        }
    }

    /// Reports to the metric and to readiness what this host can't serve. Only what decides now makes it unready: a shadow never
    /// does, nor a strategy that is not in force yet.
    fn report_hindered(&self, arms: &[Arm], now_ms: i64, waiting: &mut Waiting) {
        let hindered = self.serving.hindered(arms);
        gauge!("ombud_models_hindered").set(hindered.len() as f64);
        let now = self.strategy.strategies().at(now_ms);
        let questions =
            now.into_iter().flat_map(|now| self.tasks.iter().flat_map(|tasks| all_questions(tasks, now)));
        let decides: BTreeSet<String> = questions
            .filter(|question| question.arm.role == Role::Deciding)
            .map(|question| question.arm.model_version)
            .collect();
        let deciding = hindered.iter().filter(|(arm, _)| decides.contains(&arm.model_version));
        let waited_for: Vec<String> = deciding
            .map(|(arm, fault)| {
                let short = arm.model_version.get(..12).unwrap_or(&arm.model_version);
                format!("{}@{short}: {}", arm.model_id, fault.code())
            })
            .collect();
        if waited_for.is_empty() {
            waiting.over();
        } else {
            waiting.wait_for(&format!("loading models, tried again: {}", waited_for.join(", ")));
        }
    }

    fn report_rejections(&mut self) -> Result<(), Outage> {
        for rejected in self.serving.rejections() {
            let Some(record) = rejection(self.registry.registry(), &rejected, self.clock.now_ms()) else {
                self.serving.reported(&rejected);
                continue;
            };
            let key = registry_key(&record.model_id, &record.version);
            let value = codec::encode(&record)
                .map_err(|error| Outage::fatal(format!("encode model version {key}"), error))?;
            let outgoing =
                Outgoing::stamped(Arc::clone(&self.topic), None, Some(key.into()), value, "infer", &[]);
            // One at a time: the queue is empty.
            self.sink.send(outgoing, ()).map_err(|refused| {
                refused.outage.unwrap_or_else(|| Outage::passing("append a rejection", "the sink is full"))
            })?;
            let delivered = self.deliveries.recv_timeout(REJECTION_TIMEOUT);
            delivered.map_err(|error| Outage::passing("append a rejection", error))?.result?;
            // Not before: an outage restarts this worker, and what is not reported yet is reported then.
            self.serving.reported(&rejected);
        }
        Ok(())
    }

    /// A full disk or a locked folder is no reason to stop: the next change tries again.
    fn collect(&self) {
        let named: BTreeSet<&str> = self
            .strategy
            .strategies()
            .iter()
            .flat_map(|strategy| &strategy.record.tasks)
            .flat_map(|task| &task.arms)
            .map(|arm| arm.model_version.as_str())
            .collect();
        let registry = self.registry.registry();
        let unused = |model_id: &str, version: &str| {
            // What the registry does not know may be on its way into it.
            let left =
                registry.get(model_id, version).is_some_and(|known| known.state != ModelState::Registered);
            left && !named.contains(version)
        };
        match self.serving.sources().shelf().collect(unused) {
            Ok(gone) => {
                gone.iter().for_each(|(model, version)| info!(model, version, "model removed from the shelf"))
            }
            Err(error) => tracing::warn!(%error, "the shelf was not tidied"),
        }
    }
}

/// The arms of the strategy that holds at `now` and of every later one, each version once, soonest needed first; one that
/// decides anywhere decides.
fn in_force(tasks: &[Tasks], strategies: &Strategies, now: i64) -> Vec<Arm> {
    let begun = strategies.at(now).map_or(0, |strategy| strategy.record.version);
    let mut arms: Vec<Arm> = Vec::new();
    for strategy in strategies.iter().filter(|strategy| strategy.record.version >= begun) {
        for question in tasks.iter().flat_map(|tasks| all_questions(tasks, strategy)) {
            match arms.iter_mut().find(|arm| arm.model_version == question.arm.model_version) {
                None => arms.push(question.arm),
                Some(known) if question.arm.role == Role::Deciding => known.role = Role::Deciding,
                Some(_) => {}
            }
        }
    }
    arms
}

/// The record that says so; `None` where the registry does already, or does not know the version: a strategy's author
/// named nothing then, and there is nothing to reject.
fn rejection(registry: &Registry, rejected: &UnreportedRejection, now: i64) -> Option<ModelVersion> {
    let known = registry.get(&rejected.model_id, &rejected.version)?;
    (known.state != ModelState::Rejected).then(|| ModelVersion {
        state: ModelState::Rejected,
        state_reason: rejected.rejection.to_string(),
        changed_by: "infer".to_owned(),
        changed_at: now,
        ..known.clone()
    })
}
