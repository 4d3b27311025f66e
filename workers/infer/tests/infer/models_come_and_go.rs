//! Models are swapped and refused while complaints flow, on the embedded log and with models that say which they are.

#![allow(clippy::unwrap_used, reason = "a helper of a test may panic like the test itself")]

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    fs,
    net::{Ipv4Addr, TcpListener},
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
    records::{
        Arm, ModelState, ModelVersion, Outcome, Prediction, RawComplaint, Role, Strategy, TaskStrategy,
    },
    taxonomy::Taxonomy,
};
use ombud_infer::{Infer, Limits, Loader, Serving, Tasks, warm_up};
use ombud_launch::health::Readiness;
use ombud_local::{Local, Options};
use ombud_models::{
    Artefact, Blame, Classifier, ClassifyError, Fault, HostFault, Hub, Input, LoadError, LoadModel, Logits,
    Model, ModelStore, Patience, Prepared, RegistryFeed, Sources, Stop, StrategyFeed, model_version_record,
    registry_key,
};
use ombud_stream::{
    Clock, Limit, Outgoing, Reader, Sink, Start, SystemClock, TopicPartition, testing::StopOnDrop,
};

/// A strategy begins so long after it is published, and a little.
const LEAD_MS: i64 = 5_500;
const PARTITIONS: i32 = 4;
/// How long workers may take for what a test waits for.
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);

/// Loads what the weights' file says, and counts the models that are alive.
#[derive(Clone, Default)]
struct Said {
    alive: Arc<AtomicUsize>,
    /// Whether this host has memory for large models, and whether one was loaded.
    has_memory: Arc<AtomicBool>,
    has_large: Arc<AtomicBool>,
}

struct Spoken {
    logits: Vec<f32>,
    alive: Arc<AtomicUsize>,
}

impl LoadModel for Said {
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
        Ok(Arc::new(Spoken { logits, alive: Arc::clone(&self.alive) }))
    }
}

impl Drop for Spoken {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Model for Spoken {
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

struct World {
    dir: tempfile::TempDir,
    local: Local,
    said: Said,
    /// Where the hub is.
    hub: String,
    readiness: Readiness,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let local = Local::open(dir.path().join("log"), Options::default()).unwrap();
        let (hub, readiness) = ("http://127.0.0.1:1".to_owned(), Readiness::default());
        Self { dir, local, said: Said::default(), hub, readiness }
    }

    /// An artefact whose weights say `weights`, registered and in the shared folder.
    fn offer(&self, weights: &str) -> Artefact {
        let artefact = self.made(weights);
        ModelStore::new(self.dir.path().join("shared")).add(&artefact).unwrap();
        self.register(model_version_record(&artefact, "test", 1));
        artefact
    }

