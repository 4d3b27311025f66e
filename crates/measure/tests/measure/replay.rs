//! Two models answer the same complaints, and the differences are reported.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use indicatif::ProgressBar;
use ombud_contract::{
    records::{Arm, RawComplaint, Role, Strategy, TaskStrategy},
    taxonomy::Taxonomy,
};
use ombud_measure::replay::{Document, LeftOut, Replay, ReplayError, Sides, Span};
use ombud_models::{
    ActiveStrategy, Artefact, Blame, Classifier, ClassifyError, Family, FirstStrategy, Head, HostFault,
    Input, Kind, LoadError, LoadModel, Logits, Manifest, Model, Prepared,
};
use ombud_stream::Outage;

/// Knows the products that it is loaded with, by their names in a narrative.
struct Loader {
    loads: AtomicUsize,
}

#[derive(Clone)]
struct Names(Arc<[String]>);

impl LoadModel for Loader {
    fn load(&self, artefact: &Artefact) -> Result<Arc<dyn Model>, LoadError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        Ok(Arc::new(Names(artefact.manifest.heads[0].labels.clone().into())))
    }
}

impl Model for Names {
    fn prepare(&self, narrative: &str) -> Prepared {
        let named = self.0.iter().rposition(|label| narrative.contains(label.as_str())).unwrap_or(0);
        let refuse = u32::from(narrative.contains("unscorable"));
        // As many tokens as words, so that texts are packed by their length.
        let words = narrative.split(' ').count();
        let ids = [vec![u32::try_from(named).unwrap(), refuse], vec![0; words]].concat();
        Prepared { input: Input::Tokens(ids), tokens: 1, truncated_tokens: 0, unseen_tokens: 0, windows: 1 }
    }

    fn replica(&self) -> Box<dyn Classifier> {
        Box::new(self.clone())
    }
}

impl Classifier for Names {
    fn classify(&mut self, batch: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
        let score = |prepared: &&Prepared| match &prepared.input {
            Input::Tokens(ids) if ids[1] == 0 => {
                let logit = |at: usize| if at == ids[0] as usize { 9.0 } else { 0.0 };
                Some(vec![(0..self.0.len()).map(logit).collect()])
            }
            _ => None,
        };
        let scored: Option<Vec<Logits>> = batch.iter().map(score).collect();
        scored.ok_or(ClassifyError {
            model: "names",
            rows: batch.len(),
            what: "unscorable".into(),
            blame: Blame::Host(HostFault::Compute),
        })
    }
}

fn artefact(model_id: &str, tree: &Taxonomy) -> Artefact {
    let head = Head {
        task: tree.task().to_owned(),
        kind: Kind::Choice,
        labels: tree.leaves().to_vec(),
        label_set: tree.label_set().to_owned(),
        temperature: 1.0,
        thresholds: BTreeMap::new(),
        evidence: None,
        evidence_odds: BTreeMap::new(),
        foreign: Vec::new(),
    };
    let manifest = Manifest {
        format: 1,
        model_id: model_id.into(),
        family: Family::Bag,
        heads: vec![head],
        max_tokens: None,
        cleaning: None,
        reads: None,
        metrics: BTreeMap::new(),
        training_manifest_sha256: None,
        parent_version: None,
    };
    let version = format!("{:0>64}", model_id.len());
    Artefact { dir: PathBuf::new(), version, manifest, files: Vec::new() }
}

fn products() -> &'static Taxonomy {
    Taxonomy::by_label_set("product@1").unwrap()
}

/// Our products but one, and one that no routing table knows.
fn other_products() -> &'static Taxonomy {
    let known = products().leaves().iter().filter(|label| *label != "Student loan").cloned();
    Taxonomy::flat("product", 4_711, known.chain(["Crypto assets".to_owned()]).collect()).unwrap()
}

/// MegaBank's, whose product `champion` decides alone.
fn strategy(champion: &Artefact) -> ActiveStrategy {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let first = FirstStrategy::read(&models.join("strategy.toml"), &models, "test", 0).unwrap().record;
    let arm = Arm {
        name: "champion".into(),
        model_id: champion.manifest.model_id.clone(),
        model_version: champion.version.clone(),
        basis_points: 10_000,
        role: Role::Deciding,
    };
    let product = first.tasks.iter().find(|task| task.task == "product").unwrap();
    let product = TaskStrategy { arms: vec![arm], ..product.clone() };
    ActiveStrategy::new(Strategy { tasks: vec![product], ..first }).unwrap()
}

fn complaints(narratives: &[&str]) -> Vec<Result<RawComplaint, Outage>> {
    let complaint = |(at, narrative): (usize, &&str)| {
        // Enough English to be read.
        let narrative = format!("{narrative}: they charged me twice and will not refund it");
        let raw = RawComplaint::new(format!("c-{at}"), narrative, 1_700_000_000_000);
        Ok(RawComplaint { language: "en".into(), ..raw })
    };
    narratives.iter().enumerate().map(complaint).collect()
}

fn replayed(candidate: &Artefact, narratives: &[&str], threads: usize) -> (Document, usize) {
    let champion = artefact("champion", products());
    let strategy = strategy(&champion);
    let loader = Loader { loads: AtomicUsize::new(0) };
    let sides = Sides::load(&strategy.record, &[champion], candidate, &[], &loader).unwrap();
    let replay = Replay { sides: &sides, strategy: &strategy, threads, token_budget: 64 };
    let replayed = replay.run(complaints(narratives), &ProgressBar::hidden()).unwrap();
    let data = Span { since: "2026-01-01T00:00:00Z".into(), until: "2026-02-01T00:00:00Z".into() };
    (replayed.document(&replay, data, LeftOut::default()), loader.loads.into_inner())
}

