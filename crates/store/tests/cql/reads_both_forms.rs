//! Lists of a day lie in buckets; what was written before there were any is read with them, in one order.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::error::Error as _;

use ombud_store::{
    CaseStore, CqlCases, CqlError, FeedbackDay, ModelDecision, QueueEntry, Row, Unqueued, check, day_of,
    migrate,
    testing::{decisions, feedback},
};

use crate::server::Keyspace;

fn fresh() -> (CqlCases, Keyspace) {
    let keyspace = Keyspace::fresh();
    (CqlCases::connect(&keyspace.0).unwrap(), keyspace)
}

fn verdict(at: i64) -> FeedbackDay {
    FeedbackDay {
        decided_at: at,
        feedback_id: format!("f-{at}"),
        complaint_id: format!("c-{at}"),
        kind: "CONFIRMED".into(),
        model_version: None,
        label_before: None,
        label_after: None,
        audit_sample: false,
    }
}

/// As the first release wrote it.
fn verdict_before(at: i64) -> String {
    format!(
        "INSERT INTO {{keyspace}}.feedback_by_day (day, decided_at, feedback_id, complaint_id, kind, \
         audit_sample) \
         VALUES ('1970-01-01', {at}, 'f-{at}', 'c-{at}', 'CONFIRMED', false)"
    )
}

fn said(n: usize) -> ModelDecision {
    ModelDecision {
        model_id: "bag".into(),
        model_version: "v".into(),
        day: day_of(0),
        complaint_id: format!("c-{n:04}"),
        prediction_id: "p".into(),
        task: "product".into(),
        role: "DECIDING".into(),
        arm: "champion".into(),
        outcome: "ABSTAINED".into(),
        label: None,
        confidence: 0.5,
        strategy_version: 1,
    }
}

/// As the first release wrote it.
fn said_before(n: usize) -> String {
    format!(
        "INSERT INTO {{keyspace}}.decisions_by_model (model_id, model_version, day, complaint_id, \
         prediction_id, task, role, arm, outcome, confidence, strategy_version) \
         VALUES ('bag', 'v', '1970-01-01', 'c-{n:04}', 'p', 'product', 'DECIDING', 'champion', 'ABSTAINED', \
         0.5, 1)"
    )
}

fn queued(complaint_id: &str, revision: i64) -> QueueEntry {
    QueueEntry {
        team: "cards".into(),
        received_at: 5,
        complaint_id: complaint_id.into(),
        revision,
        priority: 1,
        vulnerability: "POSSIBLE".into(),
        needs_human: true,
        product: None,
        issue: None,
        missing: String::new(),
        resolve_by: None,
    }
}

/// As the first release wrote it.
fn queued_before(complaint_id: &str, revision: i64) -> String {
    format!(
        "INSERT INTO {{keyspace}}.queue_by_team_day (team, day, received_at, complaint_id, revision, \
         priority, vulnerability, needs_human, missing) \
         VALUES ('cards', '1970-01-01', 5, '{complaint_id}', {revision}, 1, 'POSSIBLE', true, '') \
         USING TIMESTAMP {revision}"
    )
}

fn taken(complaint_id: &str, revision: i64) -> Row {
    let (team, complaint_id) = ("cards".into(), complaint_id.into());
    Row::Unqueued(Unqueued { team, received_at: 5, complaint_id, revision })
}

#[test]
fn verdicts_of_both_forms_come_in_one_order_over_many_pages() {
    let (mut cases, keyspace) = fresh();
    // More of each than is read at once, and every tenth lies in both, as after a replay.
    let (even, odd): (Vec<i64>, Vec<i64>) = (0..2_400).partition(|at| at % 2 == 0);
    keyspace.run_each(even.iter().map(|at| verdict_before(*at)));
    let again = even.iter().filter(|at| *at % 10 == 0);
    let rows: Vec<Row> = odd.iter().chain(again).map(|at| Row::Feedback(verdict(*at))).collect();
    cases.write(&rows).unwrap();
    let expected: Vec<FeedbackDay> = (0..2_400).map(verdict).collect();
    assert!(feedback(&mut cases, day_of(0)) == expected, "verdicts are missing or out of order");
}

