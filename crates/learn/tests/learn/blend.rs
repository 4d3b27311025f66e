//! Two small models become one that is at least as good as either, and says so in its folder.
#![cfg(feature = "torch")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use ombud_learn::bag;
use ombud_learn::blend::{Blend, BlendResult, Recipe};
use ombud_learn::train::{Job, LearnError, Lineage};
use ombud_measure::evaluate::{Evaluate, Resampling, Subject, TaskReport};
use ombud_models::{Artefact, Family, LoadModel};
use ombud_torch::Libtorch;

/// An encoder of products that was never trained, with the labels in an order of its own.
fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/torch/tests/goldens/bert")
}

/// Narratives about mortgages and debts, of which every seventh is labelled as if it were about the other; the
/// elderly say so, mostly.
fn rows(dir: &Path, name: &str, rows: std::ops::Range<usize>) -> PathBuf {
    let mut csv = String::from("complaint_id,date_received,product,issue,narrative,tags,tags_known\n");
    for i in rows {
        let about_mortgage = i.is_multiple_of(2);
        let (product, issue) = if about_mortgage != i.is_multiple_of(7) {
            ("Mortgage", "Trouble during payment process")
        } else {
            ("Debt collection", "Attempts to collect debt not owed")
        };
        let text = if about_mortgage {
            "the escrow payment was not applied"
        } else {
            "they call about a debt not owed"
        };
        let (tags, who) = match i % 10 {
            0 => ("Older American", "I am elderly and retired"),
            5 => ("", "my mother is elderly"),
            _ => ("", "please help"),
        };
        writeln!(csv, "id-{i},2024-03-01,{product},{issue},\"Letter {i}: {text}, {who}.\",{tags},True")
            .unwrap();
    }
    let file = dir.join(name);
    fs::write(&file, csv).unwrap();
    file
}

/// A folder with a bag of three tasks, and rows to weigh it and the encoder by.
struct World {
    dir: tempfile::TempDir,
    train: PathBuf,
    validation: PathBuf,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (train, validation) =
            (rows(dir.path(), "train.csv", 0..200), rows(dir.path(), "validation.csv", 1_000..1_100));
        let mut recipe = bag::Recipe::default();
        recipe.hashing.bits = 12;
        recipe.keep_columns = 500;
        let bag = bag::Train {
            job: Job {
                files: vec![train.clone()],
                out: dir.path().join("a-bag"),
                model_id: "a-bag".into(),
                lineage: Lineage::default(),
            },
            validation: Some(validation.clone()),
            seed: 1,
            recipe,
        };
        bag.run(&ProgressBar::hidden()).unwrap();
        Self { dir, train, validation }
    }

    fn blend(&self, out: &str, most_lost: Option<f64>) -> Blend {
        let path = |name: &str| self.dir.path().join(name);
        Blend {
            bag: path("a-bag"),
            encoders: vec![golden()],
            job: Job {
                files: vec![self.train.clone()],
                out: path(out),
                model_id: out.to_owned(),
                lineage: Lineage::default(),
            },
            validation: self.validation.clone(),
            columns: Vec::new(),
            threads: 2,
            recipe: Recipe { most_lost, ..Recipe::default() },
        }
    }

    fn learn(&self, out: &str, most_lost: Option<f64>) -> BlendResult {
        self.blend(out, most_lost).run(&ProgressBar::hidden()).unwrap()
    }
}

