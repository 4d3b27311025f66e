//! complaints.raw -> prepare (decode, choose models, take the customer's own words, tokenise, see whether the model can read
//! them) -> choose (live before bulk, by model and length) -> classify
//! -> complaints.predictions, on the raw record's partition
//!
//! A raw record that can't be read is settled here: join alone parks it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    thread,
    time::Instant,
};

use crossbeam_channel::{Receiver, bounded};
use metrics::{counter, histogram};
use ombud_contract::{codec, records::Role, validate::complaint_of};
use ombud_models::{ActiveStrategy, Reading, StrategyFeed};
use ombud_stream::{
    Batch, Clock, Committer, Delivery, Drive, Envelope, Flow, Limit, Outage, Outgoing, Passing, Product,
    Record, SharedReceipt, Sink, Source, TopicPartition, Verdict, Wiring,
};

use crate::{
    ask::{Ask, Asked, Judged, Tasks, all_questions, questions},
    choose::next_batch,
    drift,
    predict::{categories, predictions},
    replica::Replicas,
    serving::{Bringer, Serving, Unanswered, Unserved},
};

/// Bounds of one infer worker.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Threads that decode and tokenise.
    pub tokenizer_threads: usize,
    /// Threads that run models, each with its own replica; one a core is best.
    pub replicas: usize,
    /// Padded tokens in a batch. More fills the vector units better and costs latency and memory.
    pub batch: Limit,
    /// Complaints looked at together when batches are cut by length.
    pub window: usize,
    /// Complaints waiting between two stages, and those among which the next batch is chosen.
    pub queue: usize,
    /// Of the thread that polls and commits.
    pub drive: ombud_stream::Limits,
}

/// About how many bytes of a narrative make a token.
const BYTES_PER_TOKEN: usize = 4;
/// Beyond this no record costs more: a model reads no further, about 500 tokens on.
const COST_BYTES_MOST: usize = 2_048;

