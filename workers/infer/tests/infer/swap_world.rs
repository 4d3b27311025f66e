//! An embedded log, a shelf and a hub, and infer with its loader beside them: its models do what their weights say.

#![allow(clippy::unwrap_used, reason = "a helper of a test may panic like the test itself")]

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use crossbeam_channel::bounded;
use ombud_contract::{
    catalogue::Topic,
    codec,
    records::{Arm, ModelVersion, Prediction, RawComplaint, Role, Strategy, TaskStrategy},
    taxonomy::Taxonomy,
};
use ombud_infer::{Infer, InferLimits, Loader, Serving, Tasks, warm_up};
use ombud_launch::health::Readiness;
use ombud_local::{Local, Options};
use ombud_models::{
    Artefact, BatchBudget, Blame, Classifier, ClassifyError, Fault, HostFault, Hub, HubTimeouts, Input,
    LoadError, LoadModel, Logits, Model, ModelStore, Prepared, RegistryFeed, Sources, Stop, StrategyFeed,
    model_version_record, registry_key,
};
use ombud_stream::{Clock, Outgoing, Reader, Sink, Start, SystemClock, TopicPartition, testing::StopOnDrop};

/// A strategy begins so long after it is published, and a little.
pub(crate) const LEAD_MS: i64 = 5_500;
const PARTITIONS: i32 = 4;
/// How long workers may take for what a test waits for.
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);

/// Loads what the weights' file says, and counts the models that are alive.
#[derive(Clone, Default)]
pub(crate) struct ScriptedModels {
    pub(crate) alive: Arc<AtomicUsize>,
    /// Whether this host has memory for large models, and whether one was loaded.
    pub(crate) has_memory: Arc<AtomicBool>,
    pub(crate) has_large: Arc<AtomicBool>,
}

struct ScriptedModel {
    logits: Vec<f32>,
    alive: Arc<AtomicUsize>,
}

impl LoadModel for ScriptedModels {
    fn load(&self, artefact: &Artefact) -> Result<Arc<dyn Model>, LoadError> {
        let weights = fs::read_to_string(artefact.dir.join("model.safetensors")).unwrap();
        let refuse = |what: &str, blame: Blame| {
            let model_id = artefact.manifest.model_id.clone();
            let (dir, what) = (artefact.dir.display().to_string(), what.to_owned());
            Err(LoadError { model_id, dir, what, blame })
        };
        let broken = Blame::Version(Fault::Unloadable);
        let logits = match weights.split(' ').next().unwrap() {
            "nan" => vec![0.0, f32::NAN],
            "three" => vec![0.0; 3],
            "shapes" => return refuse("classifier.weight is [3, 8]: [2, 8] is right", broken),
            "untold" => return refuse("it has no tokenizer.json", broken),
            "large" if !self.has_memory.load(Ordering::SeqCst) => {
                return refuse("can't allocate memory", Blame::Host(HostFault::Memory));
            }
            size => {
                self.has_large.fetch_or(size == "large", Ordering::SeqCst);
                vec![0.0, -1.0]
            }
        };
        self.alive.fetch_add(1, Ordering::SeqCst);
        Ok(Arc::new(ScriptedModel { logits, alive: Arc::clone(&self.alive) }))
    }
}

impl Drop for ScriptedModel {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Model for ScriptedModel {
    fn prepare(&self, _: &str) -> Prepared {
        Prepared {
            input: Input::Tokens(vec![1]),
            tokens: 1,
            truncated_tokens: 0,
            unseen_tokens: 0,
            windows: 1,
        }
    }

