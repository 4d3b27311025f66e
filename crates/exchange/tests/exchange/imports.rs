//! A folder of Python becomes an artefact.

use super::*;

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
    assert_eq!(imported.labels[0], ("MORTGAGE".to_owned(), Some("Mortgage".to_owned())));
    assert_eq!(imported.labels[1], ("studying".to_owned(), Some("Student loan".to_owned())));

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
    assert_eq!(imported.artefact.manifest.heads[0].evidence.as_deref(), Some("vulnerable@2"));
}

#[test]
fn labels_of_another_list_are_summed_and_the_card_says_what_is_never_answered() {
    let (folder, out) = (theirs("bert"), tempfile::tempdir().unwrap());
    let five =
        ["credit_reporting", "debt_collection", "mortgages_and_loans", "credit_card", "retail_banking"];
    edit(folder.path(), |config| {
        config["id2label"] = json!(five.iter().chain(&["x", "spam", "cards", "y"]).collect::<Vec<_>>());
    });
    let map = [
        (five[0], "Credit reporting"),
        (five[1], "Debt collection"),
        (five[2], "Mortgage"),
        (five[3], "Credit card or prepaid card"),
        (five[4], "Checking or savings account"),
        ("x", ""),
        ("spam", ""),
        ("cards", "Credit card or prepaid card"),
    ];
    let dir = out.path().join("their-five");
    let open = import(folder.path(), "product", &map, &MODEL, &dir).unwrap_err().to_string();
    assert!(open.contains("no labels of it: \"y\"") && open.contains("--labels-template"), "{open}");
    let map: Vec<_> = map.into_iter().chain([("y", "Mortgage")]).collect();
    let imported = import(folder.path(), "product", &map, &MODEL, &dir).unwrap();
    assert_eq!(imported.never.len(), 4);
    assert_eq!(imported.labels[6], ("spam".to_owned(), None));

    let manifest = Artefact::open(&dir).unwrap().manifest;
    let head = &manifest.heads[0];
    assert_eq!((manifest.format, head.labels.len(), head.foreign.len(), head.outputs()), (2, 9, 9, 10));
    assert_eq!(json_of(&dir.join("config.json"))["id2label"]["7"], "cards");
    let card = fs::read_to_string(dir.join("README.md")).unwrap();
    for said in [
        "| 7 | cards | Credit card or prepaid card |",
        "| 6 | spam | none |",
        "probabilities of all that stand for one",
        "It never answers with: Money transfer or virtual currency, Payday",
    ] {
        assert!(card.contains(said), "{said} is missing in {card}");
    }
    let refused =
        Export { artefact: &Artefact::open(&dir).unwrap(), task: "product", out: &out.path().join("back") }
            .run(&MODEL)
            .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "export their-five: it was imported with other labels than it answers with; take what it came from, bank/triage"
    );
}

#[test]
fn a_task_that_nobody_has_brings_the_models_labels_as_its_tree() {
    let (folder, out) = (theirs("bert"), tempfile::tempdir().unwrap());
    let queues =
        ["Cards EU", "Cards US", "Lending", "Disputes", "Fraud desk", "Post", "Calls", "Branches", "Other"];
    edit(folder.path(), |config| config["id2label"] = json!(queues));
    let template = labels_template(folder.path(), "queue-of-theirs", false).unwrap();
    assert!(template.contains("\"Cards EU\" = \"Cards EU\"\n"), "{template}");
    let dir = out.path().join("queues");
    let imported = import(folder.path(), "queue-of-theirs", &[], &MODEL, &dir).unwrap();
    let head = &imported.artefact.manifest.heads[0];
    assert_eq!((head.task.as_str(), head.label_set.as_str()), ("queue-of-theirs", "queue-of-theirs@1"));
    assert_eq!((head.labels.as_slice(), head.foreign.len()), (&queues.map(str::to_owned)[..], 0));
    assert!(fs::read_to_string(dir.join("taxonomy.toml")).unwrap().contains("Fraud desk"));

    // Two of them become one queue, under the tree's next number.
    let map = [("Cards EU", "Cards"), ("Cards US", "Cards")];
    let imported =
        import(folder.path(), "queue-of-theirs@2", &map, &MODEL, &out.path().join("fewer")).unwrap();
    let head = &imported.artefact.manifest.heads[0];
    assert_eq!((head.label_set.as_str(), head.labels.len(), head.foreign.len()), ("queue-of-theirs@2", 8, 9));
}

