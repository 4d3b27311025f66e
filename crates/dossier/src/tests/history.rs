//! A dossier as of a time, and records of older schemas.

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use bytes::Bytes;
use ombud_contract::catalogue::Topic;
use ombud_contract::codec;
use ombud_contract::ids::{input_sha256, prediction_id};
use ombud_contract::records::{Decision, Prediction, RawComplaint, RoutedComplaint};

use super::verified;
use crate::testing::{
    COMPLAINT, ROUTED_AT, logged, prediction_event, predictions, raw_event, route, route_event, sources,
    strategy, submission,
};
use crate::{DossierError, DossierSources, Statement, models_named};

const DAY_MS: i64 = 86_400_000;
const CHANGED_AT: i64 = ROUTED_AT + 10 * DAY_MS;

/// The case with a second submission, which strategy 2 decided.
fn changed() -> DossierSources {
    let mut sources = sources();
    sources.strategies.push(logged(&strategy(2, CHANGED_AT), 1, CHANGED_AT - DAY_MS));
    let second = RawComplaint { narrative: "Now the mortgage, too.".into(), submission: 3, ..submission() };
    let (input, routed_at) = (input_sha256(&second), CHANGED_AT + DAY_MS);
    sources.events.extend(raw_event(&second, 2_000));
    let again = predictions().map(|one| Prediction {
        prediction_id: prediction_id(COMPLAINT, &input, &one.task, &"d".repeat(64), one.role),
        input_sha256: input.clone(),
        raw_offset: 2_000,
        model_version: "d".repeat(64),
        strategy_version: 2,
        predicted_at: routed_at,
        ..one
    });
    for (prediction, offset) in again.iter().zip(70..) {
        sources.events.extend(prediction_event(codec::encode(prediction).unwrap(), offset));
    }
    let rerouted = RoutedComplaint {
        route_id: "e".repeat(64),
        revision: route().revision + 1_000,
        input_sha256: input,
        raw_offset: 2_000,
        team: "mortgages".into(),
        previous_team: Some(route().team),
        decisions: again.iter().map(Decision::from).collect(),
        strategy_version: 2,
        routed_at,
        ..route()
    };
    sources.events.extend(route_event(&rerouted, 80));
    sources.explanations = Err("nobody asked".into());
    sources
}

fn as_of(at: i64) -> DossierSources {
    DossierSources { as_of: Some(at), ..changed() }
}

#[test]
fn on_both_sides_of_a_change_of_strategy_it_says_what_decided_then() {
    let before = verified(&as_of(CHANGED_AT - 1)).statement;
    let before = &before["predicate"];
    assert_eq!(
        (&before["decision"]["team"], &before["strategy"]["in_force"]),
        (&"current-accounts".into(), &1.into())
    );
    assert_eq!(before["strategy"]["decided_by"].as_array().unwrap().len(), 1);
    assert_eq!(before["strategy"]["draws"][0]["salt"], "issue-1");
    let after = verified(&as_of(CHANGED_AT + 2 * DAY_MS)).statement;
    let after = &after["predicate"];
    assert_eq!(
        (&after["decision"]["team"], &after["strategy"]["in_force"]),
        (&"mortgages".into(), &2.into())
    );
    assert_eq!(after["strategy"]["draws"][0]["salt"], "issue-2");
    assert_eq!(after["decision"]["earlier"][0]["team"], "current-accounts");
    // Between the change and the next submission nothing was decided again.
    let between = verified(&as_of(CHANGED_AT + 1)).statement;
    assert_eq!(between["predicate"]["strategy"]["in_force"], 2);
    assert_eq!(between["predicate"]["decision"]["strategy_version"], 1);
}

#[test]
fn nothing_that_came_later_is_in_it() {
    let sources = as_of(ROUTED_AT);
    let verified = verified(&sources);
    // The first submission, its predictions and its route; the strategy and the model.
    let kinds: Vec<&str> = {
        let records = verified.statement["predicate"]["proof"]["records"].as_array().unwrap();
        records.iter().filter_map(|record| record["kind"].as_str()).collect()
    };
    assert_eq!(kinds, ["submission", "prediction", "prediction", "prediction", "route", "strategy", "model"]);
    let dossier = &verified.statement["predicate"];
    assert_eq!(dossier["people"]["verdicts"], serde_json::json!([]));
    assert_eq!(dossier["outcome"]["phase"], "open");
    let first = [("bag".to_owned(), predictions()[0].model_version.clone())];
    assert_eq!(models_named(&sources.events, sources.as_of), first.into());
    assert_eq!(models_named(&sources.events, None), [("bag".to_owned(), "d".repeat(64))].into());
}

#[test]
fn before_anything_was_routed_there_is_no_dossier() {
    let refused = Statement::of(&as_of(ROUTED_AT - 1)).unwrap_err();
    assert!(matches!(refused, DossierError::NothingDecided), "{refused}");
}

#[test]
fn a_registry_record_of_a_later_time_does_not_count() {
    let mut sources = as_of(CHANGED_AT - 1);
    sources.models[0].records[0].appended_at = CHANGED_AT;
    let said = "The registry's record of bag cccccccccccc was written again after that time";
    assert!(verified(&sources).page.contains(said));
}

/// The record as the topic's first schema wrote it.
fn by_the_first_schema(topic: Topic, value: &[u8]) -> Bytes {
    let (id, first) = &topic.schemas()[0];
    let reader = GenericDatumReader::builder(&topic.newest_schema().1).reader_schema(first);
    let old = reader.human_readable(false).build().unwrap().read_value(&mut &value[5..]).unwrap();
    let body = GenericDatumWriter::builder(first).build().unwrap().write_value_to_vec(old).unwrap();
    [&[0], &id.to_be_bytes()[..], &body].concat().into()
}

#[test]
fn records_of_the_first_schemas_are_read_and_stand_byte_for_byte() {
    let mut sources = sources();
    for event in &mut sources.events {
        event.body = match event.kind {
            ombud_store::Kind::Prediction => by_the_first_schema(Topic::Predictions, &event.body),
            ombud_store::Kind::Routed => by_the_first_schema(Topic::Routed, &event.body),
            ombud_store::Kind::Feedback => by_the_first_schema(Topic::Feedback, &event.body),
            _ => continue,
        };
    }
    for (topic, record) in
        [(Topic::Strategy, &mut sources.strategies[0]), (Topic::Registry, &mut sources.models[0].records[0])]
    {
        record.value = by_the_first_schema(topic, &record.value);
    }
    let verified = verified(&sources);
    let dossier = &verified.statement["predicate"];
    let records = dossier["proof"]["records"].as_array().unwrap();
    let written: Vec<i32> = records
        .iter()
        .filter_map(|record| Some(i32::try_from(record["schema"].as_i64()?).unwrap()))
        .collect();
    let first = Topic::Predictions.schemas()[0].0;
    assert_eq!(written.iter().filter(|id| **id == first).count(), 3);
    assert_eq!((verified.records, verified.draws), (10, 3));
    // What the first schemas did not have has its default.
    assert_eq!(dossier["answers"]["tasks"][0]["prediction"]["arithmetic"], "FLOAT");
    assert_eq!(dossier["decision"]["clocks"], serde_json::json!([]));
}
