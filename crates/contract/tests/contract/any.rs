//! Any record of each type, for property tests.

use std::fmt::Debug;

use ombud_contract::{
    codec::Record,
    records::{
        Arm, Clock, DeadLetter, DeadReason, Decision, Evidence, Feedback, FeedbackKind, FileDigest,
        HeaderEntry, ModelEvaluation, ModelState, ModelVersion, Outcome, Prediction, RawComplaint, Role,
        RoutedComplaint, Strategy as Routing, TaskStrategy, Vulnerability, Why,
    },
};
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
    sample::select,
    strategy::Union,
};
use serde_json::Value;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "\\PC{0,24}", any::<String>()]
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    option::of(text())
}

fn time() -> impl Strategy<Value = Option<i64>> {
    option::of(any::<i64>())
}

fn bytes() -> impl Strategy<Value = Option<Vec<u8>>> {
    option::of(vec(any::<u8>(), 0..64))
}

// NaN equals nothing, so it can't be compared after the round trip.
fn real() -> impl Strategy<Value = f32> {
    any::<f32>().prop_filter("a number", |x| !x.is_nan())
}

prop_compose! {
    pub fn raw_complaint()(
        (complaint_id, narrative, received_at, submission) in (text(), text(), any::<i64>(), any::<i32>()),
        (withdrawn, bulk, channel, language) in (any::<bool>(), any::<bool>(), text(), text()),
        (legal_entity, customer_ref, external_ref, known_product) in (maybe(), maybe(), maybe(), maybe()),
        attributes in btree_map(text(), text(), 0..4),
        (regulator_sent_at, notice_at) in (time(), time()),
    ) -> RawComplaint {
        RawComplaint { complaint_id, narrative, received_at, submission, withdrawn, bulk, channel, language,
            legal_entity, customer_ref, external_ref, known_product, attributes, regulator_sent_at, notice_at }
    }
}

fn role() -> impl Strategy<Value = Role> {
    select(vec![Role::Unknown, Role::Deciding, Role::Shadow])
}

fn outcome() -> impl Strategy<Value = Outcome> {
    select(vec![Outcome::Failed, Outcome::Labelled, Outcome::Abstained])
}

fn evidence() -> impl Strategy<Value = Evidence> {
    (text(), any::<bool>(), any::<i32>(), any::<i32>())
        .prop_map(|(category, explicit, start, end)| Evidence { category, explicit, start, end })
}

prop_compose! {
    pub fn prediction()(
        (prediction_id, complaint_id, input_sha256) in (text(), text(), text()),
        (raw_partition, raw_offset, task, model_id) in (any::<i32>(), any::<i64>(), text(), text()),
        (model_version, strategy_version, arm, role) in (text(), any::<i64>(), text(), role()),
        (outcome, label, level, path) in (outcome(), maybe(), text(), vec(text(), 0..4)),
        (confidence, logits, label_set, threshold) in (real(), vec(real(), 0..50), text(), real()),
        (tokens, truncated_tokens, windows) in (any::<i32>(), any::<i32>(), any::<i32>()),
        (failure, predicted_at, score) in (maybe(), any::<i64>(), option::of(real())),
        (evidence, evidence_table, unseen_tokens) in (vec(evidence(), 0..4), text(), any::<i32>()),
        (unread, arithmetic) in (maybe(), text()),
    ) -> Prediction {
        Prediction { prediction_id, complaint_id, input_sha256, raw_partition, raw_offset, task, model_id,
            model_version, strategy_version, arm, role, outcome, label, level, path, confidence, logits,
            label_set, threshold, tokens, truncated_tokens, windows, failure, predicted_at, score, evidence,
            evidence_table, unseen_tokens, unread, arithmetic }
    }
}

fn why() -> impl Strategy<Value = Why> {
    select(vec![
        Why::Other,
        Why::Complete,
        Why::Deadline,
        Why::Amended,
        Why::Resubmitted,
        Why::Reconciled,
        Why::Unreadable,
        Why::Withdrawn,
    ])
}

fn vulnerability() -> impl Strategy<Value = Vulnerability> {
    select(vec![Vulnerability::NotIndicated, Vulnerability::Possible, Vulnerability::Vulnerable])
}

fn clock() -> impl Strategy<Value = Clock> {
    (text(), any::<i64>(), any::<i64>(), text(), maybe(), any::<bool>()).prop_map(
        |(name, starts, due, rule, calendar, beyond_calendar)| Clock {
            name,
            starts,
            due,
            rule,
            calendar,
            beyond_calendar,
        },
    )
}