    fn replica(&self) -> Box<dyn Classifier> {
        Box::new(Replica(self.logits.clone()))
    }
}

struct Replica(Vec<f32>);

impl Classifier for Replica {
    fn classify(&mut self, batch: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
        Ok(batch.iter().map(|_| vec![self.0.clone()]).collect())
    }
}

pub(crate) struct World {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) local: Local,
    pub(crate) models: ScriptedModels,
    /// Where the hub is.
    pub(crate) hub: String,
    pub(crate) readiness: Readiness,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let local = Local::open(dir.path().join("log"), Options::default()).unwrap();
        let (hub, readiness) = ("http://127.0.0.1:1".to_owned(), Readiness::default());
        Self { dir, local, models: ScriptedModels::default(), hub, readiness }
    }

    /// An artefact whose weights say `weights`, registered and in the shared folder.
    pub(crate) fn offer(&self, weights: &str) -> Artefact {
        let artefact = self.made(weights);
        ModelStore::new(self.dir.path().join("shared")).add(&artefact).unwrap();
        self.register(model_version_record(&artefact, "test", 1));
        artefact
    }

    /// The same, registered as one of the hub, which alone has it.
    pub(crate) fn offer_on_the_hub(&self, weights: &str) -> Artefact {
        let artefact = self.made(weights);
        let record = model_version_record(&artefact, "test", 1);
        let (hub_id, hub_revision) = (Some("bank/said".to_owned()), Some("a".repeat(40)));
        self.register(ModelVersion { hub_id, hub_revision, ..record });
        artefact
    }

    fn made(&self, weights: &str) -> Artefact {
        artefact(&self.dir.path().join("made").join(weights), weights)
    }

    fn register(&self, record: ModelVersion) {
        let key = registry_key(&record.model_id, &record.version);
        self.append(Topic::Registry, None, &key, codec::encode(&record).unwrap());
    }

    /// The strategies 1, 2, ... of which each lets one of `versions` decide: the first since ever, the others one after
    /// the other, `apart_ms` apart.
    pub(crate) fn publish(&self, versions: &[&str], apart_ms: i64) {
        let begin = SystemClock.now_ms() + LEAD_MS;
        for (at, version) in (0_i64..).zip(versions) {
            let effective_from = if at == 0 { 0 } else { begin + at * apart_ms };
            self.publish_one(&strategy(at + 1, effective_from, version));
        }
    }

    pub(crate) fn publish_one(&self, strategy: &Strategy) {
        self.append(Topic::Strategy, None, "strategy", codec::encode(strategy).unwrap());
    }

    fn append(&self, topic: Topic, partition: Option<i32>, key: &str, value: Bytes) {
        let (mut sink, deliveries) = self.local.sink(1);
        let key = Some(Bytes::copy_from_slice(key.as_bytes()));
        sink.send(Outgoing::stamped(topic.name("").into(), partition, key, value, "test", &[]), ()).unwrap();
        deliveries.recv().unwrap().result.unwrap();
    }

    /// Runs infer and the loader while complaints are appended, until `until` says so of the number appended so far;
    /// gives that number when each of them has its prediction.
    pub(crate) fn load_until(&self, until: impl Fn(usize) -> bool, at_last: impl Fn() -> bool) -> usize {
        let sources = Sources::new(
            ModelStore::new(self.dir.path().join("models")),
            Some(&self.dir.path().join("shared")),
        );
        let sources = sources.with_hub(Hub {
            endpoint: self.hub.clone(),
            cache: self.dir.path().join("cache"),
            token: None,
            offline: false,
            // Longer than any test: what goes on does so while the hub is waited for.
            timeouts: HubTimeouts {
                connect: WAIT_TIMEOUT,
                silence: WAIT_TIMEOUT * 2,
                whole: WAIT_TIMEOUT * 2,
            },
        });
        let stop = Arc::new(AtomicBool::new(false));
        let stops = {
            let stop = Arc::clone(&stop);
            Stop::when(move || stop.load(Ordering::Relaxed))
        };
        let serving = Arc::new(Serving::new(sources, Arc::new(self.models.clone()), 0, stops));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let strategy = || {
            let reader = Box::new(self.local.reader().unwrap());
            StrategyFeed::new(reader, &Topic::Strategy.name(""), Arc::clone(&clock))
        };
        let (sink, deliveries) = self.local.sink(64);
        let mut infer = Infer {
            tasks: Tasks::All,
            member: self.local.member(&Tasks::All.group(), &[&Topic::Raw.name("")], Start::Earliest).unwrap(),
            sink,
            deliveries,
            predictions: Topic::Predictions.name("").into(),
            strategy: strategy(),
            serving: Arc::clone(&serving),
            clock: Arc::clone(&clock),
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
        let registry = RegistryFeed::new(Box::new(self.local.reader().unwrap()), &Topic::Registry.name(""));
        let (tasks, topic) = (vec![Tasks::All], Topic::Registry.name("").into());
        let (strategy, following) = (strategy(), Arc::clone(&clock));
        let (clock, readiness) = (Arc::clone(&following), self.readiness.clone());
        let loader = Loader { tasks, strategy, registry, serving, sink, deliveries, topic, clock, readiness };
        warm_up(&infer.tasks, &mut infer.strategy, &infer.serving, following.as_ref()).unwrap();
        let before = self.predictions().len();
        let (stop_loader, stopped) = bounded::<()>(0);
        thread::scope(|scope| {
            let running = scope.spawn(|| infer.run(&|| stop.load(Ordering::Relaxed), |_| Ok(0)));
            let loading = scope.spawn(move || {
                loader.run(&|pause| {
                    !matches!(stopped.recv_timeout(pause), Err(crossbeam_channel::RecvTimeoutError::Timeout))
                })
            });
            let (stopping, limit, mut sent) = (StopOnDrop(&stop), Instant::now() + WAIT_TIMEOUT, 0);
            let alive = || {
                assert!(Instant::now() < limit, "what is waited for does not come within {WAIT_TIMEOUT:?}");
                !running.is_finished() && !loading.is_finished()
            };
            while !until(sent) && alive() {
                let complaint = RawComplaint::new(format!("c{}", before + sent), "a text", 1_700_000_000_000);
                let partition = i32::try_from(sent).unwrap() % PARTITIONS;
                let value = codec::encode(&complaint).unwrap();
                self.append(Topic::Raw, Some(partition), &complaint.complaint_id, value);
                sent += 1;
            }
            while (self.predictions().len() < before + sent || !at_last()) && alive() {}
            drop(stopping);
            running.join().unwrap().unwrap();
            drop(stop_loader);
            loading.join().unwrap().unwrap();
            sent
        })
    }

    fn records<T: codec::Record>(&self, topic: Topic, partition: i32) -> Vec<T> {
        let mut reader = self.local.reader().unwrap();
        let at = TopicPartition::new(topic.name(""), partition);
        let (mut found, mut next, end) = (Vec::new(), 0, reader.end(&at).unwrap());
        while next < end {
            for record in reader.fetch(&at, next, Duration::from_millis(2)).unwrap() {
                next = record.offset + 1;
                found.push(codec::decode(&record.value.unwrap()).unwrap());
            }
        }
        found
    }

    pub(crate) fn predictions(&self) -> Vec<Prediction> {
        (0..PARTITIONS).flat_map(|partition| self.records(Topic::Predictions, partition)).collect()
    }

    pub(crate) fn registry(&self) -> Vec<ModelVersion> {
        self.records(Topic::Registry, 0)
    }
}

