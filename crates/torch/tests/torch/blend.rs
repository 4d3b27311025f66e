//! A blend from its files to its answers, over members that answer as each test wants.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ombud_contract::taxonomy::Taxonomy;
use ombud_models::{
    Artefact, Classifier, ClassifyError, Family, Head, Input, Kind, LoadModel, Logits, Manifest, Model,
    Prepared, probabilities,
};
use ombud_torch::Libtorch;
use ombud_torch::blend::{BlendMember, FusedHead, FusedHint, Fusion, FusionError, in_memory};
use proptest::prelude::*;

const TASKS: [&str; 2] = ["product", "vulnerable"];

fn head(task: &str, reversed: bool, temperature: f64) -> Head {
    let label_set = format!("{task}@1");
    let mut labels = Taxonomy::by_label_set(&label_set).unwrap().leaves().to_vec();
    let (kind, thresholds) = match task {
        "vulnerable" => (Kind::Flag, [("possible".to_owned(), 0.2), ("vulnerable".to_owned(), 0.8)].into()),
        _ => (Kind::Choice, BTreeMap::new()),
    };
    if reversed {
        labels.reverse();
    }
    Head {
        task: task.to_owned(),
        kind,
        label_set,
        labels,
        temperature,
        thresholds,
        evidence: None,
        evidence_odds: BTreeMap::new(),
        foreign: Vec::new(),
    }
}

fn manifest(model_id: &str, family: Family, heads: Vec<Head>) -> Manifest {
    serde_json::from_value(serde_json::json!({
        "format": 1, "model_id": model_id, "family": family, "heads": heads
    }))
    .unwrap()
}

/// Answers a narrative "a b" with `a` for the first label of each head, `b` for the second and nothing for the others;
/// counts how many it was asked.
struct Says {
    labels: Vec<usize>,
    times: f32,
    asked: Arc<AtomicUsize>,
}

impl Model for Says {
    fn prepare(&self, narrative: &str) -> Prepared {
        let weights: Vec<f32> = narrative.split(' ').map(|word| word.parse().unwrap()).collect();
        let input = Input::Columns { columns: vec![0; weights.len()], weights };
        Prepared { input, tokens: 2, truncated_tokens: 0, unseen_tokens: 0, windows: 1 }
    }

    fn replica(&self) -> Box<dyn Classifier> {
        Box::new(Self { labels: self.labels.clone(), times: self.times, asked: Arc::clone(&self.asked) })
    }
}

impl Classifier for Says {
    fn classify(&mut self, batch: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
        self.asked.fetch_add(batch.len(), Ordering::Relaxed);
        let logits = |prepared: &&Prepared| match &prepared.input {
            Input::Columns { weights, .. } => {
                let said = |labels: &usize| {
                    (0..*labels).map(|at| weights.get(at).map_or(0.0, |weight| weight * self.times)).collect()
                };
                self.labels.iter().map(said).collect()
            }
            Input::Tokens(_) | Input::Members(_) => panic!("not its own input"),
        };
        Ok(batch.iter().map(logits).collect())
    }
}

fn says(family: Family, heads: Vec<Head>, times: f32) -> (BlendMember, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let labels = heads.iter().map(|head| head.labels.len()).collect();
    let model = Arc::new(Says { labels, times, asked: Arc::clone(&asked) });
    (BlendMember { manifest: manifest("says", family, heads), model }, asked)
}

fn heads() -> Vec<Head> {
    TASKS.map(|task| head(task, false, 1.0)).to_vec()
}

fn fused(weights: &[(&str, f64)]) -> FusedHead {
    let weights = weights.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect();
    FusedHead { weights, shift: Vec::new(), hint: None }
}

fn fusion(members: &[&str], heads: &[(&str, FusedHead)]) -> Fusion {
    Fusion {
        members: members.iter().map(|name| (*name).to_owned()).collect(),
        heads: heads.iter().map(|(task, head)| ((*task).to_owned(), head.clone())).collect(),
        cascade: None,
    }
}

fn answers(model: &dyn Model, texts: &[&str]) -> Vec<Logits> {
    let prepared: Vec<Prepared> = texts.iter().map(|text| model.prepare(text)).collect();
    model.replica().classify(&prepared.iter().collect::<Vec<_>>()).unwrap()
}