#[test]
fn weights_in_several_files_become_one() {
    let (folder, out) = (theirs("bert"), tempfile::tempdir().unwrap());
    let (whole, piece) = (folder.path().join("model.safetensors"), "model-00001-of-00001.safetensors");
    fs::rename(whole, folder.path().join(piece)).unwrap();
    let index = folder.path().join("model.safetensors.index.json");
    fs::write(&index, json!({"weight_map": {"classifier.bias": "../x.safetensors"}}).to_string()).unwrap();
    let refused =
        import(folder.path(), "product", &[], &MODEL, &out.path().join("x")).unwrap_err().to_string();
    assert!(refused.contains("../x.safetensors"), "{refused}");
    fs::write(&index, json!({"weight_map": {"classifier.bias": piece}}).to_string()).unwrap();
    import(folder.path(), "product", &[], &MODEL, &out.path().join("x")).unwrap();
    assert!(out.path().join("x/model.safetensors").is_file());
}

#[test]
fn what_does_not_fit_is_refused_and_leaves_nothing_behind() {
    let parent = tempfile::tempdir().unwrap();
    let out = parent.path().join("out");
    let refusal = |change: &dyn Fn(&Path), task: &str, models: &ConstantModel| {
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
        (refusal(&as_it_is, "the weather", &MODEL), "task `the weather` must be a word"),
        (
            refusal(&as_it_is, "product", &ConstantModel { logit: f32::NAN, ..MODEL }),
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

/// Over libtorch: what transformers answers with the labels of the golden, summed by what they stand for.
#[cfg(feature = "torch")]
#[test]
fn an_imported_model_answers_with_the_sums_of_its_own_probabilities() {
    use ombud_models::probabilities;
    use ombud_torch::Libtorch;

    let (folder, out) = (theirs("xlm-roberta"), tempfile::tempdir().unwrap());
    fs::write(folder.path().join("tokenizer_config.json"), r#"{"model_max_length": 24}"#).unwrap();
    let names: Vec<String> = (0..9).map(|logit| format!("p{logit}")).collect();
    edit(folder.path(), |config| config["id2label"] = json!(names));
    // Three for one, two for another, two for none, two alone.
    let ours = [
        "Mortgage",
        "",
        "Mortgage",
        "Student loan",
        "Mortgage",
        "",
        "Student loan",
        "Debt collection",
        "Credit reporting",
    ];
    let map = LabelMap(names.iter().cloned().zip(ours.map(str::to_owned)).collect());
    let import = Import {
        source: "theirs",
        folder: folder.path(),
        task: "product",
        own_labels: false,
        labels: &map,
        thresholds: &BTreeMap::new(),
        reads: &Reads::default(),
        out: &out.path().join("mapped"),
    };
    let imported = import.run(&Libtorch).unwrap();
    let head = &imported.artefact.manifest.heads[0];
    let model = Libtorch.load(&imported.artefact).unwrap();
    for expected in json_of(&golden("xlm-roberta").join("expected.json")).as_array().unwrap() {
        let theirs: Vec<f32> = serde_json::from_value(expected["logits"].clone()).unwrap();
        let theirs = probabilities(&theirs, 1.0);
        let prepared = model.prepare(expected["text"].as_str().unwrap());
        let logits = model.replica().classify(&[&prepared]).unwrap().remove(0).remove(0);
        let found = probabilities(&logits, head.temperature);
        let sum = |label: &str| -> f64 { (0..9).filter(|at| ours[*at] == label).map(|at| theirs[at]).sum() };
        for (label, found) in head.labels.iter().map(String::as_str).chain([""]).zip(found) {
            assert!((found - sum(label)).abs() < 1e-4, "{label}: {found} for {}", sum(label));
        }
    }
}
