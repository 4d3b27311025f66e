//! A file of labelled complaints goes in, figures come out.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use indicatif::ProgressBar;
use ombud_contract::records::{Arm, Role, Strategy, TaskStrategy};
use ombud_contract::taxonomy::Taxonomy;
use ombud_learn::evaluate::{Evaluate, EvaluateError, Evaluation, Resampling, Subject, TaskReport};
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
        Prepared { input, tokens: 2, truncated_tokens: 0, windows: 1 }
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
            Input::Tokens(_) => Vec::new(),
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
    }
}

fn artefact(model_id: &str) -> Artefact {
    let manifest = Manifest {
        format: 1,
        model_id: model_id.into(),
        family: Family::Bag,
        heads: vec![head("product", Kind::Choice), head("vulnerable", Kind::Flag)],
        max_tokens: None,
        metrics: BTreeMap::new(),
        training_manifest_sha256: None,
        parent_version: None,
    };
    Artefact { dir: PathBuf::new(), version: format!("{model_id} version"), manifest, files: Vec::new() }
}

const HEADER: &str = "complaint_id,date_received,product,issue,narrative,tags,tags_known";

fn evaluate(rows: &[String], threads: usize, says: f32) -> Result<Evaluation, EvaluateError> {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("labelled.csv");
    std::fs::write(&data, format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
    let subjects = vec![Subject::whole(&artefact("names"), &Names { says })?];
    let resampling = Resampling { seed: 1, draws: 50 };
    Evaluate { subjects, threads, resampling }.run(&data, &ProgressBar::hidden())
}

fn many() -> Vec<String> {
    let row = |n: usize| {
        let product = &products()[n % 7];
        let told = &products()[if n.is_multiple_of(3) { 0 } else { n % 7 }];
        format!("{n},20{:02}-05-06,\"{product}\",,\"about {told}\",,False", 20 + n % 6)
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
