//! Models go to Python's transformers and come from there, or are refused with the mend. A model here answers what it
//! is told to: what libtorch and Python make of the folders is told elsewhere.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ombud_learn::DraftError;
use ombud_learn::exchange::{ExchangeError, Export, Import, Imported, LabelMap};
use ombud_models::{
    Artefact, Classifier, ClassifyError, Input, LoadError, LoadModel, Logits, Model, Prepared, Reads,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Loads anything as a model that answers each head with `logit`.
struct Told {
    logit: f32,
    labels: Vec<usize>,
}

impl LoadModel for Told {
    fn load(&self, artefact: &Artefact) -> Result<Arc<dyn Model>, LoadError> {
        let labels = artefact.manifest.heads.iter().map(|head| head.labels.len()).collect();
        Ok(Arc::new(Told { logit: self.logit, labels }))
    }
}

impl Model for Told {
    fn prepare(&self, narrative: &str) -> Prepared {
        let ids = vec![1, narrative.len() as u32, 2];
        Prepared { input: Input::Tokens(ids), tokens: 1, truncated_tokens: 0, unseen_tokens: 0, windows: 1 }
    }

    fn replica(&self) -> Box<dyn Classifier> {
        Box::new(Told { logit: self.logit, labels: self.labels.clone() })
    }
}

impl Classifier for Told {
    fn classify(&mut self, batch: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
        let logits: Logits = self.labels.iter().map(|labels| vec![self.logit; *labels]).collect();
        Ok(vec![logits; batch.len()])
    }
}

const MODEL: Told = Told { logit: 0.5, labels: Vec::new() };

fn golden(architecture: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/torch/tests/goldens").join(architecture)
}

/// A folder as Python would have written it: a golden without what is ours.
fn theirs(architecture: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(golden(architecture).join(name), dir.path().join(name)).unwrap();
    }
    dir
}

