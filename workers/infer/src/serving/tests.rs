//! What stays loaded and what is blamed, without a log.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use ombud_contract::{
    records::{ModelState, Role},
    taxonomy::Taxonomy,
};
use ombud_models::{
    Artefact, Blame, Classifier, ClassifyError, Fault, Input, LoadError, Logits, Model, ModelStore, Prepared,
    model_version_record,
};

use super::{versions::REPLAY_MODELS, *};

/// Does what the weights' file says, and counts how often it was asked.
#[derive(Default)]
struct ScriptedLoader {
    loads: AtomicUsize,
}

impl LoadModel for ScriptedLoader {
    fn load(&self, artefact: &Artefact) -> Result<Arc<dyn Model>, LoadError> {
        let loads = self.loads.fetch_add(1, Ordering::SeqCst);
        let weights = artefact.dir.join("model.safetensors");
        let script = fs::read_to_string(&weights).unwrap();
        let fail = |blame| {
            let (model_id, dir) = (artefact.manifest.model_id.clone(), artefact.dir.display().to_string());
            Err(LoadError { model_id, dir, what: "as scripted".to_owned(), blame })
        };
        match script.split(' ').next().unwrap() {
            "passing" if loads == 0 => fail(Blame::Host(HostFault::Memory)),
            "broken" => fail(Blame::Version(Fault::Unloadable)),
            "damaged" if loads == 0 => {
                fs::write(&weights, "something else").unwrap();
                fail(Blame::Version(Fault::Unloadable))
            }
            _ => Ok(Arc::new(Even { is_short: script.starts_with("short") && loads == 0 })),
        }
    }
}

struct Even {
    /// Of memory, when it computes.
    is_short: bool,
}

impl Model for Even {
    fn prepare(&self, _: &str) -> Prepared {
        Prepared {
            input: Input::Tokens(vec![1]),
            tokens: 1,
            truncated_tokens: 0,
            windows: 1,
            unseen_tokens: 0,
        }
    }

    fn replica(&self) -> Box<dyn Classifier> {
        Box::new(Self { is_short: self.is_short })
    }
}

impl Classifier for Even {
    fn classify(&mut self, batch: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
        if self.is_short {
            let (rows, what) = (batch.len(), "can't allocate memory".to_owned());
            return Err(ClassifyError { model: "even", rows, what, blame: Blame::Host(HostFault::Memory) });
        }
        Ok(batch.iter().map(|_| vec![vec![0.0, 0.0]]).collect())
    }
}

struct Fixture {
    dir: tempfile::TempDir,
    loader: Arc<ScriptedLoader>,
    serving: Serving,
}

impl Fixture {
    fn with_spare(spare: usize) -> Self {
        Self::that_stops(spare, Stop::never())
    }

    fn that_stops(spare: usize, stop: Stop) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let loader = Arc::new(ScriptedLoader::default());
        let shared = dir.path().join("shared");
        let sources = Sources::new(ModelStore::new(dir.path().join("shelf")), Some(&shared));
        let serving = Serving::new(sources, Arc::clone(&loader) as Arc<dyn LoadModel>, spare, stop);
        Self { dir, loader, serving }
    }

    /// A version in the shared folder whose weights say `weights`, registered; and an arm that names it.
    fn offer(&self, weights: &str) -> (Arm, ModelVersion) {
        let artefact = artefact(&self.dir.path().join(weights), weights);
        ModelStore::new(self.dir.path().join("shared")).add(&artefact).unwrap();
        let arm = Arm {
            name: "champion".into(),
            model_id: "even".into(),
            model_version: artefact.version.clone(),
            role: Role::Deciding,
            basis_points: 10_000,
        };
        (arm, model_version_record(&artefact, "test", 1))
    }

    fn follow(&self, record: ModelVersion) {
        let mut registry = Registry::clone(&self.serving.versions().registry);
        registry.apply(record.clone());
        self.serving.follow(&Arc::new(registry), &[record]);
    }

    fn loads(&self) -> usize {
        self.loader.loads.load(Ordering::SeqCst)
    }

    fn brings(&self, arm: &Arm) -> bool {
        self.serving.bring(arm, false, &Stop::never())
    }

    /// Which version answers a replay's complaint.
    fn answers(&self, arm: &Arm) -> Result<String, Unanswered> {
        self.ask(arm, Bringer::Asker).map(|answering| answering.served.artefact.version.clone())
    }

    fn ask(&self, arm: &Arm, bringer: Bringer) -> Result<Answering, Unanswered> {
        self.serving.for_arm("vulnerable", arm, bringer)
    }
}

