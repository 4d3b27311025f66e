//! The embedded log with a joiner on it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use ombud_contract::{
    catalogue::Topic,
    codec, ids,
    records::{
        Arm, Evidence, Outcome, Prediction, RawComplaint, Role, RoutedComplaint, Strategy, TaskStrategy,
    },
};
use ombud_join::{GROUP, Join, JoinLimits, Pace, Sent, Topics};
use ombud_local::{Local, Options};
use ombud_models::StrategyFeed;
use ombud_stream::{
    Clock, Committer, ManualClock, Outgoing, Reader, Record, Sink, Source, Start, TopicPartition,
    testing::StopOnDrop,
};

pub(crate) const BEGIN: i64 = 1_700_000_000_000;
pub(crate) const TASKS: [&str; 3] = ["issue", "product", "vulnerable"];
/// Routes of one joiner that are sent and not durable yet.
pub(crate) const IN_FLIGHT: usize = 64;
/// How long a joiner may take for what a test waits for.
pub(crate) const WAIT_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) struct World {
    _dir: tempfile::TempDir,
    pub(crate) local: Local,
    pub(crate) clock: Arc<ManualClock>,
    /// What joiners record.
    pub(crate) recorder: PrometheusRecorder,
}

pub(crate) fn strategy() -> Strategy {
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/strategy.toml"));
    let file: toml::Table = file.unwrap().parse().unwrap();
    let champion = Arm {
        name: "champion".into(),
        model_id: "bag".into(),
        model_version: "a".repeat(64),
        role: Role::Deciding,
        basis_points: 10_000,
    };
    let task = |task: &str| TaskStrategy {
        task: task.into(),
        required: true,
        salt: task.into(),
        review_below: 0.5,
        arms: vec![champion.clone()],
    };
    Strategy {
        approvals: 0,
        request_id: None,
        requested_by: None,
        approved_by: Vec::new(),
        version: 1,
        effective_from: 0,
        tasks: TASKS.map(task).into(),
        deadline_ms: 30_000,
        amend_window_ms: 86_400_000,
        audit_basis_points: 0,
        routing: toml::to_string(&file["routing"]).unwrap(),
        changed_by: "test".into(),
        reason: String::new(),
        evaluation_id: None,
        changed_at: 0,
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self::without_strategy();
        world.publish();
        world
    }

    pub(crate) fn publish(&self) {
        self.append(Topic::Strategy, 0, Some("strategy"), codec::encode(&strategy()).unwrap());
    }

    pub(crate) fn without_strategy() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(BEGIN));
        let options = Options { clock: Arc::<ManualClock>::clone(&clock), ..Options::default() };
        let local = Local::open(dir.path(), options).unwrap();
        Self { _dir: dir, local, clock, recorder: PrometheusBuilder::new().build_recorder() }
    }

    pub(crate) fn append(&self, topic: Topic, partition: i32, key: Option<&str>, value: Bytes) -> i64 {
        let (mut sink, deliveries) = self.local.sink(1);
        let key = key.map(|key| Bytes::copy_from_slice(key.as_bytes()));
        let record = Outgoing::stamped(topic.name("").into(), Some(partition), key, value, "test", &[]);
        sink.send(record, ()).unwrap();
        deliveries.recv().unwrap().result.unwrap().1
    }

    /// A record that a disk has changed: it says itself what it was.
    pub(crate) fn append_changed(&self, topic: Topic, key: &str, was: Bytes, is: Bytes) {
        let (mut sink, deliveries) = self.local.sink(1);
        let key = Some(Bytes::copy_from_slice(key.as_bytes()));
        let record = Outgoing::stamped(topic.name("").into(), Some(1), key, was, "test", &[]);
        sink.send(Outgoing { value: Some(is), ..record }, ()).unwrap();
        deliveries.recv().unwrap().result.unwrap();
    }

    pub(crate) fn complain(&self, id: &str) -> (RawComplaint, i64) {
        self.send(RawComplaint::new(id, "the bank took a fee that it had promised not to take", BEGIN))
    }

    pub(crate) fn send(&self, complaint: RawComplaint) -> (RawComplaint, i64) {
        let id = complaint.complaint_id.as_str();
        let offset = self.append(Topic::Raw, 1, Some(id), codec::encode(&complaint).unwrap());
        (complaint, offset)
    }

    pub(crate) fn answer(&self, raw: &(RawComplaint, i64), task: &str, label: &str) {
        self.answer_by(raw, task, label, Vec::new());
    }

    pub(crate) fn answer_by(
        &self,
        (complaint, raw_offset): &(RawComplaint, i64),
        task: &str,
        label: &str,
        evidence: Vec<Evidence>,
    ) {
        let input = ids::input_sha256(complaint);
        let version = "a".repeat(64);
        let id = &complaint.complaint_id;
        let prediction = Prediction {
            prediction_id: ids::prediction_id(id, &input, task, &version, Role::Deciding),
            complaint_id: id.clone(),
            input_sha256: input,
            raw_partition: 1,
            raw_offset: *raw_offset,
            task: task.into(),
            model_id: "bag".into(),
            model_version: version,
            strategy_version: 1,
            arm: "champion".into(),
            role: Role::Deciding,
            outcome: Outcome::Labelled,
            label: Some(label.into()),
            level: task.into(),
            path: vec![label.into()],
            confidence: 0.9,
            logits: vec![1.0],
            label_set: format!("{task}@1"),
            threshold: 0.5,
            tokens: 10,
            truncated_tokens: 0,
            windows: 1,
            failure: None,
            predicted_at: BEGIN,
            score: None,
            evidence,
            evidence_table: String::new(),
            unseen_tokens: 0,
            unread: None,
            arithmetic: "FLOAT".into(),
        };
        self.append(Topic::Predictions, 1, Some(id), codec::encode(&prediction).unwrap());
    }

    pub(crate) fn answer_all(&self, raw: &(RawComplaint, i64)) {
        self.answer(raw, "issue", "Fees or interest");
        self.answer(raw, "product", "Credit card");
        self.answer(raw, "vulnerable", "NOT_INDICATED");
    }

    /// Runs a joiner until `enough`, then stops it in order.
    pub(crate) fn join_until(&self, enough: impl Fn() -> bool) {
        let member = self.local.member(GROUP, &[&Topic::Raw.name("")], Start::Earliest).unwrap();
        self.join_as(member, self.local.reader().unwrap(), enough);
    }

    pub(crate) fn join_as(
        &self,
        member: impl Source + Committer,
        reader: impl Reader,
        enough: impl Fn() -> bool,
    ) {
        self.join_by(member, reader, Box::new(self.local.reader().unwrap()), enough);
    }

    pub(crate) fn join_by(
        &self,
        member: impl Source + Committer,
        reader: impl Reader,
        strategy: Box<dyn Reader>,
        enough: impl Fn() -> bool,
    ) {
        // Time has to pass for ticks; a minute of it in a second of waiting.
        self.run(self.joiner(member, reader, strategy), 60, enough);
    }

    /// A joiner that may send [`IN_FLIGHT`] routes before the first is durable.
    pub(crate) fn joiner<M, R>(
        &self,
        member: M,
        reader: R,
        strategy: Box<dyn Reader>,
    ) -> Join<M, R, impl Sink<Sent> + use<M, R>>
    where
        M: Source + Committer,
        R: Reader,
    {
        let (sink, deliveries) = self.local.sink(IN_FLIGHT);
        let topic = |topic: Topic| -> Arc<str> { topic.name("").into() };
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&self.clock);
        Join {
            member,
            reader,
            sink,
            deliveries,
            topics: Topics {
                raw: topic(Topic::Raw),
                predictions: topic(Topic::Predictions),
                routed: topic(Topic::Routed),
                dead_letters: topic(Topic::DeadLetters),
            },
            strategy: StrategyFeed::new(strategy, &Topic::Strategy.name(""), Arc::clone(&clock)),
            clock,
            limits: JoinLimits::default(),
            pace: Pace::default(),
        }
    }

    /// Runs a joiner until `enough`, then stops it in order; between two looks `step_ms` pass.
    pub(crate) fn run<M: Source + Committer, R: Reader, S: Sink<Sent>>(
        &self,
        join: Join<M, R, S>,
        step_ms: i64,
        enough: impl Fn() -> bool,
    ) {
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let running = scope.spawn(|| {
                metrics::with_local_recorder(&self.recorder, || {
                    join.run(&|| stop.load(Ordering::Relaxed), |_| Ok(0))
                })
            });
            let (stopping, until) = (StopOnDrop(&stop), Instant::now() + WAIT_TIMEOUT);
            while !enough() && !running.is_finished() {
                assert!(Instant::now() < until, "what is waited for does not come within {WAIT_TIMEOUT:?}");
                self.clock.advance(step_ms);
            }
            drop(stopping);
            running.join().unwrap().unwrap();
        });
    }

    pub(crate) fn read(&self, topic: Topic) -> Vec<Record> {
        let mut reader = self.local.reader().unwrap();
        let mut all = Vec::new();
        for partition in 0..4 {
            let at = TopicPartition::new(topic.name(""), partition);
            let mut next = 0;
            loop {
                let stretch = reader.fetch(&at, next, Duration::from_millis(1)).unwrap();
                if stretch.next == next {
                    break;
                }
                next = stretch.next;
                all.extend(stretch);
            }
        }
        all
    }

    pub(crate) fn routes(&self) -> Vec<RoutedComplaint> {
        let records = self.read(Topic::Routed);
        records.iter().map(|record| codec::decode(record.value.as_ref().unwrap()).unwrap()).collect()
    }
}
