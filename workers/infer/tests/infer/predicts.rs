//! What infer promises, on the embedded log and with a model small enough to know its answers.

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
    records::{Arm, Outcome, Prediction, RawComplaint, Role, Strategy, TaskStrategy},
    taxonomy::Taxonomy,
};
use ombud_infer::{Infer, Limits, Loader, Serving, Tasks, warm_up};
use ombud_launch::health::Readiness;
use ombud_local::{Local, Options};
use ombud_models::{
    Artefact, Blame, Classifier, ClassifyError, HostFault, Input, LoadError, LoadModel, Logits, Model,
    ModelStore, Prepared, RegistryFeed, Sources, Stop, StrategyFeed,
};
use ombud_stream::{Limit, Outgoing, Reader, Sink, Start, SystemClock, TopicPartition, testing::StopOnDrop};

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

struct World {
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
    fn new() -> Self {
        let (world, strategy) = Self::without_strategy();
        world.publish(&strategy);
        world
    }

    fn publish(&self, strategy: &Strategy) {
        self.append(Topic::Strategy, None, "strategy", codec::encode(strategy).unwrap());
    }

    /// With the strategy that might be published.
    fn without_strategy() -> (Self, Strategy) {
        let dir = tempfile::tempdir().unwrap();
        let local = Local::open(dir.path().join("log"), Options::default()).unwrap();
        let artefact = artefact(&dir.path().join("letters"));
        ModelStore::new(dir.path().join("models")).add(&artefact).unwrap();
        (Self { dir, local }, strategy(&artefact.version))
    }

    fn append(&self, topic: Topic, partition: Option<i32>, key: &str, value: Bytes) {
        self.append_under(topic, partition, Some(Bytes::copy_from_slice(key.as_bytes())), value);
    }

    fn append_under(&self, topic: Topic, partition: Option<i32>, key: Option<Bytes>, value: Bytes) {
        let (mut sink, deliveries) = self.local.sink(1);
        sink.send(Outgoing::stamped(topic.name("").into(), partition, key, value, "test", &[]), ()).unwrap();
        deliveries.recv().unwrap().result.unwrap();
    }

    fn complain(&self, partition: i32, id: &str, narrative: &str) {
        let complaint = codec::encode(&RawComplaint::new(id, narrative, 1_700_000_000_000)).unwrap();
        self.append(Topic::Raw, Some(partition), id, complaint);
    }

    /// Runs infer until `count` predictions lie in the log.
    fn infer_until(&self, count: usize) -> Vec<(i32, Prediction)> {
        self.infer_while(count, || {})
    }

    /// The same, and calls `look` now and then.
    fn infer_while(&self, count: usize, mut look: impl FnMut()) -> Vec<(i32, Prediction)> {
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
        let (told, stopped) = bounded::<()>(0);
        thread::scope(|scope| {
            let running = scope.spawn(|| infer.run(&|| stop.load(Ordering::Relaxed), |_| Ok(0)));
            let loading = scope.spawn(move || {
                loader.run(&|pause| !matches!(stopped.recv_timeout(pause), Err(RecvTimeoutError::Timeout)))
            });
            let told = told;
            let (stopping, until, mut found) = (StopOnDrop(&stop), Instant::now() + WAIT_TIMEOUT, Vec::new());
            while found.len() < count && !running.is_finished() {
                assert!(Instant::now() < until, "{} of {count} predictions", found.len());
                look();
                found = self.predictions();
            }
            drop(stopping);
            running.join().unwrap().unwrap();
            drop(told);
            loading.join().unwrap().unwrap();
            found
        })
    }