prop_compose! {
    pub fn routed_complaint()(
        (route_id, complaint_id, revision, why) in (text(), text(), any::<i64>(), why()),
        (input_sha256, raw_partition, raw_offset) in (text(), any::<i32>(), any::<i64>()),
        (received_at, routed_at, team, previous_team) in (any::<i64>(), any::<i64>(), text(), maybe()),
        (priority, vulnerability, needs_human) in (any::<i32>(), vulnerability(), any::<bool>()),
        (human_reasons, missing_tasks) in (vec(text(), 0..3), vec(text(), 0..3)),
        decisions in vec(prediction().prop_map(|p| Decision::from(&p)), 0..4),
        (strategy_version, writer_epoch, channel) in (any::<i64>(), any::<i64>(), text()),
        (customer_ref, external_ref) in (maybe(), maybe()),
        (language, known_product) in (text(), maybe()),
        (resolve_by, final_response_by) in (time(), time()),
        (legal_entity, regulator_sent_at, notice_at) in (maybe(), time(), time()),
        (clock_attributes, clocks) in (btree_map(text(), text(), 0..3), vec(clock(), 0..4)),
    ) -> RoutedComplaint {
        RoutedComplaint { route_id, complaint_id, revision, why, input_sha256, raw_partition, raw_offset,
            received_at, routed_at, team, previous_team, priority, vulnerability, needs_human, human_reasons,
            decisions, missing_tasks, strategy_version, writer_epoch, channel, customer_ref, external_ref,
            language, known_product, resolve_by, final_response_by, legal_entity, regulator_sent_at, notice_at,
            clock_attributes, clocks }
    }
}

fn feedback_kind() -> impl Strategy<Value = FeedbackKind> {
    select(vec![
        FeedbackKind::Other,
        FeedbackKind::Confirmed,
        FeedbackKind::Reallocated,
        FeedbackKind::Relabelled,
        FeedbackKind::Vulnerability,
        FeedbackKind::NotAComplaint,
        FeedbackKind::Retracted,
    ])
}

prop_compose! {
    pub fn feedback()(
        (feedback_id, complaint_id, route_id, revision) in (text(), text(), text(), any::<i64>()),
        (kind, task, prediction_id, model_id) in (feedback_kind(), maybe(), maybe(), maybe()),
        (model_version, label_before, label_after) in (maybe(), maybe(), maybe()),
        (from_team, to_team, reason_code, actor) in (maybe(), maybe(), text(), text()),
        (actor_role, source, audit_sample, decided_at) in (text(), text(), any::<bool>(), any::<i64>()),
        retracts in maybe(),
    ) -> Feedback {
        Feedback { feedback_id, complaint_id, route_id, revision, kind, task, prediction_id, model_id,
            model_version, label_before, label_after, from_team, to_team, reason_code, actor, actor_role,
            source, audit_sample, decided_at, retracts }
    }
}

/// Any value of a schema, as JSON: a field that is added to the schema is in it.
#[expect(clippy::unwrap_used, reason = "a schema of the catalogue has what Avro asks for")]
fn value_of(schema: &Value) -> BoxedStrategy<Value> {
    match schema {
        Value::String(name) => match name.as_str() {
            "null" => Just(Value::Null).boxed(),
            "boolean" => any::<bool>().prop_map(Value::from).boxed(),
            "int" => any::<i32>().prop_map(Value::from).boxed(),
            "long" => any::<i64>().prop_map(Value::from).boxed(),
            "string" => text().prop_map(Value::from).boxed(),
            other => panic!("no value of {other}"),
        },
        Value::Array(branches) => Union::new(branches.iter().map(value_of)).boxed(),
        _ => match schema["type"].as_str() {
            Some("record") => {
                let fields = schema["fields"].as_array().unwrap();
                let names: Vec<String> =
                    fields.iter().map(|field| field["name"].as_str().unwrap().to_owned()).collect();
                let values: Vec<BoxedStrategy<Value>> =
                    fields.iter().map(|field| value_of(&field["type"])).collect();
                values.prop_map(move |values| names.iter().cloned().zip(values).collect()).boxed()
            }
            Some("enum") => select(schema["symbols"].as_array().unwrap().clone()).boxed(),
            Some("array") => vec(value_of(&schema["items"]), 0..3).prop_map(Value::from).boxed(),
            _ => value_of(&schema["type"]),
        },
    }
}

/// Any record of a topic, with every field of its newest schema.
#[expect(clippy::unwrap_used, reason = "what the schema allows is a record, or the test fails")]
pub(crate) fn record<T: Record + Debug>() -> impl Strategy<Value = T> {
    let schema = serde_json::to_value(&T::TOPIC.newest_schema().1).unwrap();
    value_of(&schema).prop_map(|value| serde_json::from_value(value).unwrap())
}

