//! How a record is filed: the rows that it leaves in the store.
//!
//! Plain functions of the decoded record and of the original, whose bytes and place are kept beside it.

use bytes::Bytes;
use ombud_contract::{
    codec, ids,
    records::{Feedback, ModelVersion, Prediction, RawComplaint, RoutedComplaint, Strategy, WorkEvent},
};
use ombud_stream::Record;

use crate::{
    alike::ErasedSketch,
    day::day_of,
    queue::{Place, is_at, requeue},
    row::{CaseEvent, CustomerCase, FeedbackDay, Kind, ModelDecision, ModelRow, Row, StrategyRow, symbol},
};

/// A submission: the only row with a narrative, and the customer's way to the case.
pub fn file_raw(raw: &RawComplaint, original: &Record) -> Vec<Row> {
    let mut rows = vec![Row::CaseEvent(CaseEvent {
        seq: raw.submission.into(),
        at: raw.received_at,
        ..event(Kind::Raw, &raw.complaint_id, ids::input_sha256(raw), original)
    })];
    if let Some(customer_ref) = raw.customer_ref.clone().filter(|customer| !customer.is_empty()) {
        let (received_at, complaint_id) = (raw.received_at, raw.complaint_id.clone());
        rows.push(Row::CustomerCase(CustomerCase { customer_ref, received_at, complaint_id }));
    }
    rows
}

/// A raw record that nobody can read and that names no complaint: the case of its place says which dead letter has its
/// bytes. In the triage desk's queue it is put by its route, as every case is.
pub fn file_unnamed(original: &Record) -> Vec<Row> {
    let (partition, offset) = (original.source.partition, original.offset);
    let id = ids::dead_letter_id(&original.source.topic, partition, offset);
    vec![Row::CaseEvent(CaseEvent {
        at: original.appended_at,
        body: Bytes::new(),
        ..event(Kind::Raw, &ids::unnamed_id(partition, offset), id, original)
    })]
}

/// A model's answer: in the case, and in the model's own list.
pub fn file_prediction(prediction: &Prediction, original: &Record) -> Vec<Row> {
    let p = prediction.clone();
    vec![
        Row::CaseEvent(CaseEvent {
            seq: p.raw_offset,
            at: p.predicted_at,
            task: Some(p.task.clone()),
            model_id: Some(p.model_id.clone()),
            model_version: Some(p.model_version.clone()),
            ..event(Kind::Prediction, &p.complaint_id, p.prediction_id.clone(), original)
        }),
        Row::Decision(ModelDecision {
            model_id: p.model_id,
            model_version: p.model_version,
            day: day_of(p.predicted_at),
            complaint_id: p.complaint_id,
            prediction_id: p.prediction_id,
            task: p.task,
            role: symbol(p.role),
            arm: p.arm,
            outcome: symbol(p.outcome),
            label: p.label,
            confidence: p.confidence,
            strategy_version: p.strategy_version,
        }),
    ]
}

/// A route: in the case, and what it changes in the queues, given where the case's other routes put it.
pub fn file_routed(route: &RoutedComplaint, original: &Record, known: &[Place]) -> Vec<Row> {
    let mut rows = requeue(route, known);
    rows.push(Row::CaseEvent(CaseEvent {
        seq: route.revision,
        at: route.routed_at,
        team: Some(route.team.clone()),
        ..event(Kind::Routed, &route.complaint_id, route.route_id.clone(), original)
    }));
    rows
}

/// A human's verdict: in the case, and by day.
pub fn file_feedback(feedback: &Feedback, original: &Record) -> Vec<Row> {
    let f = feedback.clone();
    vec![
        Row::CaseEvent(CaseEvent {
            seq: f.decided_at,
            at: f.decided_at,
            task: f.task,
            team: f.to_team,
            model_id: f.model_id,
            model_version: f.model_version.clone(),
            ..event(Kind::Feedback, &f.complaint_id, f.feedback_id.clone(), original)
        }),
        Row::Feedback(FeedbackDay {
            decided_at: f.decided_at,
            feedback_id: f.feedback_id,
            complaint_id: f.complaint_id,
            kind: symbol(f.kind),
            model_version: f.model_version,
            label_before: f.label_before,
            label_after: f.label_after,
            audit_sample: f.audit_sample,
        }),
    ]
}

