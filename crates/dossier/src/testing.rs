//! A made-up case, for tests: the catalogue's own examples, joined into the history of one complaint.

#![allow(clippy::unwrap_used, reason = "every example is decoded by a test of the catalogue")]

use bytes::Bytes;
use ombud_contract::codec::{self, Record};
use ombud_contract::ids::{feedback_id, input_sha256, prediction_id};
use ombud_contract::records::{
    Arm, AuditEntry, Decision, Feedback, ModelVersion, Prediction, RawComplaint, Role, RoutedComplaint,
    Strategy, TaskStrategy, WorkEvent,
};
use ombud_explain::{
    AnswerGiven, AnsweredBy, Bar, BarKind, Contrast, Counterfactual, EvidencePhrase, Explanation, FORMAT,
    LevelReached, Method, Place, Reproduction, RoutingReason, Side, UnreadPart, WordShare,
};
use ombud_store::{CaseEvent, Row, file_feedback, file_prediction, file_raw, file_routed, file_work};
use ombud_stream::TopicPartition;

use crate::sources::{DossierSources, Exporter, LoggedRecord, Machine, ModelSource};

/// The complaint.
pub const COMPLAINT: &str = "crm-2024-000117";
/// When it was routed first, on 1 May 2024.
pub const ROUTED_AT: i64 = 1_714_557_600_630;
/// When it was exported: three years later.
pub const EXPORTED_AT: i64 = 1_814_400_000_000;

const DAY_MS: i64 = 86_400_000;

macro_rules! example {
    ($topic:literal, $name:literal) => {
        serde_json::from_str(include_str!(concat!(
            "../../../schemas/",
            $topic,
            "/examples/valid/",
            $name,
            ".json"
        )))
        .unwrap()
    };
}

/// The submission of the case.
#[must_use]
pub fn submission() -> RawComplaint {
    example!("complaints.raw", "everything")
}

/// Its three answers; that on vulnerability has evidence.
#[must_use]
pub fn predictions() -> [Prediction; 3] {
    let issue: Prediction = example!("complaints.predictions", "labelled");
    let product = Prediction {
        task: "product".into(),
        label: Some("Checking or savings account".into()),
        level: "product".into(),
        path: vec!["Checking or savings account".into()],
        confidence: 0.93,
        label_set: "product@1".into(),
        ..issue.clone()
    };
    let vulnerable: Prediction = example!("complaints.predictions", "evident");
    [issue, product, vulnerable].map(|prediction| {
        let input = input_sha256(&submission());
        let id =
            prediction_id(COMPLAINT, &input, &prediction.task, &prediction.model_version, prediction.role);
        Prediction { prediction_id: id, complaint_id: COMPLAINT.into(), input_sha256: input, ..prediction }
    })
}

/// Its route.
#[must_use]
pub fn route() -> RoutedComplaint {
    RoutedComplaint {
        complaint_id: COMPLAINT.into(),
        input_sha256: input_sha256(&submission()),
        routed_at: ROUTED_AT,
        decisions: predictions().iter().map(Decision::from).collect(),
        previous_team: None,
        ..example!("complaints.routed", "with-clocks")
    }
}

/// The strategy of that number, in force `from` then; the draws of each number have salts of their own.
#[must_use]
pub fn strategy(version: i64, from: i64) -> Strategy {
    let file: toml::Table = include_str!("../../../models/strategy.toml").parse().unwrap();
    let arm = |name: &str, basis_points| Arm {
        name: name.into(),
        model_id: "bag".into(),
        model_version: predictions()[0].model_version.clone(),
        role: Role::Deciding,
        basis_points,
    };
    let task = |task: &str| TaskStrategy {
        task: task.into(),
        required: true,
        salt: format!("{task}-{version}"),
        review_below: 0.35,
        arms: vec![arm("champion", 9_500), arm("challenger", 500)],
    };
    Strategy {
        version,
        effective_from: from,
        tasks: ["issue", "product", "vulnerable"].map(task).into(),
        routing: toml::to_string(&file["routing"]).unwrap(),
        changed_at: from - 60_000,
        ..example!("models.strategy", "first")
    }
}

/// A record as it lies in a log.
#[must_use]
pub fn logged<T: Record>(record: &T, offset: i64, appended_at: i64) -> LoggedRecord {
    LoggedRecord {
        topic: T::TOPIC.base_name().to_owned(),
        partition: 0,
        offset,
        appended_at,
        value: codec::encode(record).unwrap(),
    }
}