/// The other's labels stand in reverse where a head allows it, and it has a temperature of its own.
fn two(cascade: Option<[f64; 2]>) -> (Arc<dyn Model>, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let (bag, bag_asked) = says(Family::Bag, heads(), 1.0);
    let others = vec![head("vulnerable", false, 2.0), head("product", true, 2.0)];
    let (encoder, encoder_asked) = says(Family::Encoder, others, -2.0);
    let mut both = fusion(
        &["bag", "encoder"],
        &[
            ("product", fused(&[("bag", 0.5), ("encoder", 0.75)])),
            ("vulnerable", FusedHead { shift: vec![0.0, 0.25], ..fused(&[("bag", 0.25), ("encoder", 1.0)]) }),
        ],
    );
    both.cascade = cascade.map(|sure| TASKS.map(str::to_owned).into_iter().zip(sure).collect());
    (in_memory(&heads(), &both, vec![bag, encoder]).unwrap(), bag_asked, encoder_asked)
}

fn log_softmax(logits: &[f64]) -> Vec<f64> {
    let all: f64 = logits.iter().map(|logit| logit.exp()).sum();
    logits.iter().map(|logit| logit - all.ln()).collect()
}

fn close(found: &[f32], expected: &[f64]) -> bool {
    found.len() == expected.len()
        && found.iter().zip(expected).all(|(found, wanted)| (f64::from(*found) - wanted).abs() < 1e-5)
}

#[test]
fn fused_logits_are_the_weighted_sum_of_calibrated_log_probabilities() {
    let (model, ..) = two(None);
    let logits = answers(model.as_ref(), &["3 1"]).remove(0);

    let mut bag = [0.0; 9];
    (bag[0], bag[1]) = (3.0, 1.0);
    // -2 times the words, divided by a temperature of 2, the labels in reverse.
    let mut encoder = [0.0; 9];
    (encoder[8], encoder[7]) = (-3.0, -1.0);
    let product: Vec<f64> = log_softmax(&bag)
        .iter()
        .zip(log_softmax(&encoder))
        .map(|(bag, encoder)| 0.5 * bag + 0.75 * encoder)
        .collect();
    assert!(close(&logits[0], &product), "{:?}\n{product:?}", logits[0]);

    let (bag, encoder) = (log_softmax(&[3.0, 1.0]), log_softmax(&[-3.0, -1.0]));
    let flag = [0.25 * bag[0] + encoder[0], 0.25 * bag[1] + encoder[1] + 0.25];
    assert!(close(&logits[1], &flag), "{:?}\n{flag:?}", logits[1]);
    // Of two labels that is a weighted sum of the log-odds.
    let odds = f64::from(logits[1][1] - logits[1][0]);
    assert!((odds - (0.25 * (1.0 - 3.0) + (-1.0 + 3.0) + 0.25)).abs() < 1e-5, "{odds}");
}

#[test]
fn the_fused_product_hints_at_the_issue() {
    let both = vec![head("issue", false, 1.0), head("product", false, 1.0)];
    let (member, _) = says(Family::Bag, both.clone(), 1.0);
    let given: Vec<Vec<f32>> = (0..45)
        .map(|issue| (0..9).map(|product| if issue % 9 == product { 0.6 } else { 0.05 }).collect())
        .collect();
    let hint = FusedHint { from: "product".to_owned(), strength: 0.5, given: given.clone() };
    let issue = FusedHead { hint: Some(hint), ..fused(&[("one", 1.0)]) };
    let fusion = fusion(&["one"], &[("issue", issue), ("product", fused(&[("one", 2.0)]))]);
    let model = in_memory(&both, &fusion, vec![member]).unwrap();
    let logits = answers(model.as_ref(), &["2 1"]).remove(0);

    let mut said = [0.0; 45];
    (said[0], said[1]) = (2.0, 1.0);
    let product: Vec<f64> = log_softmax(&said[..9]).iter().map(|log_p| 2.0 * log_p).collect();
    let p: Vec<f64> = log_softmax(&product).iter().map(|log_p| log_p.exp()).collect();
    let expected: Vec<f64> = log_softmax(&said)
        .iter()
        .zip(&given)
        .map(|(log_p, given)| {
            let likely: f64 = given.iter().zip(&p).map(|(given, p)| f64::from(*given) * p).sum();
            log_p + 0.5 * likely.ln()
        })
        .collect();
    assert!(close(&logits[0], &expected), "{:?}\n{expected:?}", logits[0]);
}