impl Limits {
    /// Bytes in flight that keep everybody busy: a batch for each replica, and one that is being made ready.
    pub fn busy_bytes(replicas: usize, batch: Limit) -> u64 {
        let bytes = (replicas + 1).saturating_mul(batch.cost).saturating_mul(BYTES_PER_TOKEN);
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// What a record costs, in bytes, before anybody has looked into it.
fn cost(record: &Record) -> u64 {
    let bytes = record.value.as_ref().map_or(0, |value| value.len());
    u64::try_from(bytes.clamp(1, COST_BYTES_MOST)).unwrap_or(u64::MAX)
}

/// Why an infer worker ended.
#[derive(Debug, thiserror::Error)]
pub enum InferError {
    /// The log, or the strategy in it, is not to be had.
    #[error("keep inferring")]
    Outage(#[from] Outage),
    /// A model that the strategy needs now can't serve, and trying again can't help.
    #[error("begin inferring")]
    Unserved(#[source] Unserved),
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
    pub limits: Limits,
}

impl From<Unanswered> for InferError {
    /// What may pass is an outage: where outages pass, the worker is begun anew.
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Unserved(unserved) if !unserved.may_pass => Self::Unserved(unserved),
            passing => Self::Outage(Outage::passing("load what the strategy names", passing)),
        }
    }
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
        let Self {
            tasks,
            mut member,
            sink,
            deliveries,
            predictions: topic,
            mut strategy,
            serving,
            clock,
            limits,
        } = self;
        let (group, age) = (tasks.group(), Arc::clone(&clock));
        drift::begin_unread();
        let (settle, settled) = bounded(limits.queue);
        let (report, outages) = bounded(1);
        thread::scope(|scope| {
            let flow = Flow::new(scope, limits.queue, settle, report);
            let (entry, arrivals) = flow.arrivals();
            let prepare = |envelope| prepare(&tasks, &serving, &clock, envelope);
            let replicas = (0..limits.replicas.max(1)).map(|_| {
                let (mut replicas, clock, topic) =
                    (Replicas::default(), Arc::clone(&clock), Arc::clone(&topic));
                move |batch: Option<Batch<Ask>>| {
                    let Some(batch) = batch else { return Ok(Vec::new()) };
                    classify(&mut replicas, batch, clock.as_ref(), &topic)
                }
            });
            arrivals
                .each("prepare", (0..limits.tokenizer_threads.max(1)).map(|_| prepare))
                .choose("choose", limits.queue, move |asks| next_batch(asks, limits.window, limits.batch))
                .each("classify", replicas)
                .sink("publish", sink);
            drop(flow);
            let wiring = Wiring { entry, deliveries, settled, outages };
            let mut feed = Passing::of("kafka");
            let drive = Drive {
                member: &mut member,
                worker: group.trim_start_matches("ombud."),
                clock: age.as_ref(),
                wiring,
                limits: limits.drive,
                cost,
                admit: |record: &Record| {
                    let known = strategy_of(&mut strategy, &mut feed, record)?;
                    let (at, at_ms) = (Instant::now(), age.now_ms());
                    let begun = strategy.strategies().at(at_ms).map_or(0, |begun| begun.record.version);
                    Ok(known.map(|strategy| {
                        let is_older = strategy.record.version < begun;
                        let bringer = if is_older { Bringer::Asker } else { Bringer::Loader };
                        Admitted { strategy, bringer, at, at_ms }
                    }))
                },
            };
            drive.run(stop, start)
        })?;
        Ok(())
    }
}

/// Loads what the strategy in force names. Called before a worker becomes a member of its group, so that one that can't
/// answer says so before it is given anything, and no partition stands still while models load. Where none of a task's
/// models that decide can serve, the last strategy whose model can answers, as it does in a worker that has been running
/// all along. A shadow that can't serve keeps nobody from beginning.
///
/// # Errors
/// The strategy can't be read, or no strategy so far named a model that can serve a task.
pub fn warm_up(
    tasks: &Tasks,
    strategy: &mut StrategyFeed,
    serving: &Serving,
    clock: &dyn Clock,
) -> Result<(), InferError> {
    strategy.refresh()?;
    let strategies = strategy.strategies();
    let Some(now) = strategies.at(clock.now_ms()).or_else(|| strategies.iter().next()) else { return Ok(()) };
    let (mut served, mut unserved) = (BTreeSet::new(), BTreeMap::new());
    for question in all_questions(tasks, now) {
        serving.settle(&question.arm)?;
        match serving.for_arm(&question.task, &question.arm, Bringer::Loader) {
            Ok(_) if question.arm.role == Role::Deciding => {
                served.insert(question.task);
            }
            Err(why) if question.arm.role == Role::Deciding => {
                unserved.entry(question.task).or_insert(why);
            }
            // A shadow: the loader tries it again and says why, and nothing is decided by it.
            Ok(_) | Err(_) => {}
        }
    }
    for (task, why) in unserved.into_iter().filter(|(task, _)| !served.contains(task)) {
        let begun = strategies.iter().filter(|strategy| strategy.record.version < now.record.version);
        let earlier: Vec<_> = begun.flat_map(|strategy| strategy.task(&task)).collect();
        let mut arms = earlier.iter().rev().flat_map(|task| &task.arms);
        let stands_in = arms.any(|arm| {
            let is_settled = arm.role == Role::Deciding && serving.settle(arm).is_ok();
            is_settled && serving.for_arm(&task, arm, Bringer::Loader).is_ok()
        });
        if !stands_in {
            return Err(why.into());
        }
    }
    Ok(())
}

/// What travels with a record from its reading on.
struct Admitted {
    strategy: Arc<ActiveStrategy>,
    /// Of models that it names and nobody has tried: of those of the strategy in force the loader.
    bringer: Bringer,
    at: Instant,
    /// The same, in milliseconds since the Unix epoch.
    at_ms: i64,
}

/// The strategy that holds for a complaint. Reads models.strategy again where the last reading is too old, or nobody
/// has published any; `None` while that is so.
fn strategy_of(
    feed: &mut StrategyFeed,
    passing: &mut Passing,
    record: &Record,
) -> Result<Option<Arc<ActiveStrategy>>, Outage> {
    if let Ok(strategy) = feed.at(record.appended_at) {
        return Ok(Some(Arc::clone(strategy)));
    }
    passing.through(feed.refresh())?;
    Ok(feed.at(record.appended_at).ok().cloned())
}

/// One ask for each model that has a question to answer.
fn prepare(
    tasks: &Tasks,
    serving: &Serving,
    clock: &Arc<dyn Clock>,
    envelope: Envelope<Admitted>,
) -> Result<Vec<Verdict<Ask>>, Outage> {
    let Envelope { body: Admitted { strategy, bringer, at, at_ms }, record, receipt } = envelope;
    let readable = complaint_of(record.key.as_deref(), record.value.as_deref()).ok();
    // Unreadable, or nothing left to decide: join parks the one and routes the other without us.
    let Some(complaint) = readable.filter(|complaint| !complaint.withdrawn) else {
        return Ok(vec![Verdict::Settle(receipt)]);
    };
    let questions = questions(tasks, &strategy, &complaint.complaint_id);
    let judged = Arc::new(Judged::of(&complaint, &record, &questions, (at, at_ms), clock));
    let mut asks: Vec<Ask> = Vec::new();
    let receipt = Arc::new(receipt);
    let reading = Reading::of(&complaint.narrative, &complaint.language);
    for mut question in questions {
        let model = match serving.for_arm(&question.task, &question.arm, bringer) {
            Ok(answering) => {
                // What stands in answers under its own name.
                question.arm = answering.stands_in_as.unwrap_or(question.arm);
                Some(answering.served)
            }
            Err(Unanswered::Unserved(_)) => None,
            Err(stopped @ Unanswered::Stopped) => {
                let action = format!("answer {} {}", question.task, question.arm.name);
                return Err(Outage::passing(action, stopped));
            }
        };
        if let Some((_, head)) = model.as_ref().and_then(|model| model.head(&question.task)) {
            question.evidence = head.evidence_in(&complaint.narrative);
        }
        let version = model.as_ref().map_or("", |model| model.artefact.version.as_str());
        match asks.iter_mut().find(|ask| ask.version() == version) {
            Some(ask) => ask.questions.push(question),
            None => asks.push(Ask {
                judged: Arc::clone(&judged),
                strategy_version: strategy.record.version,
                questions: vec![question],
                asked: model.map(|model| {
                    let started = Instant::now();
                    let prepared = model.model.prepare(reading.text());
                    let unread = reading.unread(&model.reads, &prepared);
                    histogram!("ombud_infer_prepare_seconds").record(started.elapsed().as_secs_f64());
                    Asked { model, prepared, unread }
                }),
                receipt: Arc::clone(&receipt),
            }),
        }
    }
    match Arc::into_inner(receipt) {
        // No ask holds it: the strategy has no question for this group.
        Some(receipt) => Ok(vec![Verdict::Settle(receipt)]),
        None => Ok(asks.into_iter().map(Verdict::Next).collect()),
    }
}

/// Scores one batch and encodes its predictions.
fn classify(
    replicas: &mut Replicas,
    batch: Batch<Ask>,
    clock: &dyn Clock,
    topic: &Arc<str>,
) -> Result<Vec<Verdict<Product>>, Outage> {
    let asks = batch.items;
    let model = asks.first().and_then(|ask| Some(Arc::clone(&ask.asked.as_ref()?.model)));
    let started = Instant::now();
    for ask in &asks {
        let waited = started.saturating_duration_since(ask.judged.taken_up);
        histogram!("ombud_infer_queue_seconds").record(waited.as_secs_f64());
    }
    let answers = match &model {
        Some(model) => replicas.classify(model, &asks),
        None => asks.iter().map(|_| None).collect(),
    };
    histogram!("ombud_infer_batch_seconds").record(started.elapsed().as_secs_f64());
    let now = clock.now_ms();
    let mut products = Vec::with_capacity(asks.len());
    for (ask, logits) in asks.iter().zip(&answers) {
        drift::count_unread(ask);
        for prediction in predictions(ask, logits.as_ref(), now) {
            drift::count(&prediction);
            for category in categories(&prediction) {
                counter!("ombud_evidence_total", "category" => category.to_owned()).increment(1);
            }
            // Our own record that won't encode is a defect, not data: the worker ends and says so.
            let value = codec::encode(&prediction).map_err(|error| {
                Outage::fatal(format!("encode prediction for task {}", prediction.task), error)
            })?;
            let key = Some(prediction.complaint_id.into_bytes().into());
            let partition = Some(ask.judged.raw_partition);
            let record =
                Outgoing::stamped(Arc::clone(topic), partition, key, value, "infer", &ask.judged.headers);
            products.push(Verdict::Next((record, Arc::clone(&ask.receipt))));
        }
    }
    Ok(products)
}