#[test]
fn decisions_of_both_forms_come_by_complaint_over_many_pages() {
    let (mut cases, keyspace) = fresh();
    keyspace.run_each((0..2_400).step_by(2).map(said_before));
    let bucketed = (0..2_400).filter(|n| n % 2 == 1 || n % 10 == 0);
    let rows: Vec<Row> = bucketed.map(|n| Row::Decision(said(n))).collect();
    cases.write(&rows).unwrap();
    let expected: Vec<ModelDecision> = (0..2_400).map(said).collect();
    assert!(decisions(&mut cases, "v", day_of(0)) == expected, "decisions are missing or out of order");
}

#[test]
fn a_day_is_spread_over_its_buckets_and_nothing_is_written_in_the_old_form() {
    let (mut cases, keyspace) = fresh();
    let rows: Vec<Row> = (0..1_000).map(|n| Row::Decision(said(n))).collect();
    cases.write(&rows).unwrap();
    let partitions = keyspace.run(
        "SELECT DISTINCT model_id, model_version, day, bucket FROM {keyspace}.decisions_by_model_and_bucket",
    );
    assert_eq!(partitions.len(), 64);
    assert!(keyspace.run("SELECT * FROM {keyspace}.decisions_by_model").is_empty());
}

#[test]
fn a_case_that_was_queued_in_the_old_form_is_shown_once_and_can_be_taken_away() {
    let (mut cases, keyspace) = fresh();
    keyspace.run_each([("a", 2), ("b", 2), ("c", 9)].map(|(id, revision)| queued_before(id, revision)));
    // Replayed, queued again, and written by an older build after us.
    cases.write(&[queued("a", 2), queued("b", 3), queued("c", 1)].map(Row::Queued)).unwrap();
    let queue = |cases: &mut CqlCases| cases.queue("cards", day_of(0)).unwrap();
    assert_eq!(queue(&mut cases), [queued("a", 2), queued("b", 3), queued("c", 9)]);
    cases.write(&[taken("a", 3), taken("b", 4), taken("c", 5)]).unwrap();
    assert_eq!(queue(&mut cases), [queued("c", 9)], "an older taking away has no effect");
    keyspace.run(&queued_before("a", 2));
    assert_eq!(queue(&mut cases), [queued("c", 9)], "what was taken away does not come back");
}

#[test]
fn tables_of_the_first_release_are_refused_with_the_mend_and_what_lies_there_is_kept() {
    let (cases, keyspace) = fresh();
    drop(cases);
    for table in ["queue_by_team_day", "decisions_by_model", "feedback_by_day"] {
        keyspace.run(&format!("DROP TABLE {{keyspace}}.{table}_and_bucket"));
    }
    keyspace.run("DELETE FROM {keyspace}.schema_migrations WHERE component = 'store' AND version = 2");
    keyspace.run(&verdict_before(7));
    let refused = CqlCases::connect(&keyspace.0).err().unwrap();
    assert!(matches!(refused, CqlError::NotSetUp { .. }), "{refused}");
    assert!(refused.to_string().contains("`ombud setup`"), "{refused}");
    assert_eq!(refused.source().unwrap().to_string(), "it lacks 0002-buckets");

    assert_eq!(migrate(&keyspace.0, 1).unwrap().applied, ["0002-buckets"]);
    let mut cases = CqlCases::connect(&keyspace.0).unwrap();
    assert_eq!(feedback(&mut cases, day_of(0)), [verdict(7)]);
}

#[test]
fn tables_of_a_newer_build_are_refused_before_anything_is_written() {
    let (cases, keyspace) = fresh();
    drop(cases);
    keyspace.run("INSERT INTO {keyspace}.schema_migrations (component, version) VALUES ('store', 999)");
    let refused = CqlCases::connect(&keyspace.0).err().unwrap();
    assert!(matches!(refused, CqlError::Newer { found: 999, .. }), "{refused}");
    assert_eq!(check(&keyspace.0).unwrap().newer, [999]);
}