#[test]
fn the_blend_is_no_worse_than_its_best_member_and_its_folder_serves() {
    let world = World::new();
    let outcome = world.learn("both", None);
    assert_eq!(outcome.losses.keys().collect::<Vec<_>>(), ["issue", "product", "vulnerable"]);
    for (task, losses) in &outcome.losses {
        let best = losses.alone.values().copied().fold(f64::INFINITY, f64::min);
        assert!(losses.fused <= best, "{task}: {losses:?}");
    }
    assert_eq!(outcome.losses["product"].alone.len(), 2);

    let artefact = outcome.report.artefact;
    assert_eq!((artefact.manifest.family, artefact.tasks().len()), (Family::Blend, 3));
    let (_, vulnerable) = artefact.manifest.head("vulnerable").unwrap();
    assert_eq!(vulnerable.evidence.as_deref(), Some("vulnerable@2"));
    let model = Libtorch.load(&artefact).unwrap();
    let logits = model.replica().classify(&[&model.prepare("the escrow payment")]).unwrap();
    assert_eq!(logits[0].iter().map(Vec::len).collect::<Vec<_>>(), [9, 45, 2]);

    // What the learner saw on validation is what serving gives there.
    let subjects = vec![Subject::whole(&artefact, &Libtorch).unwrap()];
    let evaluate = Evaluate {
        subjects,
        threads: 2,
        resampling: Resampling::default(),
        columns: Vec::new(),
        dates: None,
    };
    let evaluation = evaluate.run(&world.validation, &ProgressBar::hidden()).unwrap();
    let accuracy = |report: &TaskReport| match report {
        TaskReport::Choice(choice) => choice.accuracy,
        other => panic!("{other:?}"),
    };
    assert_eq!(accuracy(&evaluation.tasks["product"]), accuracy(&outcome.report.tasks["product"]));
    assert_eq!(evaluation.tasks["vulnerable"], outcome.report.tasks["vulnerable"]);
}

#[test]
fn the_same_members_and_files_give_the_same_bytes() {
    let world = World::new();
    let one = world.learn("one", Some(5.0)).report.artefact;
    let again = Blend { threads: 1, ..world.blend("one", Some(5.0)) };
    let again = again.run(&ProgressBar::hidden()).unwrap().report.artefact;
    assert_eq!(one.version, again.version);
    assert_eq!(one.files, again.files);
}

#[test]
fn the_cascade_is_chosen_on_a_curve_that_the_folder_keeps() {
    let world = World::new();
    let whole = world.learn("whole", None);
    assert_eq!((whole.curve.len(), whole.calls), (11, None));
    let training = fs::read_to_string(whole.report.artefact.dir.join("training.json")).unwrap();
    let training: serde_json::Value = serde_json::from_str(&training).unwrap();
    assert_eq!(training["recipe"]["curve"].as_array().unwrap().len(), 11);
    assert_eq!(training["recipe"]["members"][1]["model_id"], "golden-bert");
    let card = fs::read_to_string(whole.report.artefact.dir.join("README.md")).unwrap();
    assert!(
        card.contains("| calls | issue.group.accuracy |") && card.contains("None: every member"),
        "{card}"
    );

    // Whatever it costs: the encoder, which knows nothing, is never asked.
    let fast = world.learn("fast", Some(100.0));
    assert_eq!(fast.calls, Some(0.0));
    let fusion = fs::read_to_string(fast.report.artefact.dir.join("blend.json")).unwrap();
    let fusion: serde_json::Value = serde_json::from_str(&fusion).unwrap();
    assert_eq!(fusion["cascade"].as_object().unwrap().len(), 3);
    assert_ne!(fast.report.artefact.version, whole.report.artefact.version);
}

#[test]
fn rows_that_a_member_has_learned_from_do_not_weigh_it() {
    let world = World::new();
    let known = Blend { validation: world.train.clone(), ..world.blend("known", None) };
    let error = known.run(&ProgressBar::hidden()).unwrap_err();
    assert!(matches!(error, LearnError::Known { known: 200, rows: 200, .. }), "{error}");
    assert!(!world.dir.path().join("known").exists());
}

#[test]
fn a_cascade_that_cannot_begin_is_refused_before_anything_is_written() {
    let world = World::new();
    let bag = world.dir.path().join("a-bag");
    let blend = Blend { bag: golden(), encoders: vec![bag], ..world.blend("odd", Some(1.0)) };
    let error = blend.run(&ProgressBar::hidden()).unwrap_err();
    assert!(matches!(error, LearnError::NoFirst { .. }), "{error}");
    assert!(Artefact::open(&world.dir.path().join("odd")).is_err());
}
