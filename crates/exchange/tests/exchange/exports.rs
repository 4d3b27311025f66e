//! An artefact becomes a folder for Python.

use super::*;

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

    for architecture in ["bert", "distilbert", "mpnet", "roberta", "xlm-roberta"] {
        let parent = tempfile::tempdir().unwrap();
        let (out, back) = (parent.path().join("out"), parent.path().join("back"));
        let artefact = Artefact::open(&golden(architecture)).unwrap();
        Export { artefact: &artefact, task: "product", out: &out }.run(&Libtorch).unwrap();
        let (labels, thresholds) = (LabelMap::default(), BTreeMap::new());
        let import = Import {
            source: "out",
            folder: &out,
            task: "product",
            own_labels: false,
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
