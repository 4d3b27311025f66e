//! Fine-tuning on a small set whose answer is known: it learns, repeats itself, resumes where it was stopped, and
//! serves what it trained.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ombud_models::{Cleaning, Logits};
use ombud_torch::encoder::{
    Base, Coarse, Event, HeadTuning, Judgement, Lesson, Pool, Storage, Tune, TuneError, Tuned, Tuning,
};

const ARCHITECTURES: [&str; 5] = ["bert", "distilbert", "mpnet", "roberta", "xlm-roberta"];

fn base(architecture: &str) -> Base {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens").join(architecture);
    Base::open(&dir, 24, Some(Cleaning::Redactions1)).unwrap()
}

fn heads() -> Vec<HeadTuning> {
    let coarse = Coarse { group: vec![0, 0, 1, 1], weight: 0.5 };
    let head = |task: &str, labels, flag, weight| HeadTuning {
        task: task.into(),
        labels,
        flag,
        weight,
        coarse: None,
    };
    vec![
        head("product", 3, false, 1.0),
        HeadTuning { coarse: Some(coarse), ..head("issue", 4, false, 1.0) },
        head("vulnerable", 2, true, 0.3),
    ]
}

/// Which words stand in a text decides on its labels; every third row lacks that of the issue.
fn lessons(base: &Base, rows: std::ops::Range<usize>) -> Vec<Lesson> {
    let words = ["the bank", "a card", "my loan"];
    let rows = rows.map(|row| {
        let (product, vulnerable) = (row % 3, usize::from(row % 4 == 0));
        let who = if vulnerable == 1 { "help please" } else { "and so on" };
        let text = format!("{} {} {who}", "it was late ".repeat(row % 5), words[product].repeat(2));
        let issue = (row % 7 != 3).then_some(product + usize::from(product == 2) * vulnerable);
        Lesson { ids: base.read(&text), labels: vec![Some(product), issue, Some(vulnerable)] }
    });
    rows.collect()
}

fn tuning() -> Tuning {
    Tuning {
        epochs: 6.0,
        batch: 8,
        batches_a_block: 4,
        rate: 5e-3,
        head_rate: 2e-2,
        warm_up: 5,
        frozen_layers: Some(1),
        average: 0.9,
        patience: 100,
        ..Tuning::default()
    }
}

struct Given {
    base: Base,
    train: Vec<Lesson>,
    validation: Vec<Lesson>,
    dir: tempfile::TempDir,
}

impl Given {
    fn of(architecture: &str) -> Self {
        let base = base(architecture);
        let (train, validation) = (lessons(&base, 0..96), lessons(&base, 200..236));
        Self { base, train, validation, dir: tempfile::tempdir().unwrap() }
    }

    fn tune(&self, name: &str, threads: usize, tuning: Tuning) -> Tune<'_> {
        Tune {
            base: &self.base,
            heads: heads(),
            tuning,
            train: &self.train,
            validation: &self.validation,
            seed: 7,
            threads,
            most_frozen_bytes: 1 << 20,
            work: self.dir.path().join(name),
            identity: BTreeMap::from([("threads".to_owned(), threads.to_string())]),
            keep_every: Duration::from_secs(600),
        }
    }

    /// Share of the validation rows whose product, issue and vulnerability are found.
    fn right(&self, rows: &[Logits]) -> [f64; 3] {
        [0, 1, 2].map(|head| {
            let graded: Vec<bool> = rows
                .iter()
                .zip(&self.validation)
                .filter_map(|(row, lesson)| Some(best(&row[head]) == lesson.labels[head]?))
                .collect();
            graded.iter().filter(|right| **right).count() as f64 / graded.len() as f64
        })
    }

    fn judge(&self) -> impl Fn(&[Logits]) -> Judgement {
        |rows| Judgement { score: -self.right(rows).iter().sum::<f64>(), figures: BTreeMap::new() }
    }

    fn run(&self, tune: &Tune<'_>) -> Tuned {
        tune.run(&self.judge(), &mut |_| ControlFlow::Continue(())).unwrap()
    }

    /// The bytes of the artefact's weights.
    fn bytes(&self, tuned: &Tuned, storage: Storage) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        tuned.store(&self.base, storage).unwrap().save(dir.path()).unwrap();
        std::fs::read(dir.path().join("model.safetensors")).unwrap()
    }

    fn served(&self, tuned: &Tuned, storage: Storage) -> Vec<Logits> {
        let model = tuned.store(&self.base, storage).unwrap().model().unwrap();
        let prepared: Vec<_> = self
            .validation
            .iter()
            .map(|lesson| ombud_models::Prepared {
                input: ombud_models::Input::Tokens(lesson.ids.clone()),
                tokens: 0,
                truncated_tokens: 0,
                unseen_tokens: 0,
                windows: 1,
            })
            .collect();
        model.replica().classify(&prepared.iter().collect::<Vec<_>>()).unwrap()
    }
}