fn artefact(dir: &Path, weights: &str) -> Artefact {
    let manifest = serde_json::json!({
        "format": 1, "model_id": "said", "family": "encoder", "max_tokens": 8,
        "heads": [{ "task": "vulnerable", "kind": "flag", "label_set": "vulnerable@1",
            "labels": Taxonomy::by_label_set("vulnerable@1").unwrap().leaves(), "temperature": 1.0,
            "thresholds": { "possible": 0.4, "vulnerable": 0.9 } }],
    });
    fs::create_dir_all(dir).unwrap();
    fs::write(dir.join("ombud.json"), manifest.to_string()).unwrap();
    fs::write(dir.join("model.safetensors"), weights).unwrap();
    Artefact::open(dir).unwrap()
}

pub(crate) fn arm(name: &str, model_version: &str, role: Role, basis_points: i32) -> Arm {
    let (name, model_id, model_version) = (name.into(), "said".into(), model_version.into());
    Arm { name, model_id, model_version, role, basis_points }
}

pub(crate) fn strategy(version: i64, effective_from: i64, model_version: &str) -> Strategy {
    let first = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/strategy.toml");
    let first: toml::Table = fs::read_to_string(first).unwrap().parse().unwrap();
    Strategy {
        approvals: 0,
        request_id: None,
        requested_by: None,
        approved_by: Vec::new(),
        version,
        effective_from,
        tasks: vec![TaskStrategy {
            task: "vulnerable".into(),
            required: true,
            salt: "v".into(),
            review_below: 0.0,
            arms: vec![arm("champion", model_version, Role::Deciding, 10_000)],
        }],
        deadline_ms: 30_000,
        amend_window_ms: 0,
        audit_basis_points: 0,
        routing: toml::to_string(&first["routing"]).unwrap(),
        changed_by: "test".into(),
        reason: String::new(),
        evaluation_id: None,
        changed_at: 0,
    }
}