fn edit(dir: &Path, change: impl Fn(&mut Value)) {
    let path = dir.join("config.json");
    let mut config = json_of(&path);
    change(&mut config);
    fs::write(path, config.to_string()).unwrap();
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn import(
    folder: &Path,
    task: &str,
    map: &[(&str, &str)],
    models: &Told,
    out: &Path,
) -> Result<Imported, ExchangeError> {
    let labels = LabelMap(map.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect());
    let thresholds: BTreeMap<String, f64> = match task {
        "vulnerable" => [("possible".to_owned(), 0.2), ("vulnerable".to_owned(), 0.5)].into(),
        _ => BTreeMap::new(),
    };
    let reads = Reads::default();
    let (labels, thresholds, reads) = (&labels, &thresholds, &reads);
    Import { source: "bank/triage", folder, task, labels, thresholds, reads, out }.run(models)
}

#[test]
fn a_classifier_of_python_becomes_an_artefact_in_our_words() {
    let (folder, out) = (theirs("bert"), tempfile::tempdir().unwrap());
    edit(folder.path(), |config| {
        config["id2label"]["0"] = json!("MORTGAGE");
        config["id2label"]["1"] = json!("studying");
        config["architectures"] = Value::Null;
    });
    fs::write(
        folder.path().join("README.md"),
        "---\nlicense: mit\n---\n# Theirs\n\n## Training\n\nOn a laptop.\n",
    )
    .unwrap();
    fs::write(folder.path().join("tokenizer_config.json"), r#"{"model_max_length": 20}"#).unwrap();
    let out = out.path().join("their-bert");
    let imported = import(folder.path(), "product", &[("studying", "Student loan")], &MODEL, &out).unwrap();
    assert_eq!(imported.labels[0], ("MORTGAGE".to_owned(), "Mortgage".to_owned()));
    assert_eq!(imported.labels[1], ("studying".to_owned(), "Student loan".to_owned()));

    let artefact = Artefact::open(&out).unwrap();
    let manifest = &artefact.manifest;
    assert_eq!((manifest.model_id.as_str(), manifest.max_tokens), ("their-bert", Some(20)));
    assert_eq!(manifest.heads[0].labels[..2], ["Mortgage", "Student loan"]);
    assert_eq!(json_of(&out.join("config.json"))["id2label"]["1"], "Student loan");
    assert_eq!(json_of(&out.join("source.json"))["source"], "bank/triage");
    let card = fs::read_to_string(out.join("README.md")).unwrap();
    assert!(
        card.contains("license: mit")
            && card.contains("#### Training")
            && card.contains("| 1 | studying | Student loan |"),
        "{card}"
    );
}

#[test]
fn a_flag_whose_positive_stands_first_is_turned_round() {
    let (folder, out) = (theirs("roberta"), tempfile::tempdir().unwrap());
    // Nine rows of weights stay nine: the model here reads none of them.
    edit(folder.path(), |config| config["id2label"] = json!({"0": "yes", "1": "no"}));
    let map = [("yes", "VULNERABLE"), ("no", "NOT_INDICATED")];
    let refused =
        import(folder.path(), "vulnerable", &map, &MODEL, &out.path().join("flag")).unwrap_err().to_string();
    assert!(refused.contains("classifier.out_proj.weight has shape [9, 32]"), "{refused}");
    edit(folder.path(), |config| config["id2label"] = json!({"0": "no", "1": "yes"}));
    let imported = import(folder.path(), "vulnerable", &map, &MODEL, &out.path().join("flag")).unwrap();
    assert_eq!(imported.artefact.manifest.heads[0].labels, ["NOT_INDICATED", "VULNERABLE"]);
    assert_eq!(imported.artefact.manifest.heads[0].thresholds["possible"], 0.2);
    assert_eq!(imported.artefact.manifest.heads[0].evidence.as_deref(), Some("vulnerable@1"));
}

#[test]
fn what_does_not_fit_is_refused_and_leaves_nothing_behind() {
    let parent = tempfile::tempdir().unwrap();
    let out = parent.path().join("out");
    let refusal = |change: &dyn Fn(&Path), task: &str, models: &Told| {
        let folder = theirs("bert");
        change(folder.path());
        import(folder.path(), task, &[], models, &out).unwrap_err().to_string()
    };
    let as_it_is = |_: &Path| {};
    let pickled =
        |dir: &Path| fs::rename(dir.join("model.safetensors"), dir.join("pytorch_model.bin")).unwrap();
    let slow = |dir: &Path| fs::rename(dir.join("tokenizer.json"), dir.join("vocab.txt")).unwrap();
    let other = |dir: &Path| edit(dir, |config| config["model_type"] = json!("deberta-v2"));
    let nameless = |dir: &Path| edit(dir, |config| config["id2label"]["3"] = json!("LABEL_3"));
    for (refused, what) in [
        (
            refusal(&pickled, "product", &MODEL),
            "no model.safetensors but pytorch_model.bin: save it as safetensors",
        ),
        (refusal(&slow, "product", &MODEL), "vocab.txt, which only Python reads"),
        (refusal(&other, "product", &MODEL), "deberta-v2"),
        (
            refusal(&nameless, "product", &MODEL),
            "no labels of it: \"LABEL_3\"; the model has none for: \"Credit reporting\"",
        ),
        (refusal(&as_it_is, "issue", &MODEL), "fit the labels to issue@1"),
        (refusal(&as_it_is, "weather", &MODEL), "there are product, issue and vulnerable"),
        (
            refusal(&as_it_is, "product", &Told { logit: f32::NAN, ..MODEL }),
            "answers with NaN: its weights are broken",
        ),
    ] {
        assert!(refused.contains(what), "{refused}");
    }
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    fs::write(parent.path().join("mine"), "").unwrap();
    let taken = import(theirs("bert").path(), "product", &[], &MODEL, parent.path()).unwrap_err();
    assert!(matches!(taken, ExchangeError::Draft(DraftError::Occupied { .. })), "{taken}");
}

#[test]
fn an_exported_task_is_what_python_wants_and_says_what_ombud_answers() {
    let parent = tempfile::tempdir().unwrap();
    let out = parent.path().join("product");
    let artefact = Artefact::open(&golden("roberta")).unwrap();
    let exported = Export { artefact: &artefact, task: "product", out: &out }.run(&MODEL).unwrap();
    assert_eq!((exported.class, exported.own_code), ("RobertaForSequenceClassification", false));
    let config = json_of(&out.join("config.json"));
    assert_eq!(config["architectures"], json!(["RobertaForSequenceClassification"]));
    assert_eq!(config["id2label"]["4"], artefact.manifest.heads[0].labels[4]);
    assert_eq!(config["ombud_version"], artefact.version);
    assert_eq!(json_of(&out.join("tokenizer_config.json"))["model_max_length"], 24);
    let permissions = |name: &str| fs::metadata(out.join(name)).unwrap().permissions();
    assert_eq!(permissions("model.safetensors"), permissions("config.json"));
    let parity = json_of(&out.join("ombud_parity.json"));
    assert_eq!(parity["answered"].as_array().unwrap().len(), exported.texts);
    assert_eq!(parity["answered"][0]["logits"].as_array().unwrap().len(), 9);
    let card = fs::read_to_string(out.join("README.md")).unwrap();
    for chapter in [
        "license: unknown",
        "## Use",
        "## Intended use",
        "## Labels",
        "## Metrics",
        "## Limits",
        "## Ethical notes",
    ] {
        assert!(card.contains(chapter), "{chapter} is missing in {card}");
    }
}

#[test]
fn what_python_does_not_have_is_refused_with_what_it_has() {
    let parent = tempfile::tempdir().unwrap();
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let bag = Artefact::open(&models.join("complaints-bag")).unwrap();
    let refused =
        Export { artefact: &bag, task: "product", out: &parent.path().join("x") }.run(&MODEL).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "export complaints-bag: Python's transformers has no bag model; name a model of the family encoder, --model DIR"
    );
    let bert = Artefact::open(&golden("bert")).unwrap();
    let refused =
        Export { artefact: &bert, task: "issue", out: &parent.path().join("x") }.run(&MODEL).unwrap_err();
    assert_eq!(refused.to_string(), "export the task issue of golden-bert: it answers product");
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
}

/// Over libtorch, and what transformers made of the goldens.
#[cfg(feature = "torch")]
#[test]
fn logits_survive_the_way_out_and_back_in() {
    use ombud_torch::Libtorch;

    for architecture in ["bert", "distilbert", "roberta"] {
        let parent = tempfile::tempdir().unwrap();
        let (out, back) = (parent.path().join("out"), parent.path().join("back"));
        let artefact = Artefact::open(&golden(architecture)).unwrap();
        Export { artefact: &artefact, task: "product", out: &out }.run(&Libtorch).unwrap();
        let (labels, thresholds) = (LabelMap::default(), BTreeMap::new());
        let import = Import {
            source: "out",
            folder: &out,
            task: "product",
            labels: &labels,
            thresholds: &thresholds,
            reads: &Reads::default(),
            out: &back,
        };
        let model = Libtorch.load(&import.run(&Libtorch).unwrap().artefact).unwrap();
        for expected in json_of(&golden(architecture).join("expected.json")).as_array().unwrap() {
            let prepared = model.prepare(expected["text"].as_str().unwrap());
            let logits = model.replica().classify(&[&prepared]).unwrap().remove(0).remove(0);
            for (logit, expected) in logits.iter().zip(expected["logits"].as_array().unwrap()) {
                let off = f64::from(*logit) - expected.as_f64().unwrap();
                assert!(off.abs() < 1e-4, "{architecture}: off by {off}");
            }
        }
    }
}
