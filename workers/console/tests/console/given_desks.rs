//! Desks that explain and write dossiers as a test has them do it: with evidence of every category, and with hostile words where models,
//! teams and strategies may write some.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use ombud_console::{DossierAsk, DossierDesk, DossierRefusal, ExplainDesk, ExplainRefusal, MadeDossier};
use ombud_contract::{
    codec,
    records::{Decision, Prediction, RawComplaint, RoutedComplaint},
};
use ombud_explain::{
    AnswerGiven, AnsweredBy, Bar, BarKind, Contrast, Counterfactual, EvidencePhrase, ExplainJob, Explanation,
    FORMAT, LevelReached, Method, Place, Reproduction, RoutingReason, SentenceShare, Side, UnreadPart,
    WordShare,
};
use ombud_models::EvidenceTable;
use ombud_store::{CaseEvent, Kind};
use serde_json::json;

/// Would act on a page if it were markup.
pub(crate) const HOSTILE: &str = "\"><img src=x onerror=alert(1)>\u{202e}";

/// Both desks.
#[derive(Clone, Default)]
pub(crate) struct GivenDesks {
    pub(crate) explain: Arc<GivenExplain>,
    pub(crate) dossiers: Arc<GivenDossiers>,
}

#[derive(Default)]
pub(crate) struct GivenExplain {
    /// Said instead of an explanation.
    pub(crate) refusal: Mutex<Option<ExplainRefusal>>,
    /// What was asked: task, against, until when.
    pub(crate) asked: Mutex<Vec<(String, Option<String>)>>,
    /// How often a case was read for questions.
    pub(crate) cases: AtomicUsize,
    pub(crate) as_of: Mutex<Option<i64>>,
    /// Stands wherever somebody else than Ombud may write.
    pub(crate) hostile: Mutex<&'static str>,
    pub(crate) is_approximate: Mutex<bool>,
}

#[derive(Default)]
pub(crate) struct GivenDossiers {
    pub(crate) refusal: Mutex<Option<DossierRefusal>>,
    pub(crate) asked: Mutex<Vec<DossierAsk>>,
}

/// Every category of evidence that there is.
pub(crate) fn categories() -> Vec<String> {
    let table = EvidenceTable::newest_for("vulnerable").unwrap();
    table.categories().iter().map(|category| category.name.clone()).collect()
}

fn newest<T: codec::Record>(events: &[CaseEvent], kind: Kind) -> Option<T> {
    let of_kind = events.iter().filter(|event| event.kind == kind);
    of_kind.max_by_key(|event| event.seq).map(|event| codec::decode(&event.body).unwrap())
}

impl ExplainDesk for GivenExplain {
    fn jobs(&self, events: &[CaseEvent], as_of: Option<i64>) -> Result<Vec<ExplainJob>, ExplainRefusal> {
        self.cases.fetch_add(1, Ordering::SeqCst);
        *self.as_of.lock().unwrap() = as_of;
        let raw: Option<RawComplaint> = newest(events, Kind::Raw);
        let route: Option<RoutedComplaint> = newest(events, Kind::Routed);
        let (Some(raw), Some(route)) =
            (raw, route.filter(|route| as_of.is_none_or(|until| route.routed_at <= until)))
        else {
            return Err(ExplainRefusal::NothingDecided("the complaint was not routed by then".into()));
        };
        let example = include_str!("../../../../schemas/complaints.predictions/examples/valid/evident.json");
        let example: Prediction = serde_json::from_str(example).unwrap();
        let prediction = |decision: &Decision| Prediction {
            complaint_id: raw.complaint_id.clone(),
            task: decision.task.clone(),
            label: decision.label.clone(),
            label_set: format!("{}@1", decision.task),
            ..example.clone()
        };
        let predictions: Vec<Prediction> = route.decisions.iter().map(prediction).collect();
        let strategy =
            include_str!("../../../../schemas/models.strategy/examples/valid/only-what-must-be-there.json");
        let job = |prediction: &Prediction| ExplainJob {
            raw: raw.clone(),
            prediction: prediction.clone(),
            predictions: predictions.clone(),
            strategy: serde_json::from_str(strategy).unwrap(),
            route: Some(route.clone()),
            against: None,
        };
        Ok(predictions.iter().map(job).collect())
    }

    fn explain(&self, jobs: &[ExplainJob]) -> Result<Vec<Explanation>, ExplainRefusal> {
        let asked = jobs.iter().map(|job| (job.prediction.task.clone(), job.against.clone()));
        self.asked.lock().unwrap().extend(asked);
        match self.refusal.lock().unwrap().clone() {
            Some(refusal) => Err(refusal),
            None => Ok(jobs.iter().map(|job| self.explanation(job)).collect()),
        }
    }
}