/// The rows that the archive makes of a record of the case, whose value is `value`.
fn filed<T: Record>(
    value: Bytes,
    offset: i64,
    file: impl Fn(&T, &ombud_stream::Record) -> Vec<Row>,
) -> Vec<CaseEvent> {
    let record = codec::decode(&value).unwrap();
    let original = ombud_stream::Record {
        source: TopicPartition::new(T::TOPIC.base_name(), 3),
        offset,
        appended_at: 0,
        key: Some(COMPLAINT.into()),
        value: Some(value),
        headers: Vec::new(),
        original: None,
    };
    let rows = file(&record, &original).into_iter();
    rows.filter_map(|row| if let Row::CaseEvent(event) = row { Some(event) } else { None }).collect()
}

/// A submission as the archive has it.
#[must_use]
pub fn raw_event(raw: &RawComplaint, offset: i64) -> Vec<CaseEvent> {
    filed(codec::encode(raw).unwrap(), offset, file_raw)
}

/// A prediction as the archive has it, by the value that lay in the log: it may be of an older schema.
#[must_use]
pub fn prediction_event(value: Bytes, offset: i64) -> Vec<CaseEvent> {
    filed(value, offset, file_prediction)
}

/// A route as the archive has it.
#[must_use]
pub fn route_event(route: &RoutedComplaint, offset: i64) -> Vec<CaseEvent> {
    filed(codec::encode(route).unwrap(), offset, |route, original| file_routed(route, original, &[]))
}

fn verdict() -> Feedback {
    let route = route();
    let verdict = Feedback {
        complaint_id: COMPLAINT.into(),
        route_id: route.route_id,
        revision: route.revision,
        from_team: Some(route.team),
        decided_at: ROUTED_AT + DAY_MS,
        ..example!("complaints.feedback", "reallocated")
    };
    Feedback { feedback_id: feedback_id(&verdict), ..verdict }
}

fn work() -> [WorkEvent; 2] {
    let claimed: WorkEvent = example!("complaints.work", "claimed");
    let answered: WorkEvent = example!("complaints.work", "final-response");
    let (revision, input) = (route().revision, input_sha256(&submission()));
    let at = |event: WorkEvent, days| {
        let done_at = ROUTED_AT + days * DAY_MS;
        WorkEvent {
            complaint_id: COMPLAINT.into(),
            revision,
            done_at,
            input_sha256: Some(input.clone()),
            ..event
        }
        .named()
    };
    [at(claimed, 2), at(answered, 5)]
}

/// The explanation of the issue.
#[must_use]
pub fn explanation() -> Explanation {
    let [issue, ..] = predictions();
    let label = issue.label.clone();
    let side = |label: &str, probability| Side { label: label.into(), level: "group".into(), probability };
    let word = |start, end, value| WordShare { place: Place { start, end }, value };
    let bar = |kind, name: &str, text: &str, value| Bar { kind, name: name.into(), text: text.into(), value };
    Explanation {
        format: FORMAT,
        complaint_id: COMPLAINT.into(),
        input_sha256: issue.input_sha256.clone(),
        task: issue.task.clone(),
        answered_by: AnsweredBy {
            model_id: issue.model_id,
            model_version: issue.model_version,
            strategy_version: issue.strategy_version,
            arm: issue.arm,
            arithmetic: issue.arithmetic,
        },
        answer: AnswerGiven {
            outcome: "LABELLED".into(),
            label: label.clone(),
            level: issue.level,
            confidence: issue.confidence,
            threshold: issue.threshold,
            levels: vec![LevelReached {
                level: "group".into(),
                label: "Account: managing".into(),
                confidence: 0.71,
                threshold: 0.6,
                is_reached: true,
            }],
            reason: "The issue itself was too unsure: 0.31 where 0.35 is asked.".into(),
        },
        reproduction: Reproduction {
            is_reproduced: true,
            recorded_label: label.clone(),
            label,
            recorded_confidence: issue.confidence,
            confidence: issue.confidence,
            tolerance: 1e-3,
            libtorch: "2.13.0".into(),
        },
        contrast: Some(Contrast {
            answer: side("Account: managing", 0.71),
            against: side("Fees & charges <b>", 0.2),
            value: 1.267_035_098_327_421,
            bars: vec![
                bar(BarKind::Words, "bag", "the words", 0.9),
                bar(
                    BarKind::Hint,
                    "product",
                    "because the product reads as Checking or savings account",
                    0.35,
                ),
                bar(BarKind::Evidence, "armed_forces", "the narrative speaks of armed forces", 1e-7),
            ],
            words: vec![word(2, 5, 0.1), word(6, 13, 0.5), word(17, 26, -0.3), word(27, 30, 0.25)],
            method: Method {
                name: "exact".into(),
                baseline: "no text".into(),
                steps: 0,
                error: 0.0,
                is_approximate: false,
            },
            sentences: Vec::new(),
            collisions: Vec::new(),
        }),
        evidence: vec![EvidencePhrase {
            category: "armed_forces".into(),
            explicit: true,
            place: Place { start: 16, end: 23 },
        }],
        unread: vec![UnreadPart { member: "encoder".into(), places: vec![Place { start: 70, end: 83 }] }],
        routing: Some(RoutingReason {
            team: route().team,
            rule: "Its product is served by this team.".into(),
            clocks: vec![("final-response".into(), 1_719_442_800_000)],
            counterfactual: Counterfactual {
                sentences: Vec::new(),
                team: None,
                text: "No single sentence changes the team.".into(),
                texts_tried: 3,
            },
        }),
    }
}

