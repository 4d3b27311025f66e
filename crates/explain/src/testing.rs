//! What the tests start from: a model of plain numbers that can be followed, and a case that it decided.

mod fake_model;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, LazyLock},
};

pub(crate) use fake_model::FakeModel;
use ombud_contract::{
    ids,
    records::{Arm, Decision, Prediction, RawComplaint, Role, RoutedComplaint, Strategy, TaskStrategy, Why},
    taxonomy::Taxonomy,
};
use ombud_models::{
    ActiveStrategy, Answer, Artefact, EvidenceOdds, Facts, Family, Head, Kind, Manifest, Model, Reading,
    Stop, answer, in_label_set_order, route,
};

use crate::{ExplainJob, Explainer, OpenError, OpenModels, OpenedModel};

pub(crate) const MODEL: &str = "complaints";
pub(crate) const TASKS: [&str; 3] = ["product", "issue", "vulnerable"];

pub(crate) fn version() -> String {
    "a".repeat(64)
}

/// A mortgage complaint of several sentences.
pub(crate) const MORTGAGE: &str = "I wrote to the bank about my house in March. The mortgage payment was taken twice and nobody answered me. They said that they would look at it. I am still waiting for them.";

pub(crate) fn head(task: &str) -> Head {
    let label_set = format!("{task}@1");
    let is_flag = task == "vulnerable";
    let thresholds: &[(&str, f64)] = match task {
        "issue" => &[("issue", 0.7), ("group", 0.6), ("intent", 0.5)],
        "vulnerable" => &[("possible", 0.2), ("vulnerable", 0.8)],
        _ => &[],
    };
    let odds = |explicit, hint| EvidenceOdds { explicit, hint };
    let evidence_odds = [("armed_forces", odds(2.5, 0.5)), ("health", odds(1.5, 0.75))];
    Head {
        task: task.to_owned(),
        kind: if is_flag { Kind::Flag } else { Kind::Choice },
        labels: Taxonomy::by_label_set(&label_set).unwrap().leaves().to_vec(),
        label_set,
        temperature: 1.25,
        thresholds: thresholds.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        evidence: is_flag.then(|| "vulnerable@2".to_owned()),
        evidence_odds: if is_flag {
            evidence_odds.into_iter().map(|(name, odds)| (name.to_owned(), odds)).collect()
        } else {
            BTreeMap::new()
        },
        foreign: Vec::new(),
    }
}

fn artefact() -> Artefact {
    let manifest = Manifest {
        format: 1,
        model_id: MODEL.to_owned(),
        family: Family::Blend,
        heads: TASKS.map(head).to_vec(),
        max_tokens: None,
        cleaning: None,
        reads: None,
        metrics: BTreeMap::new(),
        training_manifest_sha256: None,
        parent_version: None,
    };
    Artefact { dir: "/nowhere".into(), version: version(), manifest, files: Vec::new() }
}

/// MegaBank's routing table under a strategy of one arm.
pub(crate) fn strategy() -> Strategy {
    static STRATEGY: LazyLock<Strategy> = LazyLock::new(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/strategy.toml");
        let file: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        let task = |task: &str| TaskStrategy {
            task: task.to_owned(),
            required: true,
            salt: "s".to_owned(),
            review_below: if task == "vulnerable" { 0.0 } else { 0.3 },
            arms: vec![Arm {
                name: "champion".to_owned(),
                model_id: MODEL.to_owned(),
                model_version: version(),
                role: Role::Deciding,
                basis_points: 10_000,
            }],
        };
        Strategy {
            version: 1,
            effective_from: 0,
            tasks: TASKS.map(task).to_vec(),
            deadline_ms: 30_000,
            amend_window_ms: 0,
            audit_basis_points: 0,
            routing: toml::to_string(&file["routing"]).unwrap(),
            changed_by: "test".to_owned(),
            reason: String::new(),
            evaluation_id: None,
            changed_at: 0,
            approvals: 0,
            request_id: None,
            requested_by: None,
            approved_by: Vec::new(),
        }
    });
    STRATEGY.clone()
}

/// The only model that there is.
pub(crate) struct OneModel(pub(crate) Option<OpenedModel>);

impl OpenModels for OneModel {
    fn open(&mut self, _: &str, _: &str) -> Result<OpenedModel, OpenError> {
        self.0.clone().ok_or_else(|| OpenError::Gone("no shelf has it".to_owned()))
    }
}

pub(crate) fn explainer(model: FakeModel) -> Explainer<OneModel> {
    let opened = OpenedModel { artefact: Arc::new(artefact()), model: Arc::new(model) };
    Explainer { models: OneModel(Some(opened)), libtorch: "2.13.0".to_owned(), stop: Stop::never() }
}