fn artefact(dir: &Path, weights: &str) -> Artefact {
    let manifest = serde_json::json!({
        "format": 1, "model_id": "even", "family": "encoder", "max_tokens": 8,
        "heads": [{ "task": "vulnerable", "kind": "flag", "label_set": "vulnerable@1",
            "labels": Taxonomy::by_label_set("vulnerable@1").unwrap().leaves(), "temperature": 1.0,
            "thresholds": { "possible": 0.4, "vulnerable": 0.9 } }],
    });
    fs::create_dir_all(dir).unwrap();
    fs::write(dir.join("ombud.json"), manifest.to_string()).unwrap();
    fs::write(dir.join("model.safetensors"), weights).unwrap();
    Artefact::open(dir).unwrap()
}

#[test]
fn a_host_that_is_short_of_memory_rejects_nothing_and_tries_again() {
    for weights in ["passing 1", "short 1"] {
        let fixture = Fixture::with_spare(0);
        let (arm, _) = fixture.offer(weights);
        let arms = [arm.clone()];
        assert!(!fixture.brings(&arm), "{weights}");
        assert_eq!(fixture.serving.rejections(), [], "{weights}");
        let faults: Vec<HostFault> =
            fixture.serving.hindered(&arms).into_iter().map(|(_, fault)| fault).collect();
        assert_eq!(faults, [HostFault::Memory], "{weights}");
        assert!(matches!(fixture.answers(&arm), Err(Unanswered::Unserved(unserved)) if unserved.may_pass));

        assert!(fixture.brings(&arm), "{weights}");
        assert!(fixture.serving.hindered(&arms).is_empty(), "{weights}");
        assert_eq!(fixture.answers(&arm).unwrap(), arm.model_version);
    }
}

#[test]
fn it_is_logged_once_a_minute_that_a_version_is_unavailable() {
    let fixture = Fixture::with_spare(0);
    let (arm, _) = fixture.offer("good 1");
    fs::remove_dir_all(fixture.dir.path().join("shared")).unwrap();
    for _ in 0..3 {
        assert!(!fixture.brings(&arm));
    }
    assert_eq!(fixture.serving.versions().warned().len(), 1);
    let warned = fixture.serving.versions().warned()[&arm.model_version];
    assert!(!fixture.brings(&arm));
    assert_eq!(fixture.serving.versions().warned()[&arm.model_version], warned, "not again");
}

#[test]
fn a_copy_that_changed_after_it_was_verified_is_replaced_and_blames_nobody() {
    let fixture = Fixture::with_spare(0);
    let (arm, _) = fixture.offer("damaged 1");
    assert!(!fixture.brings(&arm));
    assert_eq!(fixture.serving.rejections(), []);
    assert!(fixture.brings(&arm), "from the shared folder, once more");
}

#[test]
fn what_is_wrong_in_the_version_itself_is_rejected_once() {
    let fixture = Fixture::with_spare(0);
    let (arm, _) = fixture.offer("broken 1");
    assert!(!fixture.brings(&arm) && !fixture.brings(&arm));
    let rejected = fixture.serving.rejections();
    assert_eq!((rejected.len(), rejected[0].rejection.fault, fixture.loads()), (1, Fault::Unloadable, 1));
}

#[test]
fn a_replay_has_its_models_loaded_once_though_none_is_kept_to_spare() {
    let fixture = Fixture::with_spare(0);
    let (old, older) = (fixture.offer("good 1").0, fixture.offer("good 2").0);
    for _ in 0..3 {
        for arm in [&old, &older] {
            assert_eq!(fixture.answers(arm).unwrap(), arm.model_version);
            fixture.serving.keep(&BTreeSet::new());
        }
    }
    assert_eq!(fixture.loads(), 2);
    let (oldest, _) = fixture.offer("good 3");
    fixture.answers(&oldest).unwrap();
    assert_eq!(fixture.serving.keep(&BTreeSet::new()).len(), REPLAY_MODELS, "as many as that, and no more");

    // What a strategy has named and names no more goes at once.
    fixture.serving.keep(&BTreeSet::from([older.model_version.clone(), oldest.model_version.clone()]));
    assert_eq!(fixture.serving.keep(&BTreeSet::from([oldest.model_version.clone()])).len(), 1);
}

