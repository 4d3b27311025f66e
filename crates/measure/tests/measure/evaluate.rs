//! A file of labelled complaints goes in, figures come out.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use indicatif::ProgressBar;
use ombud_contract::records::{Arm, Outcome, Role, Strategy, TaskStrategy};
use ombud_contract::taxonomy::Taxonomy;
use ombud_measure::evaluate::{
    Evaluate, EvaluateError, Evaluation, Measurement, Resampling, Subject, TaskReport, View, list,
};
use ombud_models::{
    Artefact, Classifier, ClassifyError, Family, Head, Input, Kind, LoadError, LoadModel, Logits, Manifest,
    Model, Prepared,
};

/// Is sure of the product that the narrative names, and that whoever writes "old" is vulnerable.
#[derive(Clone)]
struct Names {
    says: f32,
}

impl LoadModel for Names {
    fn load(&self, _: &Artefact) -> Result<Arc<dyn Model>, LoadError> {
        Ok(Arc::new(self.clone()))
    }
}

fn products() -> &'static [String] {
    Taxonomy::by_label_set("product@1").unwrap().leaves()
}

impl Model for Names {
    fn prepare(&self, narrative: &str) -> Prepared {
        let product = products().iter().position(|product| narrative.contains(product.as_str())).unwrap_or(0);
        let columns = vec![u32::try_from(product).unwrap(), u32::from(narrative.contains("old"))];
        let input = Input::Columns { columns, weights: vec![1.0, 1.0] };
        Prepared { input, tokens: 2, truncated_tokens: 0, unseen_tokens: 0, windows: 1 }
    }

    fn replica(&self) -> Box<dyn Classifier> {
        Box::new(self.clone())
    }
}

impl Classifier for Names {
    fn classify(&mut self, batch: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
        let one_hot = |place: u32, of: usize| {
            (0..of).map(|at| if at == place as usize { self.says } else { 0.0 }).collect::<Vec<f32>>()
        };
        let logits = |prepared: &&Prepared| match &prepared.input {
            Input::Columns { columns, .. } => {
                vec![one_hot(columns[0], products().len()), one_hot(columns[1], 2)]
            }
            Input::Tokens(_) | Input::Members(_) => Vec::new(),
        };
        Ok(batch.iter().map(logits).collect())
    }
}

fn head(task: &str, kind: Kind) -> Head {
    let label_set = format!("{task}@1");
    Head {
        task: task.into(),
        kind,
        labels: Taxonomy::by_label_set(&label_set).unwrap().leaves().to_vec(),
        label_set,
        temperature: 1.0,
        thresholds: BTreeMap::new(),
        evidence: None,
        evidence_odds: BTreeMap::new(),
        foreign: Vec::new(),
    }
}

fn artefact(model_id: &str) -> Artefact {
    let manifest = Manifest {
        format: 1,
        model_id: model_id.into(),
        family: Family::Bag,
        heads: vec![head("product", Kind::Choice), head("vulnerable", Kind::Flag)],
        max_tokens: None,
        cleaning: None,
        reads: None,
        metrics: BTreeMap::new(),
        training_manifest_sha256: None,
        parent_version: None,
    };
    Artefact { dir: PathBuf::new(), version: format!("{model_id} version"), manifest, files: Vec::new() }
}

const HEADER: &str = "complaint_id,date_received,product,issue,narrative,tags,tags_known";

fn evaluate(rows: &[String], threads: usize, says: f32) -> Result<Evaluation, EvaluateError> {
    Ok(measure(rows, threads, Names { says })?.evaluation(&view()))
}

fn view() -> View {
    View { resampling: Resampling { seed: 1, draws: 50 }, ..View::default() }
}