/// The jobs of a complaint that `model` decided, in the order of [`TASKS`].
pub(crate) fn jobs(model: &FakeModel, raw: &RawComplaint) -> Vec<ExplainJob> {
    let artefact = artefact();
    let strategy = strategy();
    let active = ActiveStrategy::new(strategy.clone()).unwrap();
    let reading = Reading::of(&raw.narrative, &raw.language);
    let prepared = model.prepare(reading.text());
    let unread = reading.unread(&artefact.manifest.reads(), &prepared);
    let logits = model.replica().classify(&[&prepared]).unwrap().remove(0);
    let predictions: Vec<Prediction> = artefact
        .manifest
        .heads
        .iter()
        .zip(&logits)
        .map(|(head, logits)| {
            let taxonomy = Taxonomy::by_label_set(&head.label_set).unwrap();
            let evidence = head.evidence_in(&raw.narrative);
            let asked = active.task(&head.task).unwrap();
            let answer = match unread {
                Some(_) => Answer::unread(),
                None => answer(head, taxonomy, logits, asked.review_below, &evidence),
            };
            let ordered = in_label_set_order(head, taxonomy, logits).unwrap();
            let input_sha256 = ids::input_sha256(raw);
            Prediction {
                prediction_id: ids::prediction_id(
                    &raw.complaint_id,
                    &input_sha256,
                    &head.task,
                    &version(),
                    Role::Deciding,
                ),
                complaint_id: raw.complaint_id.clone(),
                input_sha256,
                raw_partition: 0,
                raw_offset: 7,
                task: head.task.clone(),
                model_id: MODEL.to_owned(),
                model_version: version(),
                strategy_version: strategy.version,
                arm: "champion".to_owned(),
                role: Role::Deciding,
                outcome: answer.outcome,
                label: answer.label,
                level: answer.level,
                path: answer.path,
                confidence: answer.confidence,
                logits: if unread.is_some() { Vec::new() } else { ordered[..head.labels.len()].to_vec() },
                label_set: head.label_set.clone(),
                threshold: answer.threshold,
                tokens: 0,
                truncated_tokens: 0,
                windows: 1,
                failure: None,
                predicted_at: raw.received_at + 100,
                score: answer.score,
                evidence,
                evidence_table: String::new(),
                unseen_tokens: 0,
                unread: unread.map(|unread| unread.code().to_owned()),
                arithmetic: "FLOAT".to_owned(),
            }
        })
        .collect();
    jobs_from(raw, &predictions, &strategy)
}

/// The same of given predictions.
pub(crate) fn jobs_from(
    raw: &RawComplaint,
    predictions: &[Prediction],
    strategy: &Strategy,
) -> Vec<ExplainJob> {
    let route = routed(raw, predictions, strategy);
    let job = |prediction: &Prediction| ExplainJob {
        raw: raw.clone(),
        prediction: prediction.clone(),
        predictions: predictions.to_vec(),
        strategy: strategy.clone(),
        route: Some(route.clone()),
        against: None,
    };
    predictions.iter().map(job).collect()
}

/// Where join would send it.
pub(crate) fn routed(raw: &RawComplaint, predictions: &[Prediction], strategy: &Strategy) -> RoutedComplaint {
    let active = ActiveStrategy::new(strategy.clone()).unwrap();
    let decisions: Vec<Decision> = predictions.iter().map(Decision::from).collect();
    let facts = Facts {
        complaint_id: &raw.complaint_id,
        language: &raw.language,
        known_product: raw.known_product.as_deref(),
        received_at: raw.received_at,
        regulator_sent_at: None,
        notice_at: None,
        legal_entity: None,
        attributes: &raw.attributes,
        decisions: &decisions,
        missing_tasks: &[],
        unreadable: false,
        withdrawn: false,
    };
    let route = route(&facts, &active);
    RoutedComplaint {
        route_id: format!("route-{}", strategy.version),
        complaint_id: raw.complaint_id.clone(),
        revision: 1,
        why: Why::Complete,
        input_sha256: ids::input_sha256(raw),
        raw_partition: 0,
        raw_offset: 7,
        received_at: raw.received_at,
        routed_at: raw.received_at + 500,
        team: route.team,
        previous_team: None,
        priority: route.priority,
        vulnerability: route.vulnerability,
        needs_human: route.needs_human,
        human_reasons: route.human_reasons,
        decisions,
        missing_tasks: Vec::new(),
        strategy_version: strategy.version,
        writer_epoch: 1,
        channel: raw.channel.clone(),
        customer_ref: None,
        external_ref: None,
        language: raw.language.clone(),
        known_product: raw.known_product.clone(),
        resolve_by: route.resolve_by,
        final_response_by: route.final_response_by,
        legal_entity: None,
        regulator_sent_at: None,
        notice_at: None,
        clock_attributes: route.clock_attributes,
        clocks: route.clocks,
    }
}

pub(crate) fn raw(narrative: &str) -> RawComplaint {
    RawComplaint::new("c-1", narrative, 1_796_000_000_000)
}