#[test]
fn a_blend_of_one_member_answers_like_the_member() {
    let dir = tempfile::tempdir().unwrap();
    let bag = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/complaints-bag");
    let member = Artefact::open(&bag).unwrap();
    let mut heads = member.manifest.heads.clone();
    heads.iter_mut().for_each(|head| head.temperature = 1.0);
    write(
        dir.path(),
        &manifest("one", Family::Blend, heads.clone()),
        &fusion(&["bag"], &["product", "issue", "vulnerable"].map(|task| (task, fused(&[("bag", 1.0)])))),
        &[("bag", bag)],
    );
    let blend = Libtorch.load(&Artefact::open(dir.path()).unwrap()).unwrap();
    let alone = Libtorch.load(&member).unwrap();
    let texts =
        ["They charged me twice and nobody calls back.", "", "I am 80 and my mortgage payment was lost"];
    let both = answers(blend.as_ref(), &texts).into_iter().zip(answers(alone.as_ref(), &texts));
    for (blend, alone) in both {
        for ((blend, alone), head) in blend.iter().zip(&alone).zip(&member.manifest.heads) {
            let (blend, alone) = (probabilities(blend, 1.0), probabilities(alone, head.temperature));
            assert!(blend.iter().zip(&alone).all(|(a, b)| (a - b).abs() < 1e-6), "{}", head.task);
        }
    }
    let (of_blend, of_bag) = (blend.prepare(texts[2]), alone.prepare(texts[2]));
    assert_eq!((of_blend.tokens, of_blend.cost()), (of_bag.tokens, of_bag.cost()));
}