/// The whole case, exported by who may see evidence and has no reason to have the text.
#[must_use]
pub fn sources() -> DossierSources {
    let route = route();
    let mut events = raw_event(&submission(), route.raw_offset);
    for (prediction, offset) in predictions().iter().zip(20..) {
        events.extend(prediction_event(codec::encode(prediction).unwrap(), offset));
    }
    events.extend(route_event(&route, 30));
    events.extend(filed(codec::encode(&verdict()).unwrap(), 40, file_feedback));
    for (event, offset) in work().iter().zip(50..) {
        events.extend(filed(codec::encode(event).unwrap(), offset, file_work));
    }
    let model: ModelVersion = example!("models.registry", "evaluated");
    let opened = AuditEntry {
        at: ROUTED_AT + 2 * DAY_MS,
        subject: COMPLAINT.into(),
        complaint_id: Some(COMPLAINT.into()),
        ..example!("console.audit", "narrative-opened")
    };
    DossierSources {
        complaint_id: COMPLAINT.into(),
        as_of: None,
        events,
        strategies: vec![logged(&strategy(1, ROUTED_AT - 10 * DAY_MS), 0, ROUTED_AT - 11 * DAY_MS)],
        models: vec![ModelSource {
            model_id: model.model_id.clone(),
            version: model.version.clone(),
            records: vec![logged(&model, 7, model.created_at)],
            card: Ok("# bag\n\nKnown limits: letters of more than 254 tokens.".into()),
        }],
        explanations: Ok(vec![explanation()]),
        audit: Ok(vec![logged(&opened, 3, opened.at)]),
        sees_evidence: true,
        text_reason: None,
        exporter: Exporter {
            actor: "auditor-1".into(),
            roles: vec!["auditor".into()],
            source: "session".into(),
        },
        exported_at: EXPORTED_AT,
        contact: "complaints@megabank.example".into(),
        machine: Machine {
            software: "ombud 0.1.0".into(),
            processor: "a processor".into(),
            libtorch: "2.13.0".into(),
        },
    }
}

/// `file` with one byte changed, `count` times: each byte that is not of a long text in turn (names, type, key id, signature,
/// padding), then bytes of the whole file. The same for the same file.
#[must_use]
pub fn single_byte_changes(file: &[u8], count: usize) -> Vec<Vec<u8>> {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        // xorshift64: https://www.jstatsoft.org/article/view/v008i14
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 33).unwrap()
    };
    let texts: Vec<&[u8]> = file.split(|byte| *byte == b'"').collect();
    let mut places = Vec::new();
    let mut start = 0;
    for text in texts {
        // The quotation mark behind it, and of a long text its first two bytes and its last four: padding and unused bits.
        let end = (start + text.len()).min(file.len() - 1);
        match text.len() {
            0..=100 => places.extend(start..=end),
            _ => places.extend((start..start + 2).chain(end - 4..=end)),
        }
        start = end + 1;
    }
    let changed = (0..count).map(|n| {
        let at = places.get(n).copied().unwrap_or_else(|| random() % file.len());
        let mut changed = file.to_vec();
        // One of the low six bits keeps most letters of base64 among them; else any other byte.
        let mask = if n % 3 == 0 { 1 + random() % 255 } else { 1 << (random() % 6) };
        changed[at] ^= u8::try_from(mask).unwrap();
        changed
    });
    changed.collect()
}