    fn predictions(&self) -> Vec<(i32, Prediction)> {
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

#[test]
fn a_prediction_inherits_the_partition_and_says_who_decided() {
    let world = World::new();
    world.complain(3, "a", "a short complaint about number 1 of all my very many long accounts");
    let predictions = world.infer_until(2);
    assert_eq!(predictions.len(), 2);
    for (partition, prediction) in &predictions {
        assert_eq!((*partition, prediction.raw_partition, prediction.raw_offset), (3, 3, 0));
        assert_eq!((prediction.complaint_id.as_str(), prediction.model_version.len()), ("a", 64));
        assert_eq!(prediction.label.as_deref(), Some("VULNERABLE"));
        assert!(prediction.tokens > 0 && prediction.unseen_tokens == prediction.tokens / 2);
    }
    let roles: Vec<Role> = predictions.iter().map(|(_, prediction)| prediction.role).collect();
    assert!(roles.contains(&Role::Deciding) && roles.contains(&Role::Shadow));
}

#[test]
fn a_text_that_cannot_be_scored_fails_alone() {
    let world = World::new();
    for n in 0..6 {
        world.complain(
            0,
            &format!("c{n}"),
            if n == 3 {
                "unscorable text about my bank account and my card fees again"
            } else {
                "a text like any other"
            },
        );
    }
    for (_, prediction) in world.infer_until(12) {
        let failed = prediction.outcome == Outcome::Failed;
        assert_eq!(failed, prediction.complaint_id == "c3");
        assert_eq!(prediction.failure.as_deref(), failed.then_some("classify-failed"));
    }
}

#[test]
fn what_a_complaint_says_outright_answers_whatever_the_score_and_is_on_the_record_by_its_place() {
    let world = World::new();
    world.complain(0, "said", "\u{1f600} I am a veteran, and the fees");
    world.complain(0, "hinted", "I lost my job");
    world.complain(0, "silent", "Fees, again.");
    world.complain(0, "failed", "unscorable: my late wife paid the bank fees for our account");
    for (_, prediction) in world.infer_until(8) {
        let evidence: Vec<(&str, bool, i32, i32)> = prediction
            .evidence
            .iter()
            .map(|one| (one.category.as_str(), one.explicit, one.start, one.end))
            .collect();
        let (label, expected) = match prediction.complaint_id.as_str() {
            "said" => (Some("VULNERABLE"), vec![("armed_forces", true, 4, 16)]),
            "hinted" => (Some("POSSIBLE"), vec![("job_loss", false, 2, 13)]),
            "failed" => (None, vec![("bereavement", true, 12, 24)]),
            _ => (Some("NOT_INDICATED"), vec![]),
        };
        assert_eq!((prediction.label.as_deref(), evidence), (label, expected), "{}", prediction.complaint_id);
        assert_eq!(prediction.evidence_table, "vulnerable@1");
        match prediction.score {
            Some(score) => assert!((0.0..0.4).contains(&score), "the model's own, not raised by evidence"),
            None => assert_eq!(prediction.outcome, Outcome::Failed),
        }
    }
}

#[test]
fn what_the_model_cannot_read_it_is_not_asked_and_what_is_said_outright_stays_on_the_record() {
    let world = World::new();
    world.complain(0, "french", "J'ai 85 ans, je suis aveugle");
    world.complain(0, "nothing", "XXXX XXXX nan");
    world.complain(0, "both", "Je suis aveugle et seul, my late wife paid");
    world.complain(0, "unscorable", "unscorable, mais je suis aveugle et seul");
    world.complain(0, "english", "They charged the same fee twice");
    for (_, prediction) in world.infer_until(10) {
        let id = prediction.complaint_id.as_str();
        let reason = match id {
            "english" => None,
            "nothing" => Some("too-few-words"),
            _ => Some("language"),
        };
        assert_eq!(prediction.unread.as_deref(), reason, "{id}");
        assert_eq!(prediction.arithmetic, "FLOAT");
        if reason.is_some() {
            assert_eq!((prediction.outcome, prediction.label), (Outcome::Abstained, None), "{id}");
            assert!(
                prediction.logits.is_empty() && prediction.score.is_none() && prediction.failure.is_none()
            );
            assert_eq!(prediction.evidence.iter().any(|one| one.explicit), id == "both");
        } else {
            assert_eq!(
                (prediction.outcome, prediction.label.as_deref()),
                (Outcome::Labelled, Some("NOT_INDICATED"))
            );
        }
    }
}

#[test]
fn what_cannot_be_read_is_settled_and_its_neighbours_are_decided() {
    let world = World::new();
    world.append(Topic::Raw, Some(1), "junk", Bytes::from_static(b"\0\0\0\0\x07junk"));
    world.complain(1, "blank", " \u{1f600} ");
    world.complain(1, "after", "a text after the junk");
    let ids: Vec<String> = world.infer_until(2).into_iter().map(|(_, p)| p.complaint_id).collect();
    assert_eq!(ids, ["after", "after"]);
}

#[test]
fn a_complaint_is_decided_under_no_key_or_a_framed_one_and_not_under_another_complaints() {
    let world = World::new();
    let keys: [(&str, Option<&'static [u8]>); 4] = [
        ("mine", Some(b"another")),
        ("null", None),
        ("json", Some(b"\"json\"")),
        ("avro", Some(b"\0\0\0\0\x05\x08avro")),
    ];
    for (id, key) in keys {
        let complaint = RawComplaint::new(id, "a text like any other", 1_700_000_000_000);
        let value = codec::encode(&complaint).unwrap();
        world.append_under(Topic::Raw, Some(1), key.map(Bytes::from_static), value);
    }
    let mut ids: Vec<String> = world.infer_until(6).into_iter().map(|(_, p)| p.complaint_id).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["avro", "avro", "json", "json", "null", "null"]);
}

#[test]
fn a_worker_that_comes_back_goes_on_where_the_last_one_stopped() {
    let world = World::new();
    world.complain(2, "first", "the first text of all");
    assert_eq!(world.infer_until(2).len(), 2);
    world.complain(2, "second", "the second text of all");
    let ids: Vec<String> = world.infer_until(4).into_iter().map(|(_, p)| p.complaint_id).collect();
    assert_eq!(ids, ["first", "first", "second", "second"]);
}

#[test]
fn a_complaint_waits_for_the_first_strategy() {
    let (world, strategy) = World::without_strategy();
    // Begins after the complaint was appended, which has it all the same: join waits for this very answer.
    let strategy = Strategy { effective_from: i64::MAX, ..strategy };
    world.complain(2, "early", "a text from before all strategies");
    let mut looks = 0;
    let predictions = world.infer_while(2, || {
        looks += 1;
        if looks == 100 {
            assert!(world.predictions().is_empty());
            world.publish(&strategy);
        }
    });
    assert!(predictions.iter().all(|(_, prediction)| prediction.strategy_version == 1));
}