/// What was done about a complaint, in its case.
pub fn file_work(done: &WorkEvent, original: &Record) -> Vec<Row> {
    vec![Row::CaseEvent(CaseEvent {
        seq: done.done_at,
        at: done.done_at,
        team: done.team.clone(),
        ..event(Kind::Work, &done.complaint_id, done.work_id.clone(), original)
    })]
}

/// What takes the sketches of an erased complaint away, by the submissions of its case that were received `since` then: each
/// may lie on a day of its own.
pub fn erased_sketches(case: &[CaseEvent], since: i64) -> Vec<Row> {
    let submissions = case.iter().filter(|event| event.kind == Kind::Raw && event.at >= since);
    let erased = submissions
        .map(|event| ErasedSketch { received_at: event.at, complaint_id: event.complaint_id.clone() });
    erased.map(Row::ErasedSketch).collect()
}

/// Whether `event` is the submission that `route` is of, by its place, with other content than was judged.
pub fn is_other_than_routed(event: &CaseEvent, route: &RoutedComplaint) -> bool {
    if event.kind != Kind::Raw || !is_at(&event.origin, route) {
        return false;
    }
    codec::decode(&event.body).is_ok_and(|raw: RawComplaint| ids::input_sha256(&raw) != route.input_sha256)
}

/// A strategy, under the key that it was written with.
pub fn file_strategy(strategy: &Strategy, original: &Record) -> Vec<Row> {
    vec![Row::Strategy(StrategyRow {
        scope: String::from_utf8_lossy(original.key.as_deref().unwrap_or_default()).into_owned(),
        version: strategy.version,
        effective_from: strategy.effective_from,
        changed_by: strategy.changed_by.clone(),
        body: original.value.clone().unwrap_or_default(),
    })]
}

/// A model version as it stands now.
pub fn file_model(model: &ModelVersion, original: &Record) -> Vec<Row> {
    vec![Row::Model(ModelRow {
        model_id: model.model_id.clone(),
        version: model.version.clone(),
        tasks: model.tasks.join(","),
        state: symbol(model.state),
        created_at: model.created_at,
        body: original.value.clone().unwrap_or_default(),
    })]
}

/// An event with what every kind has.
fn event(kind: Kind, complaint_id: &str, id: String, original: &Record) -> CaseEvent {
    let body = original.value.clone().unwrap_or_default();
    CaseEvent {
        complaint_id: complaint_id.into(),
        kind,
        seq: 0,
        id,
        at: 0,
        task: None,
        team: None,
        model_id: None,
        model_version: None,
        schema_id: codec::schema_id(&body),
        body,
        origin: format!("{}/{}/{}", original.source.topic, original.source.partition, original.offset),
    }
}

#[cfg(test)]
mod tests {
    use ombud_contract::records::{Outcome, Role, WorkKind};
    use ombud_stream::TopicPartition;

    use super::*;
    use crate::sample_route::route;

    fn original(topic: &str, value: Bytes) -> Record {
        Record {
            source: TopicPartition::new(topic, 3),
            offset: 17,
            appended_at: 5,
            key: Some(Bytes::from_static(b"c-1")),
            value: Some(value),
            headers: Vec::new(),
            original: None,
        }
    }

    #[test]
    fn a_route_is_filed_in_its_case_and_in_its_teams_queue() {
        let route = route("cards");
        let value = codec::encode(&route).unwrap();
        let rows = file_routed(&route, &original("complaints.routed", value.clone()), &[]);
        let [Row::Queued(entry), Row::CaseEvent(event)] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!((entry.team.as_str(), entry.vulnerability.as_str()), ("cards", "POSSIBLE"));
        assert_eq!(entry.missing, "issue,vulnerable");
        assert_eq!((event.kind, event.seq, event.at), (Kind::Routed, 1, route.routed_at));
        assert_eq!((event.origin.as_str(), &event.body), ("complaints.routed/3/17", &value));
        assert_eq!(event.schema_id, codec::schema_id(&value));
        assert_eq!(
            Place::of_event(event),
            Ok(Some(Place::of(&route))),
            "the stored event says where it put the case"
        );
    }