    /// The same, registered as one of the hub, which alone has it.
    fn offer_on_the_hub(&self, weights: &str) -> Artefact {
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
    fn publish(&self, versions: &[&str], apart_ms: i64) {
        let begin = SystemClock.now_ms() + LEAD_MS;
        for (at, version) in (0_i64..).zip(versions) {
            let effective_from = if at == 0 { 0 } else { begin + at * apart_ms };
            self.publish_one(&strategy(at + 1, effective_from, version));
        }
    }

    fn publish_one(&self, strategy: &Strategy) {
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
    fn load_until(&self, until: impl Fn(usize) -> bool, at_last: impl Fn() -> bool) -> usize {
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
            patience: Patience { connect: WAIT_TIMEOUT, silence: WAIT_TIMEOUT * 2, whole: WAIT_TIMEOUT * 2 },
        });
        let stop = Arc::new(AtomicBool::new(false));
        let stops = {
            let stop = Arc::clone(&stop);
            Stop::when(move || stop.load(Ordering::Relaxed))
        };
        let serving = Arc::new(Serving::new(sources, Arc::new(self.said.clone()), 0, stops));
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
            limits: Limits {
                tokenizer_threads: 2,
                replicas: 2,
                batch: Limit { rows: 8, cost: 64 },
                window: 16,
                queue: 4,
                drive: ombud_stream::Limits { poll: Duration::from_millis(5), ..Default::default() },
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
        let (told, stopped) = bounded::<()>(0);
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
            drop(told);
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

    fn predictions(&self) -> Vec<Prediction> {
        (0..PARTITIONS).flat_map(|partition| self.records(Topic::Predictions, partition)).collect()
    }

    fn registry(&self) -> Vec<ModelVersion> {
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

/// A hub that takes connections and never answers one; how many it took.
fn silent_hub() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    // Ends with the process of the test.
    thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            held.push(stream);
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (endpoint, taken)
}

fn arm(name: &str, model_version: &str, role: Role, basis_points: i32) -> Arm {
    let (name, model_id, model_version) = (name.into(), "said".into(), model_version.into());
    Arm { name, model_id, model_version, role, basis_points }
}

fn strategy(version: i64, effective_from: i64, model_version: &str) -> Strategy {
    let first = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/strategy.toml");
    let first: toml::Table = fs::read_to_string(first).unwrap().parse().unwrap();
    Strategy {
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

#[test]
fn a_hundred_swaps_lose_nothing_and_change_each_partition_once_a_swap() {
    const SWAPS: usize = 100;
    let world = World::new();
    let versions: Vec<String> = (0..10).map(|n| world.offer(&format!("good {n}")).version).collect();
    let decides: Vec<&str> = versions.iter().map(String::as_str).cycle().take(SWAPS + 1).collect();
    world.publish(&decides, 50);
    let over = SystemClock.now_ms() + LEAD_MS + (SWAPS as i64 + 2) * 50;
    // The models of strategies that are over go, and what serves at last stays.
    let drained = || world.said.alive.load(Ordering::SeqCst) == 1;
    let sent = world.load_until(|_| SystemClock.now_ms() > over, drained);
    let predictions = world.predictions();
    assert_eq!(predictions.len(), sent, "nothing is lost, and nothing decided twice");
    assert!(predictions.iter().all(|prediction| prediction.outcome != Outcome::Failed));
    let mut by_partition: BTreeMap<i32, Vec<Prediction>> = BTreeMap::new();
    for prediction in predictions {
        assert_eq!(
            prediction.model_version,
            decides[usize::try_from(prediction.strategy_version).unwrap() - 1]
        );
        by_partition.entry(prediction.raw_partition).or_default().push(prediction);
    }
    for (partition, mut predictions) in by_partition {
        predictions.sort_by_key(|prediction| prediction.raw_offset);
        let order: Vec<i64> = predictions.iter().map(|prediction| prediction.strategy_version).collect();
        assert!(order.is_sorted(), "partition {partition} went back: {order:?}");
        let seen: BTreeSet<i64> = order.into_iter().collect();
        assert!(
            seen.len() > SWAPS / 2,
            "partition {partition} saw {} strategies: the load is thin",
            seen.len()
        );
    }
}

#[test]
fn what_is_broken_never_serves_and_the_registry_says_why() {
    let world = World::new();
    let good = world.offer("good 0").version;
    let mut reasons = BTreeMap::new();
    for (weights, reason) in [
        ("nan 1", "not-finite: "),
        ("three 1", "label-count: "),
        ("shapes 1", "unloadable: "),
        ("untold 1", "unloadable: "),
        ("half 1", "content-differs: "),
    ] {
        reasons.insert(world.offer(weights).version, reason);
    }
    let half = reasons.iter().find(|(_, reason)| **reason == "content-differs: ").unwrap().0;
    let weights = world.dir.path().join("shared/said").join(half).join("model.safetensors");
    fs::write(weights, "ha").unwrap();
    let decides: Vec<&str> = [good.as_str()].into_iter().chain(reasons.keys().map(String::as_str)).collect();
    world.publish(&decides, 100);
    let over = SystemClock.now_ms() + LEAD_MS + 800;
    let sent = world.load_until(|_| SystemClock.now_ms() > over, || true);
    let predictions = world.predictions();
    assert_eq!(predictions.len(), sent);
    assert!(predictions.iter().all(|prediction| prediction.model_version == good));
    assert!(predictions.iter().any(|prediction| prediction.strategy_version == 6), "all of them were named");
    let rejected: Vec<ModelVersion> =
        world.registry().into_iter().filter(|record| record.state == ModelState::Rejected).collect();
    assert_eq!(rejected.len(), 5, "each once: {rejected:?}");
    for record in rejected {
        let reason = reasons[&record.version];
        assert!(record.state_reason.starts_with(reason), "{reason}: {}", record.state_reason);
        assert_eq!((record.changed_by.as_str(), record.created_by.as_str()), ("infer", "test"));
    }

    // Begun anew where all of this is known: the good one stands in from the start, and nothing is said twice.
    let more = world.load_until(|sent| sent == 8, || true);
    assert_eq!(more, 8);
    assert!(world.predictions().iter().all(|prediction| prediction.model_version == good));
    assert_eq!(world.registry().len(), 6 + 5);
}

#[test]
fn a_hub_that_never_answers_holds_up_neither_complaints_nor_the_other_new_model() {
    let (endpoint, taken) = silent_hub();
    let world = World { hub: endpoint, ..World::new() };
    let old = world.offer("good 0").version;
    let (hanging, new) = (world.offer_on_the_hub("good 1").version, world.offer("good 2").version);
    world.publish_one(&strategy(1, 0, &old));
    let begins = SystemClock.now_ms() + LEAD_MS;
    let mut both = strategy(2, begins, &new);
    both.tasks[0].arms = vec![
        arm("canary", &hanging, Role::Deciding, 5_000),
        arm("champion", &new, Role::Deciding, 5_000),
        arm("watcher", &hanging, Role::Shadow, 10_000),
    ];
    world.publish_one(&both);
    let decided = || {
        let deciding = world.predictions().into_iter().filter(|prediction| prediction.role == Role::Deciding);
        deciding.collect::<Vec<_>>()
    };
    let asked = Cell::new(0);
    // Ends at all only if what hangs hears the stop.
    let sent = world.load_until(
        |sent| {
            asked.set(sent);
            SystemClock.now_ms() > begins + 1_000
        },
        || decided().len() == asked.get(),
    );
    assert!(taken.load(Ordering::SeqCst) > 0, "the hub was asked");
    let decided = decided();
    assert_eq!(decided.len(), sent, "each is decided, and once");
    assert!(decided.iter().all(|prediction| prediction.outcome != Outcome::Failed));
    let answered: BTreeSet<(i64, &str, &str)> = decided
        .iter()
        .map(|one| (one.strategy_version, one.arm.as_str(), one.model_version.as_str()))
        .collect();
    assert!(answered.contains(&(2, "champion", new.as_str())), "the other is there: {answered:?}");
    assert!(answered.iter().all(|(_, arm, version)| *arm == "champion" && *version != hanging));
    let why = world.readiness.waiting().get("models").cloned();
    assert_eq!(why, None, "it is under way for the first time");
    assert!(world.registry().iter().all(|record| record.state != ModelState::Rejected));
}

#[test]
fn a_shadow_that_can_not_be_loaded_has_failed_and_nobody_answered_in_its_place() {
    for weights in ["nan 1", "large 2"] {
        let world = World::new();
        let (good, bad) = (world.offer("good 0").version, world.offer(weights).version);
        let mut watched = strategy(1, 0, &good);
        watched.tasks[0].arms.push(arm("watcher", &bad, Role::Shadow, 10_000));
        world.publish_one(&watched);
        let sent = world.load_until(|sent| sent == 8, || world.predictions().len() == 16);
        let (shadows, decided): (Vec<Prediction>, Vec<Prediction>) =
            world.predictions().into_iter().partition(|prediction| prediction.role == Role::Shadow);
        assert_eq!((shadows.len(), decided.len()), (sent, sent), "{weights}");
        for shadow in shadows {
            assert_eq!((shadow.arm.as_str(), shadow.model_version.as_str()), ("watcher", bad.as_str()));
            assert_eq!((shadow.outcome, shadow.label, shadow.logits.len()), (Outcome::Failed, None, 0));
            assert_eq!(shadow.failure.as_deref(), Some("model-unavailable"), "{weights}");
        }
        for one in decided {
            assert_eq!((one.arm.as_str(), one.model_version.as_str()), ("champion", good.as_str()));
            assert_ne!(one.outcome, Outcome::Failed, "{weights}");
        }
    }
}

#[test]
fn a_host_without_memory_rejects_nothing_and_goes_on_when_it_has_some() {
    let world = World::new();
    let (small, large) = (world.offer("good 0").version, world.offer("large 1").version);
    world.publish(&[&small, &large], 0);
    let begun = SystemClock.now_ms() + LEAD_MS;
    let unready = AtomicBool::new(false);
    let sent = world.load_until(
        |_| {
            if let Some(why) = world.readiness.waiting().get("models") {
                assert!(why.ends_with(": memory"), "{why}");
                unready.store(true, Ordering::SeqCst);
            }
            let has_begun = SystemClock.now_ms() > begun;
            world.said.has_memory.store(has_begun, Ordering::SeqCst);
            has_begun && world.said.has_large.load(Ordering::SeqCst)
        },
        || true,
    );
    assert!(unready.load(Ordering::SeqCst), "readiness says what is waited for");
    let predictions = world.predictions();
    assert_eq!(predictions.len(), sent);
    assert!(predictions.iter().all(|one| one.outcome != Outcome::Failed && one.arm == "champion"));
    let stands_in = |one: &Prediction| one.strategy_version == 2 && one.model_version == small;
    assert!(predictions.iter().any(stands_in), "the last one decided meanwhile");
    assert!(world.registry().iter().all(|record| record.state != ModelState::Rejected));

    world.load_until(|sent| sent == 8, || true);
    assert!(world.predictions().iter().any(|one| one.model_version == large));
}
