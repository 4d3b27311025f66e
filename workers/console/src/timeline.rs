//! What has happened to a complaint, record by record: each with the model, the version and the strategy that made it.
//!
//! Field by field, and only what is named here: no narrative, and of a prediction neither its evidence nor what the model
//! weighed. A field that a later record gains is not shown before somebody has thought of it here.

use ombud_contract::{
    codec,
    records::{Feedback, Prediction, RawComplaint, RoutedComplaint, WorkEvent},
};
use ombud_store::{CaseEvent, Kind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// One record of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TimelineEntry {
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// The record's own id.
    pub id: String,
    /// `topic/partition/offset`.
    pub origin: String,
    /// What it says.
    #[serde(flatten)]
    pub event: TimelineEvent,
}

/// What a record of a case says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TimelineEvent {
    /// The complaint came, was corrected or taken back.
    Submission(SubmissionEntry),
    /// A model answered.
    Prediction(PredictionEntry),
    /// It was routed.
    Route(RouteEntry),
    /// A person judged it.
    Verdict(VerdictEntry),
    /// Something was done about it.
    Work(WorkEntry),
    /// Somebody had it explained.
    Explanation,
    /// The record is there and can't be read.
    Unreadable,
}

/// A submission, without what the customer wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "they are the fields of the record")]
pub struct SubmissionEntry {
    pub submission: i32,
    pub withdrawn: bool,
    pub received_at: i64,
    pub channel: String,
    pub language: String,
    #[schema(required)]
    pub legal_entity: Option<String>,
    #[schema(required)]
    pub known_product: Option<String>,
    #[schema(required)]
    pub regulator_sent_at: Option<i64>,
    #[schema(required)]
    pub notice_at: Option<i64>,
}

/// A model's answer, without what it found in the text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "they are the fields of the record")]
pub struct PredictionEntry {
    pub task: String,
    pub role: String,
    pub outcome: String,
    #[schema(required)]
    pub label: Option<String>,
    pub level: String,
    pub confidence: f32,
    pub threshold: f32,
    pub model_id: String,
    pub model_version: String,
    pub strategy_version: i64,
    pub arm: String,
    #[schema(required)]
    pub failure: Option<String>,
    #[schema(required)]
    pub unread: Option<String>,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "they are the fields of the record")]
pub struct RouteEntry {
    pub revision: i64,
    pub why: String,
    pub team: String,
    #[schema(required)]
    pub previous_team: Option<String>,
    pub priority: i32,
    pub vulnerability: String,
    pub needs_human: bool,
    pub human_reasons: Vec<String>,
    pub missing_tasks: Vec<String>,
    pub strategy_version: i64,
}

/// A verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "they are the fields of the record")]
pub struct VerdictEntry {
    pub revision: i64,
    pub verdict: String,
    #[schema(required)]
    pub task: Option<String>,
    #[schema(required)]
    pub label_before: Option<String>,
    #[schema(required)]
    pub label_after: Option<String>,
    #[schema(required)]
    pub from_team: Option<String>,
    #[schema(required)]
    pub to_team: Option<String>,
    pub reason_code: String,
    pub actor: String,
    pub actor_role: String,
    pub source: String,
    #[schema(required)]
    pub model_id: Option<String>,
    #[schema(required)]
    pub model_version: Option<String>,
    #[schema(required)]
    pub retracts: Option<String>,
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "they are the fields of the record")]
pub struct WorkEntry {
    pub work: String,
    pub revision: i64,
    pub actor: String,
    pub actor_role: String,
    pub source: String,
    #[schema(required)]
    pub team: Option<String>,
    #[schema(required)]
    pub lease_id: Option<String>,
    pub reason_code: String,
    #[schema(required)]
    pub outcome: Option<String>,
    #[schema(required)]
    pub cause_code: Option<String>,
    #[schema(required)]
    pub redress_minor: Option<i64>,
    #[schema(required)]
    pub redress_currency: Option<String>,
    #[schema(required)]
    pub vulnerability_code: Option<String>,
    #[schema(required)]
    pub forwarded_to: Option<String>,
    #[schema(required)]
    pub undoes: Option<String>,
}

/// The events of a case in the order in which they happened.
pub(crate) fn timeline(events: &[CaseEvent]) -> Vec<TimelineEntry> {
    let mut ordered: Vec<&CaseEvent> = events.iter().collect();
    ordered.sort_by_key(|event| (event.at, event.kind as i8, event.seq));
    ordered.into_iter().map(entry).collect()
}

fn entry(event: &CaseEvent) -> TimelineEntry {
    let read = match event.kind {
        Kind::Raw => codec::decode(&event.body).ok().map(submitted),
        Kind::Prediction => codec::decode(&event.body).ok().map(predicted),
        Kind::Routed => codec::decode(&event.body).ok().map(routed),
        Kind::Feedback => codec::decode(&event.body).ok().map(judged),
        Kind::Work => codec::decode(&event.body).ok().map(worked),
        Kind::Explanation => Some(TimelineEvent::Explanation),
    };
    TimelineEntry {
        at: event.at,
        id: event.id.clone(),
        origin: event.origin.clone(),
        event: read.unwrap_or(TimelineEvent::Unreadable),
    }
}

