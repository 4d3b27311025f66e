//! What stays loaded and what is blamed, without a log.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use ombud_models::{
    Classifier, ClassifyError, Fault, Input, LoadError, Logits, ModelStore, Prepared, model_version_record,
};

use super::*;

/// Does what the weights' file says, and counts how often it was asked.
#[derive(Default)]
struct Obeys {
    asked: AtomicUsize,
}

impl LoadModel for Obeys {
    fn load(&self, artefact: &Artefact) -> Result<Arc<dyn Model>, LoadError> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        let weights = artefact.dir.join("model.safetensors");
        let said = fs::read_to_string(&weights).unwrap();
        let fail = |fault| {
            let (model_id, dir) = (artefact.manifest.model_id.clone(), artefact.dir.display().to_string());
            Err(LoadError { model_id, dir, what: "as it was told".to_owned(), fault })
        };
        match said.split(' ').next().unwrap() {
            "passing" if asked == 0 => fail(None),
            "broken" => fail(Some(Fault::Unloadable)),
            "damaged" if asked == 0 => {
                fs::write(&weights, "something else").unwrap();
                fail(Some(Fault::Unloadable))
            }
            _ => Ok(Arc::new(Even)),
        }
    }
}

struct Even;

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
        Box::new(Self)
    }
}

impl Classifier for Even {
    fn classify(&mut self, batch: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
        Ok(batch.iter().map(|_| vec![vec![0.0, 0.0]]).collect())
    }
}

struct Desk {
    dir: tempfile::TempDir,
    loader: Arc<Obeys>,
    serving: Serving,
}

impl Desk {
    fn with_spare(spare: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let loader = Arc::new(Obeys::default());
        let shared = dir.path().join("shared");
        let sources = Sources::new(ModelStore::new(dir.path().join("shelf")), Some(&shared));
        let serving = Serving::new(sources, Arc::clone(&loader) as Arc<dyn LoadModel>, spare);
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
        let mut registry = Registry::clone(&self.serving.known().registry);
        registry.apply(record.clone());
        self.serving.follow(&Arc::new(registry), &[record]);
    }

    fn loads(&self) -> usize {
        self.loader.asked.load(Ordering::SeqCst)
    }

    fn answers(&self, arm: &Arm) -> Result<String, Unserved> {
        self.serving.for_arm("vulnerable", arm).map(|served| served.artefact.version.clone())
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
fn a_machine_that_could_not_read_rejects_nothing_and_tries_again() {
    let desk = Desk::with_spare(0);
    let (arm, _) = desk.offer("passing 1");
    assert!(!desk.serving.bring(&arm, false));
    assert_eq!(desk.serving.rejected(), []);
    assert!(desk.serving.bring(&arm, false));
    assert_eq!(desk.answers(&arm).unwrap(), arm.model_version);
}

#[test]
fn a_copy_that_changed_after_it_was_verified_is_replaced_and_blames_nobody() {
    let desk = Desk::with_spare(0);
    let (arm, _) = desk.offer("damaged 1");
    assert!(!desk.serving.bring(&arm, false));
    assert_eq!(desk.serving.rejected(), []);
    assert!(desk.serving.bring(&arm, false), "from the shared folder, once more");
}

#[test]
fn what_is_wrong_in_the_version_itself_is_rejected_once() {
    let desk = Desk::with_spare(0);
    let (arm, _) = desk.offer("broken 1");
    assert!(!desk.serving.bring(&arm, false) && !desk.serving.bring(&arm, false));
    let rejected = desk.serving.rejected();
    assert_eq!((rejected.len(), rejected[0].rejection.fault, desk.loads()), (1, Fault::Unloadable, 1));
}

#[test]
fn a_replay_has_its_models_loaded_once_though_none_is_kept_to_spare() {
    let desk = Desk::with_spare(0);
    let (old, older) = (desk.offer("good 1").0, desk.offer("good 2").0);
    for _ in 0..3 {
        for arm in [&old, &older] {
            assert_eq!(desk.answers(arm).unwrap(), arm.model_version);
            desk.serving.keep(&BTreeSet::new());
        }
    }
    assert_eq!(desk.loads(), 2);
    let (oldest, _) = desk.offer("good 3");
    desk.answers(&oldest).unwrap();
    assert_eq!(desk.serving.keep(&BTreeSet::new()).len(), REPLAYED, "as many as that, and no more");

    // What a strategy has named and names no more goes at once.
    desk.serving.keep(&BTreeSet::from([older.model_version.clone(), oldest.model_version.clone()]));
    assert_eq!(desk.serving.keep(&BTreeSet::from([oldest.model_version.clone()])).len(), 1);
}

#[test]
fn a_version_that_another_worker_rejected_serves_on_while_it_is_wanted_and_no_longer() {
    let desk = Desk::with_spare(2);
    let (arm, record) = desk.offer("good 1");
    let (next, other) = desk.offer("good 2");
    desk.follow(record.clone());
    desk.follow(other);
    let wanted = BTreeSet::from([arm.model_version.clone()]);
    assert!(desk.serving.bring(&arm, false));
    desk.answers(&arm).unwrap();
    desk.follow(ModelVersion { state: ModelState::Rejected, ..record });
    assert_eq!(desk.serving.keep(&wanted), wanted);
    assert_eq!(desk.answers(&arm).unwrap(), arm.model_version);

    assert!(desk.serving.bring(&next, false));
    let wanted = BTreeSet::from([next.model_version.clone()]);
    assert_eq!(desk.serving.keep(&wanted), wanted, "it is no spare one");
    assert!(
        desk.answers(&arm).is_err(),
        "nor does it stand in for itself, or is brought for an old complaint"
    );
    assert_eq!(desk.answers(&next).unwrap(), next.model_version);
    assert_eq!(desk.answers(&arm).unwrap(), next.model_version, "the last good one stands in");
}

#[test]
fn a_shadow_decides_nothing_in_the_place_of_another_either() {
    let desk = Desk::with_spare(0);
    let (broken, watcher) = (desk.offer("broken 1").0, desk.offer("good 1").0);
    let watcher = Arm { role: Role::Shadow, ..watcher };
    assert_eq!(desk.answers(&watcher).unwrap(), watcher.model_version);
    assert!(desk.answers(&broken).is_err());
}