impl GivenExplain {
    fn explanation(&self, job: &ExplainJob) -> Explanation {
        let hostile = *self.hostile.lock().unwrap();
        let is_approximate = *self.is_approximate.lock().unwrap();
        let given = &job.prediction;
        let against = job.against.clone().unwrap_or_else(|| format!("The next{hostile}"));
        let length = job.raw.narrative.chars().count();
        let places = words(&job.raw.narrative);
        let evidence = categories();
        let own = |kind, name: &str, text: String, value| Bar { kind, name: name.into(), text, value };
        let mut bars = vec![
            own(BarKind::Words, &format!("bag{hostile}"), String::new(), 2.1),
            own(BarKind::Hint, "product", format!("because the product reads as Mortgage{hostile}"), 0.8),
            own(BarKind::Baseline, "", String::new(), -0.4),
            own(BarKind::Special, "", String::new(), 0.0),
            own(BarKind::Shift, "", String::new(), 0.1),
            own(BarKind::Arithmetic, "", String::new(), f64::NAN),
            own(BarKind::Error, "", String::new(), 0.01),
        ];
        let spoken = |category: &String| own(BarKind::Evidence, category, format!("it says {category}"), 0.3);
        bars.extend(evidence.iter().map(spoken));
        let sentences = vec![SentenceShare { place: Place { start: 0, end: length }, value: 1.5 }];
        Explanation {
            format: FORMAT,
            complaint_id: given.complaint_id.clone(),
            input_sha256: given.input_sha256.clone(),
            task: given.task.clone(),
            answered_by: AnsweredBy {
                model_id: format!("bag{hostile}"),
                model_version: given.model_version.clone(),
                strategy_version: 1,
                arm: format!("champion{hostile}"),
                arithmetic: "FLOAT".into(),
            },
            answer: AnswerGiven {
                outcome: "LABELLED".into(),
                label: given.label.clone(),
                level: given.task.clone(),
                confidence: 0.873,
                threshold: 0.5,
                levels: vec![LevelReached {
                    level: "group".into(),
                    label: format!("Fraud{hostile}"),
                    confidence: 0.41,
                    threshold: 0.6,
                    is_reached: false,
                }],
                reason: format!("The label reached what it had to{hostile}."),
            },
            reproduction: Reproduction {
                is_reproduced: !is_approximate,
                recorded_label: given.label.clone(),
                label: given.label.clone(),
                recorded_confidence: 0.873,
                confidence: 0.874,
                tolerance: 0.001,
                libtorch: String::new(),
            },
            contrast: Some(Contrast {
                answer: Side {
                    label: given.label.clone().unwrap(),
                    level: given.task.clone(),
                    probability: 0.873,
                },
                against: Side { label: against, level: given.task.clone(), probability: 0.035 },
                value: 3.217,
                bars,
                words: (0..)
                    .zip(&places)
                    .map(|(at, place)| WordShare { place: *place, value: [1.2, -0.7, 0.01][at % 3] })
                    .collect(),
                method: Method {
                    name: "integrated-gradients".into(),
                    baseline: format!("a text of nothing{hostile}"),
                    steps: 32,
                    error: 0.012,
                    is_approximate,
                },
                sentences: if is_approximate { sentences } else { Vec::new() },
                collisions: vec![places[0]],
            }),
            evidence: evidence
                .into_iter()
                .map(|category| EvidencePhrase { category, explicit: true, place: places[1] })
                .collect(),
            // Beyond the end of the text: a place that it does not have.
            unread: vec![UnreadPart {
                member: format!("encoder{hostile}"),
                places: vec![Place { start: length - 3, end: length + 9 }],
            }],
            routing: Some(RoutingReason {
                team: job.route.as_ref().unwrap().team.clone(),
                rule: format!("Cards gets what is about cards{hostile}."),
                clocks: vec![(format!("dispute{hostile}"), 1_709_300_000_000)],
                counterfactual: Counterfactual {
                    sentences: vec![Place { start: 0, end: length }],
                    team: Some("loans".into()),
                    text: "Without that sentence loans would have got it.".into(),
                    texts_tried: 4,
                },
            }),
        }
    }
}

/// Where the words of a text stand.
fn words(text: &str) -> Vec<Place> {
    let mut places = Vec::new();
    let mut begins = None;
    for (at, letter) in text.chars().chain([' ']).enumerate() {
        match (letter.is_alphanumeric(), begins) {
            (true, None) => begins = Some(at),
            (false, Some(start)) => {
                places.push(Place { start, end: at });
                begins = None;
            }
            _ => {}
        }
    }
    places
}

impl DossierDesk for GivenDossiers {
    fn make(&self, ask: &DossierAsk) -> Result<MadeDossier, DossierRefusal> {
        self.asked.lock().unwrap().push(ask.clone());
        if let Some(refusal) = self.refusal.lock().unwrap().clone() {
            return Err(refusal);
        }
        let evidence = if ask.with_evidence { categories() } else { Vec::new() };
        let file = json!({"payload": ask.complaint_id, "evidence": evidence}).to_string().into_bytes();
        Ok(MadeDossier { file })
    }
}
