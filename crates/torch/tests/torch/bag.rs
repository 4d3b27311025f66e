//! A bag from training to serving, over the files in between.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use ombud_contract::taxonomy::Taxonomy;
use ombud_models::{
    Artefact, Fault, GOLDEN, GoldenInput, Input, LoadModel, Model, Prepared, ServingFailure, probe,
};
use ombud_torch::Libtorch;
use ombud_torch::bag::{Counts, Fit, Hashing, Hint, HintHead, Idf, Row, Weights, shrink};
use serde_json::json;

const HASHING: Hashing = Hashing { max_chars: 200, bits: 12 };
const TEXTS: [&str; 6] = [
    "they charged a late fee on my mortgage",
    "the mortgage escrow was paid late",
    "a debt collector calls about a debt I don't owe",
    "this debt is not mine, stop the calls",
    "the mortgage company lost my payment",
    "the collector of the debt threatened me",
];
/// About a mortgage (4 of the product labels) or about a debt (2).
const PRODUCTS: [usize; 6] = [4, 4, 2, 2, 4, 2];
const VULNERABLE: [usize; 6] = [0, 1, 0, 1, 0, 1];

fn learned() -> Weights {
    let counts: Vec<Counts> = TEXTS.map(|text| HASHING.count(text)).to_vec();
    let idf = Idf::fit(HASHING, &counts);
    let rows: Vec<Row> = counts.iter().map(|counts| idf.weigh(counts)).collect();
    let rows: Vec<&Row> = rows.iter().collect();
    let heads = [(9, PRODUCTS), (2, VULNERABLE)].map(|(labels, targets)| {
        Fit { rows: &rows, targets: &targets, labels, c: 5.0, iterations: 15 }.run(|_, _| {})
    });
    let mut weights = shrink(idf, &heads, 60);
    let pairs = PRODUCTS.into_iter().zip(VULNERABLE);
    weights.hint = Some(Hint {
        strength: 0.5,
        ..Hint::count(HintHead { place: 0, labels: 9 }, HintHead { place: 1, labels: 2 }, pairs, 0.2)
    });
    weights
}

fn write(dir: &Path, weights: &Weights) {
    let head = |task: &str, kind: &str, thresholds: serde_json::Value| {
        let label_set = format!("{task}@1");
        let labels = Taxonomy::by_label_set(&label_set).unwrap().leaves();
        json!({"task": task, "kind": kind, "label_set": label_set, "labels": labels, "temperature": 1.0,
            "thresholds": thresholds})
    };
    let manifest = json!({"format": 1, "model_id": "tiny-bag", "family": "bag", "heads": [
        head("product", "choice", json!({})),
        head("vulnerable", "flag", json!({"possible": 0.2, "vulnerable": 0.8})),
    ]});
    fs::write(dir.join("ombud.json"), manifest.to_string()).unwrap();
    weights.save(dir).unwrap();
}

fn served(dir: &Path) -> Arc<dyn Model> {
    Libtorch.load(&Artefact::open(dir).unwrap()).unwrap()
}

/// Why the artefact was refused, after `damage` was done to its files.
fn refused(damage: impl FnOnce(&Path)) -> String {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &learned());
    damage(dir.path());
    match Libtorch.load(&Artefact::open(dir.path()).unwrap()) {
        Ok(_) => panic!("a broken artefact was loaded"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_was_learned_is_served_from_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let weights = learned();
    write(dir.path(), &weights);
    assert_eq!(Weights::load(dir.path()).unwrap(), weights);
    let model = served(dir.path());
    let prepared = model.prepare("my mortgage payment was late");
    let logits = model.replica().classify(&[&prepared]).unwrap();
    let [product, vulnerable] = &logits[0][..] else { panic!("two heads") };
    assert_eq!((product.len(), vulnerable.len()), (9, 2));
    assert!(product.iter().all(|logit| *logit <= product[4]), "{product:?}");
}

#[test]
fn neighbours_in_a_batch_do_not_change_a_bit() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &learned());
    let model = served(dir.path());
    let mut replica = model.replica();
    let texts = ["", "mortgage", TEXTS[2], "🙂", TEXTS[0], "nothing known here"];
    let prepared: Vec<Prepared> = texts.iter().map(|text| model.prepare(text)).collect();
    let together = replica.classify(&prepared.iter().collect::<Vec<_>>()).unwrap();
    for (alone, together) in prepared.iter().zip(together) {
        assert_eq!(model.replica().classify(&[alone]).unwrap(), [together]);
    }
    assert!(replica.classify(&[]).unwrap().is_empty());
}

