//! An embedded log, and infer beside it with a model small enough to know its answers.

#![allow(clippy::unwrap_used, reason = "a helper of a test may panic like the test itself")]

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use crossbeam_channel::{RecvTimeoutError, bounded};
use ombud_contract::{
    catalogue::Topic,
    codec,
    records::{Arm, Prediction, RawComplaint, Role, Strategy, TaskStrategy},
    taxonomy::Taxonomy,
};
use ombud_infer::{Infer, InferLimits, Loader, Serving, Tasks, warm_up};
use ombud_launch::health::Readiness;
use ombud_local::{Local, Options};
use ombud_models::{
    Artefact, BatchBudget, Blame, Classifier, ClassifyError, HostFault, Input, LoadError, LoadModel, Logits,
    Model, ModelStore, Prepared, RegistryFeed, Sources, Stop, StrategyFeed,
};
use ombud_stream::{Outgoing, Reader, Sink, Start, SystemClock, TopicPartition, testing::StopOnDrop};

/// Says `VULNERABLE` of long texts, and cannot score one that says so.
struct Letters;

struct Replica;

impl LoadModel for Letters {
    fn load(&self, _: &Artefact) -> Result<Arc<dyn Model>, LoadError> {
        Ok(Arc::new(Letters))
    }
}

impl Model for Letters {
    fn prepare(&self, narrative: &str) -> Prepared {
        let letters = narrative.chars().filter(|c| c.is_alphabetic()).count() as u32;
        let refuse = u32::from(narrative.contains("unscorable"));
        let input = Input::Tokens(vec![letters, refuse]);
        Prepared { input, tokens: letters, truncated_tokens: 0, unseen_tokens: letters / 2, windows: 1 }
    }

    fn replica(&self) -> Box<dyn Classifier> {
        Box::new(Replica)
    }
}

impl Classifier for Replica {
    fn classify(&mut self, batch: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
        let score = |prepared: &&Prepared| match &prepared.input {
            Input::Tokens(ids) if ids[1] == 0 => Some(vec![vec![0.0, ids[0] as f32 - 40.0]]),
            _ => None,
        };
        let scored: Option<Vec<Logits>> = batch.iter().map(score).collect();
        scored.ok_or(ClassifyError {
            model: "letters",
            rows: batch.len(),
            what: "unscorable".into(),
            blame: Blame::Host(HostFault::Compute),
        })
    }
}

/// How long a worker may take for what a test waits for.
const WAIT_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) struct World {
    dir: tempfile::TempDir,
    local: Local,
}

fn artefact(dir: &Path) -> Artefact {
    let taxonomy = Taxonomy::by_label_set("vulnerable@1").unwrap();
    let manifest = serde_json::json!({
        "format": 1, "model_id": "letters", "family": "encoder", "max_tokens": 8,
        "reads": { "least_words": 2 },
        "heads": [{ "task": "vulnerable", "kind": "flag", "label_set": "vulnerable@1",
            "labels": taxonomy.leaves(), "temperature": 1.0,
            "thresholds": { "possible": 0.4, "vulnerable": 0.9 }, "evidence": "vulnerable@1" }],
    });
    std::fs::create_dir_all(dir).unwrap();
    std::fs::write(dir.join("ombud.json"), manifest.to_string()).unwrap();
    std::fs::write(dir.join("model.safetensors"), "letters").unwrap();
    Artefact::open(dir).unwrap()
}

fn strategy(version: &str) -> Strategy {
    let arm = |name: &str, role, basis_points| Arm {
        name: name.into(),
        model_id: "letters".into(),
        model_version: version.into(),
        role,
        basis_points,
    };
    Strategy {
        approvals: 0,
        request_id: None,
        requested_by: None,
        approved_by: Vec::new(),
        version: 1,
        effective_from: 0,
        tasks: vec![TaskStrategy {
            task: "vulnerable".into(),
            required: true,
            salt: "v".into(),
            review_below: 0.0,
            arms: vec![arm("champion", Role::Deciding, 10_000), arm("watcher", Role::Shadow, 10_000)],
        }],
        deadline_ms: 30_000,
        amend_window_ms: 0,
        audit_basis_points: 0,
        routing: std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/strategy.toml"))
            .map(|text| routing_of(&text))
            .unwrap(),
        changed_by: "test".into(),
        reason: String::new(),
        evaluation_id: None,
        changed_at: 0,
    }
}

/// The repo's own routing table, out of the first strategy's file.
fn routing_of(text: &str) -> String {
    let file: toml::Table = text.parse().unwrap();
    toml::to_string(&file["routing"]).unwrap()
}

impl World {
    pub(crate) fn new() -> Self {
        let (world, strategy) = Self::without_strategy();
        world.publish(&strategy);
        world
    }

    pub(crate) fn publish(&self, strategy: &Strategy) {
        self.append(Topic::Strategy, None, "strategy", codec::encode(strategy).unwrap());
    }