fn submitted(raw: RawComplaint) -> TimelineEvent {
    TimelineEvent::Submission(SubmissionEntry {
        submission: raw.submission,
        withdrawn: raw.withdrawn,
        received_at: raw.received_at,
        channel: raw.channel,
        language: raw.language,
        legal_entity: raw.legal_entity,
        known_product: raw.known_product,
        regulator_sent_at: raw.regulator_sent_at,
        notice_at: raw.notice_at,
    })
}

fn predicted(prediction: Prediction) -> TimelineEvent {
    TimelineEvent::Prediction(PredictionEntry {
        task: prediction.task,
        role: symbol(prediction.role),
        outcome: symbol(prediction.outcome),
        label: prediction.label,
        level: prediction.level,
        confidence: number(prediction.confidence),
        threshold: number(prediction.threshold),
        model_id: prediction.model_id,
        model_version: prediction.model_version,
        strategy_version: prediction.strategy_version,
        arm: prediction.arm,
        failure: prediction.failure,
        unread: prediction.unread,
    })
}

fn routed(route: RoutedComplaint) -> TimelineEvent {
    TimelineEvent::Route(RouteEntry {
        revision: route.revision,
        why: symbol(route.why),
        team: route.team,
        previous_team: route.previous_team,
        priority: route.priority,
        vulnerability: route.vulnerability.symbol().to_owned(),
        needs_human: route.needs_human,
        human_reasons: route.human_reasons,
        missing_tasks: route.missing_tasks,
        strategy_version: route.strategy_version,
    })
}

fn judged(feedback: Feedback) -> TimelineEvent {
    TimelineEvent::Verdict(VerdictEntry {
        revision: feedback.revision,
        verdict: symbol(feedback.kind),
        task: feedback.task,
        label_before: feedback.label_before,
        label_after: feedback.label_after,
        from_team: feedback.from_team,
        to_team: feedback.to_team,
        reason_code: feedback.reason_code,
        actor: feedback.actor,
        actor_role: feedback.actor_role,
        source: feedback.source,
        model_id: feedback.model_id,
        model_version: feedback.model_version,
        retracts: feedback.retracts,
    })
}

fn worked(event: WorkEvent) -> TimelineEvent {
    TimelineEvent::Work(WorkEntry {
        work: event.kind.symbol().to_owned(),
        revision: event.revision,
        actor: event.actor,
        actor_role: event.actor_role,
        source: event.source,
        team: event.team,
        lease_id: event.lease_id,
        reason_code: event.reason_code,
        outcome: event.outcome.map(symbol),
        cause_code: event.cause_code,
        redress_minor: event.redress_minor,
        redress_currency: event.redress_currency,
        vulnerability_code: event.vulnerability_code,
        forwarded_to: event.forwarded_to,
        undoes: event.undoes,
    })
}

/// A number that JSON can write.
fn number(value: f32) -> f32 {
    if value.is_finite() { value } else { 0.0 }
}

/// An enum's symbol as it stands in the schema.
fn symbol(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(symbol)) => symbol,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: Kind, at: i64, body: bytes::Bytes) -> CaseEvent {
        CaseEvent {
            complaint_id: "c-1".into(),
            kind,
            seq: at,
            id: format!("id-{at}"),
            at,
            task: None,
            team: None,
            model_id: None,
            model_version: None,
            schema_id: None,
            body,
            origin: format!("complaints.x/0/{at}"),
        }
    }

    #[test]
    fn every_kind_of_record_is_shown_in_its_order_and_neither_narrative_nor_evidence_is() {
        let raw = RawComplaint::new("c-1", "My husband died and they charged me twice.", 1_709_300_000_000);
        let evident = include_str!("../../../schemas/complaints.predictions/examples/valid/evident.json");
        let evident: Prediction = serde_json::from_str(evident).unwrap();
        assert!(!evident.evidence.is_empty(), "the example has evidence, or this test proves nothing");
        let category = evident.evidence[0].category.clone();
        let route =
            include_str!("../../../schemas/complaints.routed/examples/valid/only-what-must-be-there.json");
        let route: RoutedComplaint = serde_json::from_str(route).unwrap();
        let work = include_str!("../../../schemas/complaints.work/examples/valid/final-response.json");
        let work: WorkEvent = serde_json::from_str(work).unwrap();
        let events = [
            event(Kind::Work, 5, codec::encode(&work).unwrap()),
            event(Kind::Explanation, 4, bytes::Bytes::new()),
            event(Kind::Routed, 3, codec::encode(&route).unwrap()),
            event(Kind::Prediction, 2, codec::encode(&evident).unwrap()),
            event(Kind::Raw, 1, codec::encode(&raw).unwrap()),
            event(Kind::Raw, 6, bytes::Bytes::from_static(codec::CORRUPT)),
        ];
        let shown = serde_json::to_value(timeline(&events)).unwrap();
        let kinds: Vec<&str> =
            shown.as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["SUBMISSION", "PREDICTION", "ROUTE", "EXPLANATION", "WORK", "UNREADABLE"]);
        assert_eq!(shown[4]["outcome"], serde_json::to_value(work.outcome).unwrap());
        let text = shown.to_string();
        for hidden in ["husband", "evidence", "logits", "score", &*category] {
            assert!(!text.contains(hidden), "{hidden} is shown: {text}");
        }
    }
}