#[test]
fn what_a_long_narrative_has_past_the_limit_is_reported_as_truncated() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &learned());
    let model = served(dir.path());
    assert_eq!(model.prepare(TEXTS[0]).truncated_tokens, 0);
    let long = model.prepare(&format!("{} and then the branch closed", "mortgage ".repeat(40)));
    assert!(long.truncated_tokens > 10 && long.tokens > long.truncated_tokens, "{long:?}");
}

#[test]
fn what_no_training_text_had_is_reported_as_unseen() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &learned());
    let model = served(dir.path());
    let share = |narrative: &str| {
        let prepared = model.prepare(narrative);
        assert!(prepared.unseen_tokens <= prepared.tokens, "{prepared:?}");
        f64::from(prepared.unseen_tokens) / f64::from(prepared.tokens.max(1))
    };
    let (known, new) = (share("the mortgage debt"), share("zqxjkv wyvzzq qqjxk"));
    assert!(new > 0.9 && known < new - 0.2, "{known} {new}");
    assert_eq!(share(""), 0.0);
}

#[test]
fn an_input_of_another_model_is_refused_not_scored() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &learned());
    let mut replica = served(dir.path()).replica();
    let input = |input| Prepared { input, tokens: 1, truncated_tokens: 0, unseen_tokens: 0, windows: 1 };
    let of_an_encoder = input(Input::Tokens(vec![1]));
    let of_a_larger_bag = input(Input::Columns { columns: vec![60], weights: vec![1.0] });
    for wrong in [of_an_encoder, of_a_larger_bag] {
        assert!(replica.classify(&[&wrong]).is_err());
    }
}

#[test]
fn a_broken_artefact_is_refused_with_the_file_and_the_fault() {
    let cut = refused(|dir| {
        let file = dir.join("model.safetensors");
        let bytes = fs::read(&file).unwrap();
        fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    });
    assert!(cut.contains("tiny-bag") && cut.contains("model.safetensors"), "{cut}");

    let no_config = refused(|dir| fs::remove_file(dir.join("config.json")).unwrap());
    assert!(no_config.contains("config.json") && no_config.contains("No such file"), "{no_config}");

    let other_hashing = refused(|dir| {
        let file = dir.join("config.json");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace("12", "13")).unwrap();
    });
    assert!(other_hashing.contains("16384 weights"), "{other_hashing}");

    let not_a_number = refused(|dir| {
        let mut weights = learned();
        weights.bias[3] = f32::NAN;
        weights.save(dir).unwrap();
    });
    assert!(not_a_number.contains("tensor bias holds a number that is not finite"), "{not_a_number}");

    let too_few_labels = refused(|dir| {
        let mut weights = learned();
        weights.bias.pop();
        weights.label_scales.pop();
        weights.table.truncate(weights.columns.len() * 10);
        weights.save(dir).unwrap();
    });
    assert!(too_few_labels.contains("11 labels, model.safetensors has 10"), "{too_few_labels}");

    let backward_hint = refused(|dir| {
        let mut weights = learned();
        weights.hint = weights.hint.map(|hint| Hint { from: 1, to: 0, ..hint });
        weights.save(dir).unwrap();
    });
    assert!(backward_hint.contains("hint"), "{backward_hint}");
}

/// What becomes of a bag whose golden inputs were answered by `weights`, when it is probed before it serves.
fn probed(weights: &Weights) -> Result<(), Fault> {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &learned());
    let before = served(dir.path());
    let golden = TEXTS.map(|text| {
        let logits = before.replica().classify(&[&before.prepare(text)]).unwrap().remove(0);
        GoldenInput { text: text.to_owned(), logits }
    });
    fs::write(dir.path().join(GOLDEN), serde_json::to_vec(&golden).unwrap()).unwrap();
    weights.save(dir.path()).unwrap();
    let artefact = Artefact::open(dir.path()).unwrap();
    let model = Libtorch.load(&artefact).unwrap();
    probe(&artefact, model.as_ref()).map_err(|unservable| match unservable {
        ServingFailure::Rejected(rejection) => rejection.fault,
        ServingFailure::Hindered(hindrance) => panic!("{hindrance}"),
    })
}

#[test]
fn a_bag_that_answers_its_golden_inputs_otherwise_does_not_serve() {
    assert_eq!(probed(&learned()), Ok(()));
    let mut shifted = learned();
    shifted.bias[4] += 0.01;
    let mut unhinted = learned();
    unhinted.hint = None;
    assert_eq!([probed(&shifted), probed(&unhinted)], [Err(Fault::Golden); 2]);
}