fn best(logits: &[f32]) -> usize {
    (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b])).unwrap()
}

fn furthest(one: &[Logits], other: &[Logits]) -> f32 {
    let flat = |rows: &[Logits]| rows.iter().flatten().flatten().copied().collect::<Vec<f32>>();
    let (one, other) = (flat(one), flat(other));
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn every_architecture_learns_what_the_rows_teach_and_serves_what_it_trained() {
    for architecture in ARCHITECTURES {
        let given = Given::of(architecture);
        let mut losses = Vec::new();
        let tuned = given
            .tune("work", 2, Tuning { epochs: 12.0, ..tuning() })
            .run(&given.judge(), &mut |event| {
                if let Event::Step { loss, .. } = event {
                    losses.push(loss);
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let (first, end) = (mean(&losses[..6]), mean(&losses[losses.len() - 6..]));
        assert!(end < first * 0.6, "{architecture}: {first} -> {end}");
        let right = given.right(&given.served(&tuned, Storage::Float));
        // Guessing finds a third, a third and three quarters.
        assert!(
            right.iter().zip([0.7, 0.7, 0.9]).all(|(share, least)| *share > least),
            "{architecture}: {right:?}"
        );
        assert_eq!(tuned.points.len(), 24);
    }
}

#[test]
fn stock_pooling_learns_too() {
    let given = Given::of("bert");
    let tuned = given.run(&given.tune("work", 1, Tuning { pooling: Pool::First, epochs: 12.0, ..tuning() }));
    let right = given.right(&given.served(&tuned, Storage::Float));
    assert!(right.iter().zip([0.7, 0.7, 0.9]).all(|(share, least)| *share > least), "{right:?}");
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_gives_others() {
    let given = Given::of("bert");
    let one = given.run(&given.tune("one", 2, tuning()));
    let other = given.run(&given.tune("other", 2, tuning()));
    assert!(given.bytes(&one, Storage::Int8) == given.bytes(&other, Storage::Int8));
    let reseeded = given.run(&Tune { seed: 8, ..given.tune("reseeded", 2, tuning()) });
    assert!(given.bytes(&one, Storage::Int8) != given.bytes(&reseeded, Storage::Int8));
}

#[test]
fn one_thread_and_two_learn_the_same() {
    let given = Given::of("bert");
    // Without dropout: its masks are a replica's own.
    let tuning = Tuning { dropout: 0.0, attention_dropout: 0.0, epochs: 1.0, ..tuning() };
    let one = given.served(&given.run(&given.tune("one", 1, tuning.clone())), Storage::Float);
    let two = given.served(&given.run(&given.tune("two", 2, tuning)), Storage::Float);
    let apart = furthest(&one, &two);
    assert!(apart < 2e-3, "{apart}");
}

#[test]
fn what_the_frozen_layers_give_is_the_same_from_a_file_and_computed_each_time() {
    let given = Given::of("bert");
    let tuning = Tuning { epochs: 1.0, ..tuning() };
    let kept = given.served(&given.run(&given.tune("kept", 2, tuning.clone())), Storage::Float);
    let fresh = Tune { most_frozen_bytes: 0, ..given.tune("fresh", 2, tuning) };
    let fresh = given.served(&given.run(&fresh), Storage::Float);
    let apart = furthest(&kept, &fresh);
    assert!(apart < 5e-2, "{apart}");
}

#[test]
fn all_layers_can_be_trained_the_embeddings_with_them() {
    let given = Given::of("distilbert");
    let tuned = given.run(&given.tune("work", 2, Tuning { frozen_layers: None, epochs: 12.0, ..tuning() }));
    let right = given.right(&given.served(&tuned, Storage::Float));
    assert!(right.iter().zip([0.7, 0.7, 0.9]).all(|(share, least)| *share > least), "{right:?}");
}

#[test]
fn what_distances_add_to_attention_is_trained_with_the_embeddings_and_stays_whole_in_bytes() {
    const TABLE: &str = "mpnet.encoder.relative_attention_bias.weight";
    let given = Given::of("mpnet");
    let tuned = given.run(&given.tune("work", 2, Tuning { frozen_layers: None, epochs: 2.0, ..tuning() }));
    let dir = tempfile::tempdir().unwrap();
    let table = |file: PathBuf| {
        let tensors = tch::Tensor::read_safetensors(file).unwrap();
        tensors.into_iter().find(|(name, _)| name == TABLE).unwrap().1
    };
    let stored = |storage| {
        tuned.store(&given.base, storage).unwrap().save(dir.path()).unwrap();
        table(dir.path().join("model.safetensors"))
    };
    let (trained, in_bytes) = (stored(Storage::Float), stored(Storage::Int8));
    let files = given.base.files().unwrap();
    let moved = (&trained - table(files[2].clone())).abs().max().double_value(&[]);
    assert!(moved > 1e-4, "{moved}");
    assert_eq!(in_bytes, trained);
}

/// Stops a run at `step`, with its state on disk.
fn stop(given: &Given, tune: &Tune<'_>, at: usize) -> PathBuf {
    let stopped = tune.run(&given.judge(), &mut |event| match event {
        Event::Step { step, .. } if step == at => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert!(matches!(stopped, Err(TuneError::Stopped { step }) if step == at));
    tune.work.clone()
}

#[test]
fn an_interrupted_run_ends_with_the_bytes_of_an_undisturbed_one() {
    let given = Given::of("bert");
    let undisturbed = given.run(&given.tune("undisturbed", 2, tuning()));
    for at in [1, 13, 37] {
        let tune = given.tune(&format!("stopped-{at}"), 2, tuning());
        stop(&given, &tune, at);
        let resumed = given.run(&tune);
        assert!(
            given.bytes(&undisturbed, Storage::Float) == given.bytes(&resumed, Storage::Float),
            "at {at}"
        );
        assert_eq!(undisturbed.points, resumed.points, "at {at}");
    }
}

#[test]
fn another_run_does_not_go_on_from_this_ones_state() {
    let given = Given::of("bert");
    stop(&given, &given.tune("work", 2, tuning()), 3);
    let refused = given.tune("work", 1, tuning()).run(&given.judge(), &mut |_| ControlFlow::Continue(()));
    let refused = refused.err().unwrap().to_string();
    assert!(
        refused.contains("a run with another threads") && refused.contains("remove the folder"),
        "{refused}"
    );
}

#[test]
fn a_damaged_state_is_named() {
    let given = Given::of("bert");
    let tune = given.tune("work", 1, tuning());
    let work = stop(&given, &tune, 3);
    let state =
        std::fs::read_dir(&work).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir());
    std::fs::write(state.unwrap().join("tensors.safetensors"), "no tensors").unwrap();
    let refused = tune.run(&given.judge(), &mut |_| ControlFlow::Continue(())).err().unwrap().to_string();
    assert!(refused.contains("tensors.safetensors"), "{refused}");
}

#[test]
fn a_byte_a_weight_answers_nearly_alike_in_a_third_of_the_space() {
    let given = Given::of("bert");
    let tuned = given.run(&given.tune("work", 2, tuning()));
    let (float, int8) = (given.served(&tuned, Storage::Float), given.served(&tuned, Storage::Int8));
    let apart = furthest(&float, &int8);
    assert!(apart > 0.0 && apart < 0.3, "{apart}");
    let (float, int8) = (given.bytes(&tuned, Storage::Float).len(), given.bytes(&tuned, Storage::Int8).len());
    assert!(int8 * 2 < float, "{int8} of {float}");
}

#[test]
fn rows_without_a_tasks_label_teach_the_other_heads_alone() {
    let mut given = Given::of("bert");
    for lesson in &mut given.train {
        lesson.labels[1] = None;
    }
    let tuning = Tuning { weight_decay: 0.0, ..tuning() };
    let before = given.run(&Tune {
        tuning: Tuning { epochs: 0.01, ..tuning.clone() },
        ..given.tune("a", 2, tuning.clone())
    });
    let after = given.run(&given.tune("b", 2, tuning));
    let head = |tuned: &Tuned, name: &str| {
        let bytes = given.bytes(tuned, Storage::Float);
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        file.tensor(name).unwrap().data().to_vec()
    };
    assert_eq!(head(&before, "heads.issue.weight"), head(&after, "heads.issue.weight"));
    assert_ne!(head(&before, "heads.product.weight"), head(&after, "heads.product.weight"));
}

#[test]
fn a_run_ends_early_when_nothing_gets_better() {
    let given = Given::of("bert");
    let worse = std::cell::Cell::new(0.0);
    let judge = |_: &[Logits]| {
        worse.set(worse.get() + 1.0);
        Judgement { score: worse.get(), figures: BTreeMap::new() }
    };
    let tune = given.tune("work", 1, Tuning { patience: 3, ..tuning() });
    let tuned = tune.run(&judge, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((tuned.points.len(), tuned.best), (4, 0));
}