#[test]
fn a_version_that_another_worker_rejected_serves_on_while_it_is_wanted_and_no_longer() {
    let fixture = Fixture::with_spare(2);
    let (arm, record) = fixture.offer("good 1");
    let (next, other) = fixture.offer("good 2");
    fixture.follow(record.clone());
    fixture.follow(other);
    let wanted = BTreeSet::from([arm.model_version.clone()]);
    assert!(fixture.brings(&arm));
    fixture.answers(&arm).unwrap();
    fixture.follow(ModelVersion { state: ModelState::Rejected, ..record });
    assert_eq!(fixture.serving.keep(&wanted), wanted);
    assert_eq!(fixture.answers(&arm).unwrap(), arm.model_version);

    assert!(fixture.brings(&next));
    let wanted = BTreeSet::from([next.model_version.clone()]);
    assert_eq!(fixture.serving.keep(&wanted), wanted, "it is no spare one");
    assert!(
        fixture.answers(&arm).is_err(),
        "nor does it stand in for itself, or is brought for an old complaint"
    );
    assert_eq!(fixture.answers(&next).unwrap(), next.model_version);
    assert_eq!(fixture.answers(&arm).unwrap(), next.model_version, "the last good one stands in");
}

#[test]
fn a_shadow_decides_nothing_in_the_place_of_another_either() {
    let fixture = Fixture::with_spare(0);
    let (broken, watcher) = (fixture.offer("broken 1").0, fixture.offer("good 1").0);
    let watcher = Arm { role: Role::Shadow, ..watcher };
    assert_eq!(fixture.answers(&watcher).unwrap(), watcher.model_version);
    assert!(fixture.answers(&broken).is_err());
}

#[test]
fn nobody_stands_in_for_a_shadow() {
    let fixture = Fixture::with_spare(0);
    let champion = fixture.offer("good 1").0;
    assert_eq!(fixture.answers(&champion).unwrap(), champion.model_version);
    for weights in ["broken 2", "passing 3"] {
        let shadow = Arm { name: "watcher".into(), role: Role::Shadow, ..fixture.offer(weights).0 };
        // Whether it is still to be loaded, or can't be.
        assert!(fixture.ask(&shadow, Bringer::Loader).is_err(), "{weights}");
        fixture.brings(&shadow);
        if weights.starts_with("broken") {
            assert!(fixture.ask(&shadow, Bringer::Loader).is_err(), "{weights}");
            assert!(fixture.answers(&shadow).is_err(), "{weights}");
        }
    }
}

#[test]
fn what_stands_in_answers_as_the_arm_that_it_decided_as() {
    let fixture = Fixture::with_spare(0);
    let champion = fixture.offer("good 1").0;
    assert!(fixture.ask(&champion, Bringer::Asker).unwrap().stands_in_as.is_none());
    let canary = Arm { name: "canary".into(), ..fixture.offer("broken 2").0 };
    let answering = fixture.ask(&canary, Bringer::Asker).unwrap();
    let stands_in_as = answering.stands_in_as.unwrap();
    assert_eq!(
        (stands_in_as.name.as_str(), &stands_in_as.model_version),
        ("champion", &champion.model_version)
    );
    assert_eq!(answering.served.artefact.version, champion.model_version);
}

#[test]
fn a_complaint_of_the_strategy_in_force_brings_nothing_and_has_the_loader_bring_it() {
    let fixture = Fixture::with_spare(0);
    let (old, new) = (fixture.offer("good 1").0, fixture.offer("good 2").0);
    assert_eq!(fixture.answers(&old).unwrap(), old.model_version);
    let answering = fixture.ask(&new, Bringer::Loader).unwrap();
    assert_eq!(
        (answering.served.artefact.version.as_str(), fixture.loads()),
        (old.model_version.as_str(), 1)
    );
    let arms = [old, new.clone()];
    let versions = |arms: Vec<Arm>| arms.into_iter().map(|arm| arm.model_version).collect::<Vec<_>>();
    assert_eq!(
        versions(fixture.serving.claim(&arms)),
        std::slice::from_ref(&new.model_version),
        "the other serves"
    );
    assert!(fixture.brings(&new));
    assert_eq!(versions(fixture.serving.claim(&arms)), [""; 0]);
}

#[test]
fn what_is_claimed_is_brought_by_no_complaint_not_even_of_an_older_strategy() {
    let fixture = Fixture::with_spare(0);
    let (old, new) = (fixture.offer("good 1").0, fixture.offer("good 2").0);
    assert_eq!(fixture.answers(&old).unwrap(), old.model_version);
    assert_eq!(fixture.serving.claim(std::slice::from_ref(&new)).len(), 1);
    assert_eq!(fixture.answers(&new).unwrap(), old.model_version);
    assert_eq!(fixture.loads(), 1);
}

#[test]
fn who_waits_for_a_model_hears_that_the_process_stops_and_answers_nothing() {
    let fixture = Fixture::that_stops(0, Stop::when(|| true));
    let arm = fixture.offer("good 1").0;
    assert_eq!(fixture.serving.claim(std::slice::from_ref(&arm)).len(), 1);
    assert!(matches!(fixture.ask(&arm, Bringer::Loader), Err(Unanswered::Stopped)));
    assert!(matches!(fixture.serving.settle(&arm), Err(Unanswered::Stopped)));
}