    /// With the strategy that might be published.
    pub(crate) fn without_strategy() -> (Self, Strategy) {
        let dir = tempfile::tempdir().unwrap();
        let local = Local::open(dir.path().join("log"), Options::default()).unwrap();
        let artefact = artefact(&dir.path().join("letters"));
        ModelStore::new(dir.path().join("models")).add(&artefact).unwrap();
        (Self { dir, local }, strategy(&artefact.version))
    }

    pub(crate) fn append(&self, topic: Topic, partition: Option<i32>, key: &str, value: Bytes) {
        self.append_under(topic, partition, Some(Bytes::copy_from_slice(key.as_bytes())), value);
    }

    pub(crate) fn append_under(
        &self,
        topic: Topic,
        partition: Option<i32>,
        key: Option<Bytes>,
        value: Bytes,
    ) {
        let (mut sink, deliveries) = self.local.sink(1);
        sink.send(Outgoing::stamped(topic.name("").into(), partition, key, value, "test", &[]), ()).unwrap();
        deliveries.recv().unwrap().result.unwrap();
    }

    pub(crate) fn complain(&self, partition: i32, id: &str, narrative: &str) {
        let complaint = codec::encode(&RawComplaint::new(id, narrative, 1_700_000_000_000)).unwrap();
        self.append(Topic::Raw, Some(partition), id, complaint);
    }

    /// Runs infer until `count` predictions lie in the log.
    pub(crate) fn infer_until(&self, count: usize) -> Vec<(i32, Prediction)> {
        self.infer_while(count, || {})
    }

    /// The same, and calls `look` now and then.
    pub(crate) fn infer_while(&self, count: usize, mut look: impl FnMut()) -> Vec<(i32, Prediction)> {
        let (sink, deliveries) = self.local.sink(64);
        let member =
            self.local.member(&Tasks::All.group(), &[&Topic::Raw.name("")], Start::Earliest).unwrap();
        let reader = Box::new(self.local.reader().unwrap());
        let clock = Arc::new(SystemClock);
        let mut infer = Infer {
            tasks: Tasks::All,
            member,
            sink,
            deliveries,
            predictions: Topic::Predictions.name("").into(),
            strategy: StrategyFeed::new(reader, &Topic::Strategy.name(""), Arc::<SystemClock>::clone(&clock)),
            serving: Arc::new(Serving::new(
                Sources::new(ModelStore::new(self.dir.path().join("models")), None),
                Arc::new(Letters),
                2,
                Stop::never(),
            )),
            clock,
            limits: InferLimits {
                tokenizer_threads: 2,
                replicas: 2,
                batch: BatchBudget { texts: 8, tokens: 64 },
                window: 16,
                queue: 4,
                drive: ombud_stream::DriveLimits { poll: Duration::from_millis(5), ..Default::default() },
            },
        };
        let (sink, deliveries) = self.local.sink(1);
        let loader = Loader {
            tasks: vec![Tasks::All],
            strategy: StrategyFeed::new(
                Box::new(self.local.reader().unwrap()),
                &Topic::Strategy.name(""),
                Arc::new(SystemClock),
            ),
            registry: RegistryFeed::new(Box::new(self.local.reader().unwrap()), &Topic::Registry.name("")),
            serving: Arc::clone(&infer.serving),
            sink,
            deliveries,
            topic: Topic::Registry.name("").into(),
            clock: Arc::new(SystemClock),
            readiness: Readiness::default(),
        };
        warm_up(&infer.tasks, &mut infer.strategy, &infer.serving, &SystemClock).unwrap();
        let stop = AtomicBool::new(false);
        let (stop_loader, stopped) = bounded::<()>(0);
        thread::scope(|scope| {
            let running = scope.spawn(|| infer.run(&|| stop.load(Ordering::Relaxed), |_| Ok(0)));
            let loading = scope.spawn(move || {
                loader.run(&|pause| !matches!(stopped.recv_timeout(pause), Err(RecvTimeoutError::Timeout)))
            });
            let stop_loader = stop_loader;
            let (stopping, until, mut found) = (StopOnDrop(&stop), Instant::now() + WAIT_TIMEOUT, Vec::new());
            while found.len() < count && !running.is_finished() {
                assert!(Instant::now() < until, "{} of {count} predictions", found.len());
                look();
                found = self.predictions();
            }
            drop(stopping);
            running.join().unwrap().unwrap();
            drop(stop_loader);
            loading.join().unwrap().unwrap();
            found
        })
    }

    pub(crate) fn predictions(&self) -> Vec<(i32, Prediction)> {
        let mut reader = self.local.reader().unwrap();
        let mut found = Vec::new();
        for partition in 0..4 {
            let at = TopicPartition::new(Topic::Predictions.name(""), partition);
            for record in reader.fetch(&at, 0, Duration::from_millis(2)).unwrap() {
                found.push((partition, codec::decode(&record.value.unwrap()).unwrap()));
            }
        }
        found
    }
}