#[test]
fn what_the_first_is_sure_of_the_others_never_see() {
    let (model, bag, encoder) = two(Some([0.9, 0.9]));
    // Sure of both tasks, of the product alone, of neither.
    let texts = ["9 1", "4 3", "1 0"];
    let logits = answers(model.as_ref(), &texts);
    assert_eq!((bag.load(Ordering::Relaxed), encoder.load(Ordering::Relaxed)), (3, 2));

    let (whole, ..) = two(None);
    let whole = answers(whole.as_ref(), &texts);
    assert_eq!(logits[1..], whole[1..]);
    let sure: Vec<f64> = [9.0, 1.0].to_vec();
    assert!(close(&logits[0][1], &log_softmax(&sure)), "{:?}", logits[0]);

    let (sure, _, encoder) = two(Some([0.0, 0.0]));
    answers(sure.as_ref(), &texts);
    assert_eq!(encoder.load(Ordering::Relaxed), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn answers_do_not_depend_on_the_batch(words in prop::collection::vec((-6_i8..6, -6_i8..6), 1..20)) {
        let (model, ..) = two(Some([0.6, 0.8]));
        let texts: Vec<String> = words.iter().map(|(a, b)| format!("{a} {b}")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let together = answers(model.as_ref(), &texts);
        for (text, together) in texts.iter().zip(together) {
            prop_assert_eq!(answers(model.as_ref(), &[text]).remove(0), together);
        }
    }
}

#[test]
fn the_encoder_says_how_much_of_a_text_was_read_and_both_cost() {
    let dir = tempfile::tempdir().unwrap();
    golden_blend(dir.path());
    let blend = Libtorch.load(&Artefact::open(dir.path()).unwrap()).unwrap();
    let encoder = Libtorch.load(&Artefact::open(&golden("bert")).unwrap()).unwrap();
    let bag = Libtorch.load(&Artefact::open(&dir.path().join("bag")).unwrap()).unwrap();
    let text = "my payment was lost and nobody ".repeat(9);
    let (both, tokens, columns) = (blend.prepare(&text), encoder.prepare(&text), bag.prepare(&text));
    assert!(tokens.truncated_tokens > 0);
    assert_eq!((both.tokens, both.truncated_tokens), (tokens.tokens, tokens.truncated_tokens));
    assert_eq!(both.cost(), tokens.cost() + columns.cost());
    let logits = answers(blend.as_ref(), &[&text, ""]);
    assert_eq!(logits[0].iter().map(Vec::len).collect::<Vec<_>>(), [9, 45, 2]);
    assert!(logits.iter().flatten().flatten().all(|logit| logit.is_finite()));
    let alone = blend.replica().classify(&[&tokens]).unwrap_err().to_string();
    assert!(alone.ends_with("row 0 was prepared for another model"), "{alone}");
}

#[test]
fn the_version_changes_with_any_file_of_any_member() {
    let dir = tempfile::tempdir().unwrap();
    golden_blend(dir.path());
    let version = || Artefact::open(dir.path()).unwrap().version;
    let mut seen = vec![version()];
    for file in [
        "bag/model.safetensors",
        "bag/ombud.json",
        "encoder/tokenizer.json",
        "encoder/config.json",
        "blend.json",
    ] {
        let path = dir.path().join(file);
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&path, bytes).unwrap();
        seen.push(version());
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 6);
}

/// Breaks an artefact's folder or its fusion.
type Damage<'a> = &'a dyn Fn(&Path, &mut Fusion);

#[test]
fn a_blend_that_does_not_fit_is_refused_with_the_place() {
    let refusal = |change: Damage<'_>| {
        let dir = tempfile::tempdir().unwrap();
        golden_blend(dir.path());
        let mut fusion = Fusion::read(dir.path()).unwrap();
        change(dir.path(), &mut fusion);
        fusion.save(dir.path()).unwrap();
        match Libtorch.load(&Artefact::open(dir.path()).unwrap()) {
            Ok(_) => panic!("a blend that doesn't fit was loaded"),
            Err(error) => error.to_string(),
        }
    };
    let cases: [(Damage<'_>, &str); 9] = [
        (&|dir, _| fs::remove_dir_all(dir.join("encoder")).unwrap(), "member encoder: read"),
        (&|_, fusion| fusion.members.push("../bag".to_owned()), "\"../bag\" must be named once"),
        (&|_, fusion| fusion.members.push("bag".to_owned()), "\"bag\" must be named once"),
        (
            &|_, fusion| drop(fusion.heads.insert("churn".to_owned(), fused(&[("bag", 1.0)]))),
            "heads.churn of blend.json: ombud.json has no such task",
        ),
        (&|_, fusion| drop(fusion.heads.remove("issue")), "heads of blend.json has no issue"),
        (
            &|_, fusion| drop(fusion.heads.insert("issue".to_owned(), fused(&[("encoder", 1.0)]))),
            "weighs member encoder, which has no head for issue",
        ),
        (
            &|_, fusion| drop(fusion.heads.insert("issue".to_owned(), fused(&[("other", 1.0)]))),
            "weighs \"other\", which is not among its members",
        ),
        (
            &|_, fusion| drop(fusion.heads.insert("issue".to_owned(), fused(&[("bag", -1.0)]))),
            "heads.issue.weights of blend.json: [-1.0] must be 0 or more",
        ),
        (
            &|_, fusion| fusion.cascade = Some([("product".to_owned(), 0.9)].into()),
            "cascade of blend.json: issue has no threshold",
        ),
    ];
    for (change, expected) in cases {
        let error = refusal(change);
        assert!(
            error.starts_with("load model golden-blend from ") && error.contains(expected),
            "{expected}: {error}"
        );
    }
}

#[test]
fn a_cascade_begins_with_a_bag() {
    let (member, _) = says(Family::Encoder, heads(), 1.0);
    let mut one = fusion(&["one"], &TASKS.map(|task| (task, fused(&[("one", 1.0)]))));
    one.cascade = Some(TASKS.map(|task| (task.to_owned(), 0.9)).into());
    let error = in_memory(&heads(), &one, vec![member]).err().unwrap();
    assert!(
        matches!(error, FusionError::Value { .. }) && error.to_string().contains("must be a bag"),
        "{error}"
    );
}

fn golden(architecture: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens").join(architecture)
}

fn write(dir: &Path, manifest: &Manifest, fusion: &Fusion, members: &[(&str, PathBuf)]) {
    fs::write(dir.join("ombud.json"), serde_json::to_string(manifest).unwrap()).unwrap();
    fusion.save(dir).unwrap();
    for (name, from) in members {
        Artefact::open(from).unwrap().copy_to(&dir.join(name)).unwrap();
    }
}

/// The default bag, and a golden encoder that knows products alone and in an order of its own.
fn golden_blend(dir: &Path) {
    let bag = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/complaints-bag");
    let heads = ["product", "issue", "vulnerable"].map(|task| head(task, false, 1.0)).to_vec();
    let alone = fused(&[("bag", 1.0)]);
    let product = fused(&[("bag", 0.6), ("encoder", 0.4)]);
    write(
        dir,
        &manifest("golden-blend", Family::Blend, heads),
        &fusion(
            &["bag", "encoder"],
            &[("product", product), ("issue", alone.clone()), ("vulnerable", alone)],
        ),
        &[("bag", bag), ("encoder", golden("bert"))],
    );
}