    #[test]
    fn a_narrative_that_was_changed_is_not_the_one_that_was_routed() {
        let raw = RawComplaint::new("c-1", "They charged me twice.", 1_709_251_199_999);
        let routed = RoutedComplaint {
            raw_partition: 3,
            raw_offset: 17,
            input_sha256: ids::input_sha256(&raw),
            ..route("cards")
        };
        let stored = |narrative: &str| {
            let changed = RawComplaint { narrative: narrative.into(), ..raw.clone() };
            let rows = file_raw(&raw, &original("complaints.raw", codec::encode(&changed).unwrap()));
            let [Row::CaseEvent(event)] = &rows[..] else { panic!("{rows:?}") };
            event.clone()
        };
        assert!(!is_other_than_routed(&stored("They charged me twice."), &routed));
        assert!(is_other_than_routed(&stored("They charged me thrice."), &routed));
        let elsewhere = RoutedComplaint { raw_offset: 7, ..routed };
        assert!(!is_other_than_routed(&stored("They charged me thrice."), &elsewhere), "it is of another");
    }

    #[test]
    fn every_changed_bit_of_an_event_is_noticed() {
        let raw = RawComplaint::new("c-1", "They charged me twice.", 1_709_251_199_999);
        let rows = file_raw(&raw, &original("complaints.raw", codec::encode(&raw).unwrap()));
        let [Row::CaseEvent(event)] = &rows[..] else { panic!("{rows:?}") };
        let digest = event.digest();
        assert_eq!(event.clone().verified(Some(&digest)), *event);
        for (at, bit) in (0..event.body.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut body = event.body.to_vec();
            body[at] ^= 1 << bit;
            let changed = CaseEvent { body: body.into(), ..event.clone() }.verified(Some(&digest));
            assert!(changed.is_spoilt(), "bit {bit} of byte {at}");
        }
        let others = [
            CaseEvent { complaint_id: "c-2".into(), ..event.clone() },
            CaseEvent { kind: Kind::Feedback, ..event.clone() },
            CaseEvent { seq: event.seq + 1, ..event.clone() },
            CaseEvent { at: event.at + 1, ..event.clone() },
            // What one column loses, its neighbour gains.
            CaseEvent { task: Some(String::new()), ..event.clone() },
            CaseEvent { team: Some(String::new()), ..event.clone() },
            CaseEvent { schema_id: None, ..event.clone() },
            CaseEvent { origin: String::new(), ..event.clone() },
        ];
        for other in others {
            assert!(other.clone().verified(Some(&digest)).is_spoilt(), "{other:?}");
        }
    }

    #[test]
    fn what_was_done_is_filed_in_its_case_by_when_it_was_done() {
        let mut done = WorkEvent::new("c-1", WorkKind::Acknowledged, 1, 1_709_251_199_999, "clerk-7").named();
        done.team = Some("cards".into());
        let value = codec::encode(&done).unwrap();
        let rows = file_work(&done, &original("complaints.work", value.clone()));
        let [Row::CaseEvent(event)] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!((event.kind, event.seq, event.at), (Kind::Work, done.done_at, done.done_at));
        assert_eq!((&event.id, event.team.as_deref(), &event.body), (&done.work_id, Some("cards"), &value));
    }

    #[test]
    fn a_prediction_is_filed_in_its_case_and_under_its_model() {
        let prediction = Prediction {
            prediction_id: "p".into(),
            complaint_id: "c-1".into(),
            input_sha256: "i".into(),
            raw_partition: 3,
            raw_offset: 9,
            task: "product".into(),
            model_id: "bag".into(),
            model_version: "v".into(),
            strategy_version: 2,
            arm: "champion".into(),
            role: Role::Deciding,
            outcome: Outcome::Labelled,
            label: Some("Mortgage".into()),
            level: "product".into(),
            path: vec!["Mortgage".into()],
            confidence: 0.75,
            logits: vec![1.0],
            label_set: "product@1".into(),
            threshold: 0.5,
            tokens: 3,
            truncated_tokens: 0,
            windows: 1,
            failure: None,
            predicted_at: 1_709_251_199_999,
            score: None,
            evidence: Vec::new(),
            evidence_table: String::new(),
            unseen_tokens: 0,
            unread: None,
            arithmetic: "FLOAT".into(),
        };
        let rows = file_prediction(&prediction, &original("complaints.predictions", Bytes::new()));
        let [Row::CaseEvent(event), Row::Decision(decision)] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!((event.seq, event.id.as_str(), event.task.as_deref()), (9, "p", Some("product")));
        assert_eq!(decision.day.to_string(), "2024-02-29");
        assert_eq!((decision.role.as_str(), decision.outcome.as_str()), ("DECIDING", "LABELLED"));
    }
}