#[test]
fn a_label_that_the_routing_table_lacks_goes_to_triage_and_one_that_the_candidate_lacks_is_told() {
    let said = ["Mortgage and Crypto assets", "Mortgage", "Student loan", "Credit reporting"];
    let (document, _) = replayed(&artefact("candidate", other_products()), &said, 1);
    let changed: Vec<_> = document
        .changed
        .iter()
        .map(|one| {
            (
                one.complaint_id.as_str(),
                one.team.candidate.as_str(),
                one.answers["product"].candidate.answer("product"),
            )
        })
        .collect();
    let first = products().leaves()[0].as_str();
    let triage = strategy(&artefact("champion", products())).routing.triage_desk;
    let elsewhere = document.changed[1].team.candidate.clone();
    assert_eq!(
        changed,
        [("c-0", triage.as_str(), "Crypto assets".to_owned()), ("c-2", elsewhere.as_str(), first.to_owned())]
    );
    assert_eq!((document.rows, document.figures["changed.product"]), (4, 2.0));
    assert_eq!(document.champions.keys().collect::<Vec<_>>(), ["product"]);
    let html = ombud_measure::replay::page(&document, "0123456789abcdef");
    assert!(html.contains("Crypto assets") && html.contains("<summary>Student loan → "), "{html}");
}

#[test]
fn a_text_that_can_not_be_scored_fails_alone_and_on_both_sides() {
    let said = ["Mortgage", "unscorable Mortgage", "Student loan"];
    let (document, _) = replayed(&artefact("candidate", other_products()), &said, 1);
    let product = &document.aspects.iter().find(|aspect| aspect.name == "product").unwrap();
    assert_eq!((product.stay["no answer"], product.stay["Mortgage"], product.changed), (1, 1, 1));
}

#[test]
fn a_text_that_no_side_can_read_is_unsure_on_both_and_goes_to_people() {
    let champion = artefact("champion", products());
    let candidate = artefact("candidate", other_products());
    let strategy = strategy(&champion);
    let loader = Loader { loads: AtomicUsize::new(0) };
    let sides = Sides::load(&strategy.record, &[champion], &candidate, &[], &loader).unwrap();
    let replay = Replay { sides: &sides, strategy: &strategy, threads: 1, token_budget: 64 };
    let french = RawComplaint::new("c-1", "Mortgage: j'ai 85 ans, je suis aveugle", 1_700_000_000_000);
    let replayed = replay.run([Ok(french)], &ProgressBar::hidden()).unwrap();
    let data = Span { since: "2026-01-01T00:00:00Z".into(), until: "2026-02-01T00:00:00Z".into() };
    let document = replayed.document(&replay, data, LeftOut::default());
    let product = document.aspects.iter().find(|aspect| aspect.name == "product").unwrap();
    assert_eq!((product.stay["unsure"], document.changed.len()), (1, 0));
    let team = document.aspects.iter().find(|aspect| aspect.name == "team").unwrap();
    assert_eq!(team.stay[&strategy.routing.triage_desk], 1);
}

#[test]
fn who_decides_already_is_asked_once_and_changes_nothing() {
    let said: Vec<String> =
        (0..600).map(|n| format!("{} {}", products().leaves()[n % 9], "x ".repeat(n % 40))).collect();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    let (document, loads) = replayed(&artefact("champion", products()), &said, 3);
    assert_eq!((document.rows, document.changed.len(), loads), (600, 0, 1));
}

#[test]
fn however_many_threads_the_evaluation_is_the_same() {
    let said: Vec<String> =
        (0..700).map(|n| format!("{} {}", products().leaves()[n % 9], "x ".repeat(n % 40))).collect();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    let candidate = artefact("candidate", other_products());
    let (one, _) = replayed(&candidate, &said, 1);
    let (three, _) = replayed(&candidate, &said, 3);
    assert!(!one.changed.is_empty() && one == three);
    // To the letter: its content gives the evaluation's id.
    assert_eq!(serde_json::to_string(&one).unwrap(), serde_json::to_string(&three).unwrap());
}

#[test]
fn a_task_that_only_one_side_answers_is_refused_by_name() {
    let champion = artefact("champion", products());
    let strategy = strategy(&champion);
    let loader = Loader { loads: AtomicUsize::new(0) };
    let candidate = artefact("candidate", other_products());
    let refused = |candidate: &Artefact, tasks: &[&str]| -> String {
        let tasks: Vec<String> = tasks.iter().map(|&task| task.to_owned()).collect();
        let champions = [champion.clone()];
        let sides = Sides::load(&strategy.record, &champions, candidate, &tasks, &loader);
        let refused: ReplayError = sides.err().unwrap();
        refused.to_string()
    };
    assert!(refused(&candidate, &["issue"]).contains("strategy 1 decides product"));
    let harm = Taxonomy::flat("harm", 1, vec!["money".into(), "access".into()]).unwrap();
    assert!(refused(&artefact("harm", harm), &["product"]).contains("harm answers harm"));
    assert!(refused(&artefact("harm", harm), &[]).contains("that is all that harm answers"));
}

#[test]
fn an_outage_of_the_store_ends_the_replay() {
    let champion = artefact("champion", products());
    let strategy = strategy(&champion);
    let loader = Loader { loads: AtomicUsize::new(0) };
    let sides =
        Sides::load(&strategy.record, std::slice::from_ref(&champion), &champion, &[], &loader).unwrap();
    let replay = Replay { sides: &sides, strategy: &strategy, threads: 2, token_budget: 64 };
    let outage = Err(Outage::passing("read case c-1", "no answer"));
    let read = complaints(&["Mortgage"]).into_iter().chain([outage]).chain(complaints(&["Mortgage"]));
    assert!(replay.run(read, &ProgressBar::hidden()).is_err());
}