fn dead_reason() -> impl Strategy<Value = DeadReason> {
    select(vec![
        DeadReason::Other,
        DeadReason::Undecodable,
        DeadReason::UnknownSchema,
        DeadReason::Invalid,
        DeadReason::TooLarge,
        DeadReason::Corrupt,
    ])
}

fn header() -> impl Strategy<Value = HeaderEntry> {
    (text(), bytes()).prop_map(|(name, value)| HeaderEntry { name, value })
}

prop_compose! {
    pub fn dead_letter()(
        (dead_letter_id, worker, reason, detail) in (text(), text(), dead_reason(), text()),
        (source_topic, source_partition) in (text(), any::<i32>()),
        (source_offset, source_timestamp) in (any::<i64>(), any::<i64>()),
        (schema_id, key, value, value_sha256) in (option::of(any::<i32>()), bytes(), bytes(), text()),
        (headers, redrives, failed_at) in (vec(header(), 0..3), any::<i32>(), any::<i64>()),
    ) -> DeadLetter {
        DeadLetter { dead_letter_id, worker, reason, detail, source_topic, source_partition, source_offset,
            source_timestamp, schema_id, key, value, value_sha256, headers, redrives, failed_at }
    }
}

fn file_digest() -> impl Strategy<Value = FileDigest> {
    (text(), text(), any::<i64>()).prop_map(|(name, sha256, bytes)| FileDigest { name, sha256, bytes })
}

prop_compose! {
    fn model_evaluation()(
        (evaluation_id, kind, data, rows) in (text(), text(), text(), any::<i64>()),
        (against_version, figures) in (maybe(), btree_map(text(), -1e9..1e9_f64, 0..3)),
        (evaluated_by, evaluated_at) in (text(), any::<i64>()),
    ) -> ModelEvaluation {
        ModelEvaluation { evaluation_id, kind, data, rows, against_version, figures, evaluated_by, evaluated_at }
    }
}

prop_compose! {
    pub fn model_version()(
        (model_id, version, tasks) in (text(), text(), vec(text(), 0..3)),
        state in select(vec![ModelState::Rejected, ModelState::Registered, ModelState::Retired]),
        (hub_id, hub_revision, family) in (maybe(), maybe(), text()),
        files in vec(file_digest(), 0..3),
        labels in btree_map(text(), vec(text(), 0..4), 0..3),
        metrics in btree_map(text(), -1e9..1e9_f64, 0..3),
        (training_manifest_sha256, parent_version) in (maybe(), maybe()),
        (created_by, created_at) in (text(), any::<i64>()),
        (state_reason, changed_by, changed_at) in (text(), text(), any::<i64>()),
        label_sets in btree_map(text(), text(), 0..3),
        evaluations in vec(model_evaluation(), 0..2),
    ) -> ModelVersion {
        ModelVersion { model_id, version, tasks, state, hub_id, hub_revision, family, files, labels, metrics,
            training_manifest_sha256, parent_version, created_by, created_at, state_reason, changed_by, changed_at,
            label_sets, evaluations }
    }
}

fn arm() -> impl Strategy<Value = Arm> {
    (text(), text(), text(), role(), any::<i32>()).prop_map(
        |(name, model_id, model_version, role, basis_points)| Arm {
            name,
            model_id,
            model_version,
            role,
            basis_points,
        },
    )
}

fn task_strategy() -> impl Strategy<Value = TaskStrategy> {
    (text(), any::<bool>(), text(), real(), vec(arm(), 0..3)).prop_map(
        |(task, required, salt, review_below, arms)| TaskStrategy {
            task,
            required,
            salt,
            review_below,
            arms,
        },
    )
}

prop_compose! {
    pub fn routing_strategy()(
        (version, effective_from, tasks) in (any::<i64>(), any::<i64>(), vec(task_strategy(), 0..3)),
        (deadline_ms, amend_window_ms) in (any::<i64>(), any::<i64>()),
        (audit_basis_points, routing) in (any::<i32>(), text()),
        (changed_by, reason, evaluation_id, changed_at) in (text(), text(), maybe(), any::<i64>()),
        (approvals, request_id) in (any::<i32>(), maybe()),
        (requested_by, approved_by) in (maybe(), vec(text(), 0..3)),
    ) -> Routing {
        Routing { version, effective_from, tasks, deadline_ms, amend_window_ms, audit_basis_points, routing,
            changed_by, reason, evaluation_id, changed_at, approvals, request_id, requested_by, approved_by }
    }
}
