//! complaints.raw -> prepare (decode, find the models, take the customer's own words, tokenise, see whether the model can
//! read them) -> gather (live before bulk, by model and length) -> classify -> complaints.predictions, on the raw record's
//! partition
//!
//! A raw record that can't be read is settled in `prepare`: join alone parks it.

use std::{sync::Arc, thread};

use crossbeam_channel::{Receiver, bounded};
use ombud_models::StrategyFeed;
use ombud_stream::{
    Clock, Committer, Delivery, Drive, Flow, Outage, Record, SharedReceipt, Sink, Source, TopicPartition,
    Wiring,
};

use crate::{
    admission::Admissions,
    classify::Classify,
    drift,
    gather::next_batch,
    limits::{InferLimits, cost},
    prepare::Prepare,
    question::Tasks,
    replicas::Replicas,
    served::Unserved,
    serving::{Serving, Unanswered},
};

/// Why an infer worker ended.
#[derive(Debug, thiserror::Error)]
pub enum InferError {
    /// The log, or the strategy in it, is unavailable.
    #[error("keep inferring")]
    Outage(#[from] Outage),
    /// A model that the strategy needs now can't serve, and trying again can't help.
    #[error("begin inferring")]
    Unserved(#[source] Unserved),
}

impl From<Unanswered> for InferError {
    /// What may pass is an outage: where outages pass, the worker is restarted.
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Unserved(unserved) if !unserved.may_pass => Self::Unserved(unserved),
            passing => Self::Outage(Outage::passing("load what the strategy names", passing)),
        }
    }
}

/// One member of one task group.
pub struct Infer<M, S> {
    /// The tasks that it answers.
    pub tasks: Tasks,
    /// Reads complaints.raw.
    pub member: M,
    /// Appends predictions.
    pub sink: S,
    /// What becomes of them.
    pub deliveries: Receiver<Delivery<SharedReceipt>>,
    /// complaints.predictions, with its prefix.
    pub predictions: Arc<str>,
    /// Which strategy holds.
    pub strategy: StrategyFeed,
    /// The models.
    pub serving: Arc<Serving>,
    /// Stamps predictions.
    pub clock: Arc<dyn Clock>,
    /// Its bounds.
    pub limits: InferLimits,
}

impl<M: Source + Committer, S: Sink<SharedReceipt>> Infer<M, S> {
    /// Runs until `stop`; `start` says where a partition begins that the group has no position in.
    ///
    /// # Errors
    /// See [`InferError`]. What was in flight is read again by the next owner.
    pub fn run(
        self,
        stop: &dyn Fn() -> bool,
        start: impl FnMut(&TopicPartition) -> Result<i64, Outage>,
    ) -> Result<(), InferError> {
        let Self { tasks, mut member, sink, deliveries, predictions, strategy, serving, clock, limits } =
            self;
        drift::begin_unread();
        let group = tasks.group();
        let mut admissions = Admissions::new(strategy, Arc::clone(&clock));
        let prepare = &Prepare { tasks, serving, clock: Arc::clone(&clock) };
        let tokenizers =
            (0..limits.tokenizer_threads.max(1)).map(|_| move |envelope| prepare.requests(envelope));
        let models = (0..limits.replicas.max(1)).map(|_| {
            let (clock, topic) = (Arc::clone(&clock), Arc::clone(&predictions));
            let mut classify = Classify { replicas: Replicas::default(), clock, topic };
            move |batch| classify.batch(batch)
        });
        let (settle, settled) = bounded(limits.queue);
        let (report, outages) = bounded(1);
        thread::scope(|scope| {
            let flow = Flow::new(scope, limits.queue, settle, report);
            let (entry, arrivals) = flow.arrivals();

            arrivals
                .each("prepare", tokenizers)
                .choose("gather", limits.queue, |waiting| next_batch(waiting, limits.window, limits.batch))
                .each("classify", models)
                .sink("publish", sink);

            drop(flow);
            let drive = Drive {
                member: &mut member,
                worker: group.trim_start_matches("ombud."),
                clock: clock.as_ref(),
                wiring: Wiring { entry, deliveries, settled, outages },
                limits: limits.drive,
                cost,
                admit: |record: &Record| admissions.admit(record),
            };
            drive.run(stop, start)
        })?;
        Ok(())
    }
}
