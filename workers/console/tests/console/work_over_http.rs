//! A day at the desk over HTTP: the next complaint and its lease, what is done, who else asks, and what one sees of it.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use axum::http::{Method, StatusCode};
use ombud_contract::records::WorkKind;
use serde_json::{Value, json};

use crate::bank::{Bank, INPUT, NOW};

const ANNA: &str = "anna/clerk/cards";
const BEN: &str = "ben/clerk/cards";
const LEAD: &str = "lea/lead/cards";
const SYSTEM: &str = "token:sesame-open";

fn final_response(more: Value) -> Value {
    let mut report = json!({"complaint_id": "c-1", "kind": "FINAL_RESPONSE", "outcome": "UPHELD", "cause_code": "FEES",
        "redress_minor": 2500, "redress_currency": "GBP"});
    report.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    report
}

fn kinds(bank: &Bank) -> Vec<WorkKind> {
    bank.work().iter().map(|event| event.kind).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_complaint_is_taken_answered_and_gone_from_the_queue_in_the_answer_to_the_next_question() {
    let bank = Bank::open().await;
    let next = bank.post(ANNA, "/api/queues/cards/next", json!({})).await;
    assert_eq!(next.status, StatusCode::OK, "{next:?}");
    let (id, lease) = (&next.body["item"]["complaint_id"], &next.body["lease"]["lease_id"]);
    assert_eq!(next.body["item"]["held_by"]["holder"], "anna");
    let again = bank.post(ANNA, "/api/queues/cards/next", json!({})).await;
    assert_eq!(again.body["lease"]["lease_id"], *lease, "what is not finished comes again");

    let report = final_response(json!({"complaint_id": id, "lease_id": lease}));
    let done = bank.post(ANNA, "/api/work", report.clone()).await;
    assert_eq!(done.status, StatusCode::ACCEPTED, "{done:?}");
    let cookie = done.headers["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("ombud-after=complaints.work/") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let after = done.after();
    let queue = bank.ask_after(ANNA, Method::GET, "/api/queues/cards", None, Some(&after)).await;
    let left: Vec<&Value> =
        queue.body["items"].as_array().unwrap().iter().map(|item| &item["complaint_id"]).collect();
    assert!(left.len() == 1 && left[0] != id, "{queue:?}");
    assert_eq!(queue.body["lag"]["is_complete"], true);
    let counts = bank.get(ANNA, "/api/queues").await;
    assert_eq!(
        (&counts.body["queues"][0]["open"], &counts.body["queues"][0]["answered"]),
        (&json!(1), &json!(1))
    );

    let repeated = bank.post(ANNA, "/api/work", report).await;
    assert_eq!(repeated.body["work_id"], done.body["work_id"], "{repeated:?}");
    assert_eq!(
        kinds(&bank),
        [WorkKind::Claimed, WorkKind::Claimed, WorkKind::FinalResponse, WorkKind::FinalResponse]
    );
    let work = bank.work();
    assert_eq!((&work[0].work_id, &work[2].work_id), (&work[1].work_id, &work[3].work_id));
    let answered = &work[2];
    assert_eq!((answered.actor.as_str(), answered.actor_role.as_str()), ("anna", "clerk"));
    assert_eq!((answered.team.as_deref(), answered.revision), (Some("cards"), 1));
    assert_eq!(answered.input_sha256.as_deref(), Some(INPUT), "an answer names what it answers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_has_is_a_conflict_and_what_nobody_has_any_more_is_taken_from_a_late_form() {
    let bank = Bank::open().await;
    let take = json!({"action": "take"});
    let taken = bank.post(ANNA, "/api/leases/c-1", take.clone()).await;
    let lease = taken.body["lease"]["lease_id"].as_str().unwrap().to_owned();
    let until = taken.body["lease"]["until"].clone();
    let refused = bank.post(BEN, "/api/leases/c-1", take.clone()).await;
    assert_eq!(refused.code(), (409, "held"));
    assert_eq!((&refused.body["holder"], &refused.body["until"]), (&json!("anna"), &until));
    let refused = bank.post(BEN, "/api/work", final_response(json!({}))).await;
    assert_eq!((refused.code(), &refused.body["holder"]), ((409, "held"), &json!("anna")));
    assert_eq!(kinds(&bank), [WorkKind::Claimed]);

    // Ten minutes without a heartbeat.
    bank.advance(600_000).await;
    let renewed = json!({"action": "renew", "lease_id": lease});
    assert_eq!(bank.post(ANNA, "/api/leases/c-1", renewed).await.code(), (409, "lease-over"));
    let done = bank.post(ANNA, "/api/work", final_response(json!({"lease_id": lease}))).await;
    assert_eq!(done.status, StatusCode::ACCEPTED, "nobody else had it: {done:?}");
    let late = bank.post(BEN, "/api/work", final_response(json!({}))).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{late:?}");
    assert_eq!(kinds(&bank), [WorkKind::Claimed, WorkKind::FinalResponse]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_takes_over_with_a_reason_and_nobody_else_does() {
    let bank = Bank::open().await;
    bank.post(ANNA, "/api/leases/c-1", json!({"action": "take"})).await;
    let over = |reason: &str| json!({"action": "take-over", "reason_code": reason});
    assert_eq!(bank.post(BEN, "/api/leases/c-1", over("ILL")).await.code(), (403, "lead-only"));
    assert_eq!(bank.post(LEAD, "/api/leases/c-1", over("")).await.code(), (422, "reason-missing"));
    assert_eq!(bank.post(LEAD, "/api/leases/c-1", over("she is ill")).await.code(), (422, "no-code"));
    let taken = bank.post(LEAD, "/api/leases/c-1", over("ILL")).await;
    assert_eq!(taken.body["lease"]["holder"], "lea", "{taken:?}");
    assert_eq!(kinds(&bank), [WorkKind::Claimed, WorkKind::Released, WorkKind::Claimed]);
    let actions: Vec<_> =
        bank.audit().into_iter().map(|entry| (entry.actor, entry.action, entry.reason_code)).collect();
    let expected =
        [("anna", "lease-taken", ""), ("lea", "lease-taken-over", "ILL"), ("lea", "lease-taken-over", "ILL")];
    assert_eq!(actions, expected.map(|(who, what, why)| (who.into(), what.into(), why.into())));
    let released = json!({"action": "release", "lease_id": taken.body["lease"]["lease_id"]});
    assert_eq!(bank.post(BEN, "/api/leases/c-1", released.clone()).await.code(), (422, "not-yours"));
    let given_back = bank.post(LEAD, "/api/leases/c-1", released).await;
    assert_eq!((given_back.status, &given_back.body["lease"]), (StatusCode::OK, &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_reports_for_its_people_and_all_of_an_array_or_nothing_is_taken() {
    let bank = Bank::open().await;
    let acknowledged = |id: &str, actor: &str| json!({"complaint_id": id, "kind": "ACKNOWLEDGED", "actor": actor, "done_at": NOW - 5});
    let several = json!([acknowledged("c-1", "agent-17"), acknowledged("c-3", "")]);
    let refused = bank.post(SYSTEM, "/api/work", several).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        (&refused.body["refused"][0]["at"], &refused.body["refused"][0]["code"]),
        (&json!(1), &json!("actor-missing"))
    );
    assert!(bank.work().is_empty() && bank.audit().is_empty());

    let several = json!([acknowledged("c-1", "agent-17"), acknowledged("c-3", "agent-18")]);
    let done = bank.post(SYSTEM, "/api/work", several).await;
    assert_eq!((done.status, done.body.as_array().unwrap().len()), (StatusCode::ACCEPTED, 2), "{done:?}");
    let event = &bank.work()[0];
    assert_eq!(
        (event.actor.as_str(), event.source.as_str(), event.done_at),
        ("agent-17", "card-desk", NOW - 5)
    );
    let entry = &bank.audit()[0];
    assert_eq!(
        (entry.actor.as_str(), entry.source.as_str()),
        ("card-desk", "token"),
        "a system signs for itself"
    );
    assert_eq!(entry.record_id.as_deref(), Some(&*event.work_id));

    let wrong = [
        (json!({"complaint_id": "c-1", "kind": "CLAIMED", "actor": "a"}), "kind", "unknown-symbol"),
        (json!({"complaint_id": "c-1", "kind": "NOTED", "actor": "a"}), "reason_code", "note-missing"),
        (json!({"complaint_id": "c-1", "kind": "NOTED", "actor": "a b", "reason_code": "X"}), "", ""),
        (
            json!({"complaint_id": "c-1", "kind": "NOTED", "actor": "a", "comment": "X"}),
            "comment",
            "unknown-field",
        ),
        (
            json!({"complaint_id": "c-1", "kind": "FINAL_RESPONSE", "actor": "a"}),
            "outcome",
            "outcome-missing",
        ),
        (
            json!({"complaint_id": "c-1", "kind": "NOTED", "actor": "a", "reason_code": "X", "revision": 9}),
            "revision",
            "revision-not-newest",
        ),
        (
            json!({"complaint_id": "c-1", "kind": "UNDONE", "actor": "a", "undoes": "w"}),
            "undoes",
            "work-unknown",
        ),
    ];
    for (report, field, code) in wrong {
        let refused = bank.post(SYSTEM, "/api/work", report.clone()).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{report}: {refused:?}");
        if !field.is_empty() {
            let first = &refused.body["refused"][0];
            assert_eq!(
                (&first["field"], &first["code"]),
                (&json!(field), &json!(code)),
                "{report}: {refused:?}"
            );
        }
    }
    assert_eq!(bank.work().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_opened_again_before_anything_else_and_one_undoes_ones_own() {
    let bank = Bank::open().await;
    let done = bank.post(ANNA, "/api/work", final_response(json!({}))).await;
    let seen = |done: &crate::bank::Answered| Some(done.after());
    let after = seen(&done);
    let holding = json!({"complaint_id": "c-1", "kind": "HOLDING_RESPONSE"});
    let refused = bank.ask_after(ANNA, Method::POST, "/api/work", Some(holding), after.as_deref()).await;
    assert_eq!(refused.code(), (409, "already-answered"));
    bank.archive_work();
    let undo = json!({"complaint_id": "c-1", "kind": "UNDONE", "undoes": done.body["work_id"]});
    assert_eq!(bank.post(BEN, "/api/work", undo.clone()).await.code(), (403, "lead-only"));
    bank.clock.advance(1);
    let undone = bank.ask_after(ANNA, Method::POST, "/api/work", Some(undo), after.as_deref()).await;
    assert_eq!(undone.status, StatusCode::ACCEPTED, "{undone:?}");
    let case = bank.ask_after(ANNA, Method::GET, "/api/cases/c-1", None, seen(&undone).as_deref()).await;
    assert_eq!(case.body["item"]["state"], "OPEN", "{case:?}");
    let taken = bank.post(BEN, "/api/leases/c-1", json!({"action": "take"})).await;
    assert_eq!(taken.status, StatusCode::OK, "what is open again may be taken: {taken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_waits_for_ones_own_records_and_says_so_where_they_do_not_come() {
    let bank = Bank::open().await;
    for (after, code) in [
        ("complaints.work/0/99", (503, "view-behind")),
        ("complaints.work/0", (422, "after-malformed")),
        ("complaints.raw/0/0", (422, "after-malformed")),
        ("complaints.work/-1/0", (422, "after-malformed")),
    ] {
        let answer = bank.ask_after(ANNA, Method::GET, "/api/queues/cards", None, Some(after)).await;
        assert_eq!(answer.code(), code, "{after}");
        assert_eq!(answer.headers.contains_key("retry-after"), code.0 == 503);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_finds_by_every_reference_and_only_what_one_may_see() {
    let bank = Bank::open().await;
    let found = async |who: &str, text: &str| {
        let answer = bank.get(who, &format!("/api/search?q={text}")).await;
        let items = answer.body["items"].as_array().unwrap().iter();
        let mut ids: Vec<String> =
            items.map(|item| item["complaint_id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(found(ANNA, "cust-1").await, ["c-1", "c-3"]);
    assert_eq!(found("lee/clerk/loans", "cust-1").await, ["c-2"]);
    assert_eq!(found("ada/auditor/", "cust-1").await, ["c-1", "c-2", "c-3"]);
    assert_eq!(found(ANNA, "crm-c-3").await, ["c-3"]);
    assert_eq!(found(ANNA, "c-2").await, Vec::<String>::new(), "it lies with another team");
    assert_eq!(bank.get(ANNA, "/api/search").await.code(), (422, "missing-field"));
}