fn measure(rows: &[String], threads: usize, model: Names) -> Result<Measurement, EvaluateError> {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("labelled.csv");
    std::fs::write(&data, format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
    let subjects = vec![Subject::whole(&artefact("names"), &model)?];
    Evaluate { subjects, threads, resampling: view().resampling, columns: Vec::new(), dates: None }
        .measure(&data, &ProgressBar::hidden())
}

fn many() -> Vec<String> {
    let row = |n: usize| {
        let product = &products()[n % 7];
        let words = &products()[if n.is_multiple_of(3) { 0 } else { n % 7 }];
        format!("{n},20{:02}-05-06,\"{product}\",,\"about {words}\",,False", 20 + n % 6)
    };
    (0..500).map(row).collect()
}

fn product(evaluation: &Evaluation) -> (usize, Option<f64>) {
    match &evaluation.tasks["product"] {
        TaskReport::Choice(report) => (report.rows, report.accuracy),
        other => panic!("{other:?}"),
    }
}

#[test]
fn rows_count_for_the_tasks_that_they_are_labelled_for() {
    let rows = [
        "1,2024-01-01,Mortgage,,the old Mortgage,Older American,True",
        "2,2023-12-31,Mortgage,,the Student loan,,True",
        "3,2025-01-01,no product of ours,,the Mortgage,,False",
        "4,2025-01-01,Student loan,,,,True",
    ];
    let evaluation = evaluate(&rows.map(String::from), 2, 5.0).unwrap();
    assert_eq!((evaluation.rows, evaluation.rejected, evaluation.recent.rows), (3, 1, 2));
    assert_eq!(product(&evaluation), (2, Some(0.5)));
    let json = serde_json::to_value(&evaluation).unwrap();
    assert_eq!(json["recent"]["product"]["accuracy"], 1.0);
    assert_eq!(json["tasks"]["vulnerable"]["rows"], 2);
    assert_eq!(json["tasks"]["vulnerable"]["precision_at_recall_60"], 1.0);
    assert_eq!(json["models"][0]["version"], "names version");
    assert!(evaluation.tables().contains("from 2024 on"));
}

#[test]
fn what_a_narrative_says_outright_is_judged_and_listed_as_it_serves() {
    let mut artefact = artefact("names");
    let head = &mut artefact.manifest.heads[1];
    head.thresholds = [("possible".to_owned(), 0.6), ("vulnerable".to_owned(), 0.999)].into();
    head.evidence = Some("vulnerable@1".to_owned());
    let subjects = vec![Subject::whole(&artefact, &Names { says: 5.0 }).unwrap()];
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("labelled.csv");
    let rows = [
        "1,2024-01-01,,,I am a veteran and they charged fees,Servicemember,True",
        "2,2024-01-01,,,I lost my job and they charged fees,,True",
        "3,2024-01-01,,,they charged the old fees again,Older American,True",
        "4,2024-01-01,,,they charged the fees again,,True",
    ];
    std::fs::write(&data, format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();

    let mut said = Vec::new();
    list(&subjects, &BTreeMap::new(), &data, |listed| {
        said.extend(listed.label.filter(|_| listed.task == "vulnerable").zip(Some(listed.confidence)));
        Ok::<_, EvaluateError>(())
    })
    .unwrap();
    let labels: Vec<&str> = said.iter().map(|(label, _)| label.as_str()).collect();
    assert_eq!(labels, ["VULNERABLE", "POSSIBLE", "POSSIBLE", "NOT_INDICATED"]);
    assert!(said[0].1 < 0.01 && said[2].1 > 0.99, "the score is the model's own: {said:?}");

    let evaluate =
        Evaluate { subjects, threads: 1, resampling: view().resampling, columns: Vec::new(), dates: None };
    let evaluation = evaluate.measure(&data, &ProgressBar::hidden()).unwrap().evaluation(&view());
    let served = |name: &str| {
        let at = &evaluation.served["vulnerable"][name];
        (at.precision, at.recall, at.flag_rate, at.by_evidence)
    };
    assert_eq!(served("vulnerable"), (Some(1.0), Some(0.5), Some(0.25), Some(1.0)));
    assert_eq!(served("possible"), (Some(2.0 / 3.0), Some(1.0), Some(0.75), Some(2.0 / 3.0)));
    assert!(evaluation.markdown("labelled.csv").contains("vulnerable, possible"));
}

#[test]
fn what_is_answered_is_counted_under_the_strategys_review_below() {
    let measured = measure(&many(), 2, Names { says: 5.0 }).unwrap();
    // It is .949 sure of every product.
    let under = |review_below: f64| {
        let review_below = [("product".to_owned(), review_below)].into();
        measured.evaluation(&View { review_below, per_day: 1_000, ..view() })
    };
    let given = under(0.9);
    let answered = &given.answered["product"];
    assert_eq!((answered.all.share, answered.reviews_per_day), (Some(1.0), 0.0));
    assert_eq!((answered.all.right, answered.levels[0].given.right), (product(&given).1, product(&given).1));
    assert!(given.markdown("labelled.csv").contains("product: by people"));
    assert!(!given.answered.contains_key("vulnerable"));
    let none = &under(0.96).answered["product"];
    assert_eq!((none.levels[0].from, none.all.answers, none.reviews_per_day), (0.96, 0, 1_000.0));
    assert_eq!((none.all.right, none.all.interval), (None, None));
}

#[test]
fn what_the_model_cannot_read_is_counted_and_listed_without_an_answer() {
    let rows = [
        "1,2024-01-01,Mortgage,,they charged the Mortgage twice,,True",
        "2,2024-01-01,Mortgage,,\"Mortgage: j'ai 85 ans, je suis aveugle\",,True",
        "3,2024-01-01,Mortgage,,the Mortgage,,True",
    ];
    let evaluation = evaluate(&rows.map(String::from), 1, 5.0).unwrap();
    let counted: BTreeMap<String, usize> =
        [("language".to_owned(), 1), ("too-few-words".to_owned(), 1)].into();
    assert_eq!((evaluation.unread, evaluation.unread_for), (2, counted));
    assert_eq!(evaluation.rows, 3, "the figures are of all rows");

    let subjects = vec![Subject::whole(&artefact("names"), &Names { says: 5.0 }).unwrap()];
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("labelled.csv");
    std::fs::write(&data, format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
    let mut said = Vec::new();
    list(&subjects, &BTreeMap::new(), &data, |listed| {
        said.push((listed.complaint_id, listed.outcome, listed.label.is_some()));
        Ok::<_, EvaluateError>(())
    })
    .unwrap();
    let unread = |id: &str| {
        said.iter().filter(|said| said.0 == id).all(|said| (said.1, said.2) == (Outcome::Abstained, false))
    };
    assert!(said.len() == 6 && !unread("1") && unread("2") && unread("3"), "{said:?}");
}

#[test]
fn threads_change_nothing_in_the_figures() {
    let alone = evaluate(&many(), 1, 5.0).unwrap();
    assert_eq!(alone.rows, 500);
    assert_eq!(alone, evaluate(&many(), 4, 5.0).unwrap());
}

#[test]
fn a_model_that_gives_no_numbers_stops_the_evaluation() {
    let stopped = evaluate(&many(), 2, f32::NAN).unwrap_err();
    assert!(stopped.to_string().contains("model names gives logits that are not"), "{stopped}");
}

#[test]
fn a_file_without_rows_gives_null_figures() {
    let json = serde_json::to_value(evaluate(&[], 1, 5.0).unwrap()).unwrap();
    assert!(json["tasks"]["product"]["accuracy"].is_null());
    assert!(json["recent"]["vulnerable"]["pr_auc"].is_null());
}

#[test]
fn complaints_are_counted_apart_and_too_few_say_nothing() {
    let json = serde_json::to_value(evaluate(&many(), 2, 5.0).unwrap()).unwrap();
    let slices = &json["slices"];
    assert_eq!(slices["least_rows"], 30);
    for dimension in ["product", "length", "year", "source", "channel"] {
        let rows: u64 =
            slices[dimension].as_array().unwrap().iter().map(|s| s["rows"].as_u64().unwrap()).sum();
        assert_eq!(rows, 500, "{dimension}");
    }
    let first = &slices["product"][0];
    assert_eq!(first["name"], products()[0].as_str());
    assert_eq!(first["tasks"]["product"]["accuracy"], 1.0);
    assert!(first["tasks"]["product"]["intervals"]["accuracy"][0].as_f64().unwrap() > 0.9);
    assert!(first["tasks"]["product"]["macro_f1"].is_null(), "one true label has no average");

    let few = evaluate(&many()[..20], 1, 5.0).unwrap();
    let json = serde_json::to_value(&few).unwrap();
    let slice = &json["slices"]["length"][0]["tasks"]["product"];
    assert_eq!(slice["rows"], 20);
    assert!(slice["accuracy"].is_null() && slice["intervals"]["accuracy"].is_null());
    assert!(few.tables().contains("too few to say, fewer than 30 rows"));
}

#[test]
fn in_the_natural_mix_rare_products_count_less() {
    // Credit reporting, 62 %, is never answered right; the others always.
    let row = |product: &str, words: &str, n: usize| {
        format!("{n},2024-05-06,\"{product}\",,\"the {words}\",,False")
    };
    let mut rows = vec![row("Credit reporting", "Mortgage", 0)];
    let others = products().iter().filter(|product| *product != "Credit reporting");
    rows.extend(others.enumerate().map(|(n, product)| row(product, product, n + 1)));
    let json = serde_json::to_value(evaluate(&rows, 1, 5.0).unwrap()).unwrap();
    let accuracy = |of: &serde_json::Value| of["product"]["accuracy"].as_f64().unwrap();
    assert!((accuracy(&json["tasks"]) - 8.0 / 9.0).abs() < 1e-9);
    assert!((accuracy(&json["natural_mix"]["tasks"]) - 0.38).abs() < 1e-9);
    assert!(json["natural_mix"]["missing"]["product"].as_array().unwrap().is_empty());
}

#[test]
fn a_better_model_is_told_from_chance_and_one_like_it_is_not() {
    let rows = many();
    let sure = measure(&rows, 2, Names { says: 5.0 }).unwrap();
    let flat = measure(&rows, 2, Names { says: 0.0 }).unwrap();
    let better = sure.compare(&flat, view().resampling);
    let json = serde_json::to_value(&better).unwrap();
    assert_eq!(json["tasks"]["product"]["mcnemar"]["real"], true);
    assert_eq!(json["tasks"]["product"]["mcnemar"]["test"], "chi-squared");
    assert!(better.says()[0].starts_with("product: +"), "{:?}", better.says());

    let same = sure.compare(&measure(&rows, 1, Names { says: 6.0 }).unwrap(), view().resampling);
    let json = serde_json::to_value(&same).unwrap();
    assert_eq!(json["tasks"]["product"]["mcnemar"]["p"], 1.0);
    assert_eq!(json["tasks"]["product"]["accuracy"]["difference"], 0.0);
    assert!(same.says()[0].contains("not real at 5 %"), "{:?}", same.says());
}

#[test]
fn page_and_card_hold_every_part_and_no_narrative() {
    let measured = measure(&many(), 2, Names { says: 5.0 }).unwrap();
    let mut evaluation = measured.evaluation(&view());
    evaluation.against = Some(measured.compare(&measured, view().resampling));
    let html = evaluation.html("labelled.csv");
    for part in
        ["natural mix", "Reliability", "By channel", "dial of product", "Confusion of product", "<svg"]
    {
        assert!(html.contains(part), "{part}");
    }
    let card = evaluation.markdown("labelled.csv");
    for part in ["## Evaluation on labelled.csv", "Against the other", "By source", "Accuracy by share kept"]
    {
        assert!(card.contains(part), "{part}");
    }
    assert!(evaluation.dial_tables().contains("more reviews a day at 5,000 complaints"));
    assert!(evaluation.against_tables().contains("not real at 5 %"));
    for shown in [html, card, evaluation.tables()] {
        assert!(!shown.contains("about Mortgage") && !shown.contains("NaN"));
    }
}

fn arm(name: &str, role: Role, basis_points: i32) -> Arm {
    Arm {
        name: name.into(),
        model_id: name.into(),
        model_version: format!("{name} version"),
        role,
        basis_points,
    }
}

fn strategy(tasks: Vec<(&str, Vec<Arm>)>) -> Strategy {
    let task = |(task, arms): (&str, Vec<Arm>)| TaskStrategy {
        task: task.into(),
        required: true,
        salt: String::new(),
        review_below: 0.0,
        arms,
    };
    Strategy {
        approvals: 0,
        request_id: None,
        requested_by: None,
        approved_by: Vec::new(),
        version: 1,
        effective_from: 0,
        tasks: tasks.into_iter().map(task).collect(),
        deadline_ms: 1,
        amend_window_ms: 1,
        audit_basis_points: 0,
        routing: String::new(),
        changed_by: String::new(),
        reason: String::new(),
        evaluation_id: None,
        changed_at: 0,
    }
}

#[test]
fn by_default_each_task_is_measured_on_its_champion() {
    let strategy = strategy(vec![
        ("product", vec![arm("new", Role::Deciding, 500), arm("old", Role::Deciding, 9_500)]),
        ("vulnerable", vec![arm("old", Role::Shadow, 10_000), arm("new", Role::Deciding, 10_000)]),
    ]);
    let artefacts = [artefact("new"), artefact("old"), artefact("idle")];
    let loader = Names { says: 5.0 };
    let subjects = Subject::champions(&strategy, &artefacts, &loader).unwrap();
    let asked: Vec<_> = subjects.iter().map(Subject::evaluated).collect();
    assert_eq!(
        (asked[0].model_id.as_str(), asked[0].tasks.as_slice()),
        ("new", &["vulnerable".to_owned()][..])
    );
    assert_eq!((asked[1].model_id.as_str(), asked[1].tasks.as_slice()), ("old", &["product".to_owned()][..]));
    assert_eq!(asked.len(), 2);

    let missing = Subject::champions(&strategy, &artefacts[..1], &loader).err().unwrap();
    assert!(missing.to_string().starts_with("find the champion of task product"), "{missing}");
}
