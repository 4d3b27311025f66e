//! Every route against every role: who is let in, what they see of a team of theirs and of another, and what is recorded of it.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{collections::BTreeSet, sync::atomic::Ordering};

use axum::http::{Method, StatusCode};
use ombud_launch::guard::{ROUTES, Right, Role, RouteRight};
use serde_json::{Value, json};

use crate::bank::{Answered, Bank, CATEGORY, NARRATIVE};

/// What asks about a complaint of `team`.
fn request(route: &RouteRight, team: &str) -> (Method, String, Option<Value>) {
    let id = if team == "cards" { "c-1" } else { "c-2" };
    let path = route.path.replace("{team}", team).replace("{complaint_id}", id);
    let path = if path == "/api/search" { format!("{path}?q={id}") } else { path };
    let body = match route.path {
        _ if route.method == Method::GET => None,
        "/api/complaints" => Some(json!({"complaint_id": "c-9", "narrative": "Nobody answers."})),
        "/api/feedback" => Some(json!({"complaint_id": id, "kind": "CONFIRMED", "actor": ""})),
        "/api/leases/{complaint_id}" => Some(json!({"action": "take"})),
        "/api/work" => Some(json!({"complaint_id": id, "kind": "NOTED", "reason_code": "CALLED"})),
        _ => Some(json!({})),
    };
    (route.method.clone(), path, body)
}

/// The routes that the console serves; others' stand in the same table.
fn served() -> Vec<&'static RouteRight> {
    let document = serde_json::to_value(ombud_console::document()).unwrap();
    let is_served =
        |route: &&RouteRight| document["paths"][route.path][route.method.as_str().to_lowercase()].is_object();
    ROUTES.iter().filter(is_served).collect()
}

async fn ask(bank: &Bank, who: &str, route: &RouteRight, team: &str) -> Answered {
    let (method, path, body) = request(route, team);
    bank.ask(who, method, &path, body).await
}

fn shows(answer: &Answered, what: &str) -> bool {
    answer.body.to_string().contains(what)
}

#[test]
fn the_document_has_every_route_of_the_table_that_is_the_consoles_and_no_other() {
    let document = serde_json::to_value(ombud_console::document()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            documented.insert((method.to_uppercase(), path.clone()));
        }
    }
    let table: BTreeSet<_> =
        ROUTES.iter().map(|route| (route.method.to_string(), route.path.to_owned())).collect();
    let unknown: Vec<_> = documented.difference(&table).collect();
    assert!(unknown.is_empty(), "the guard lets nobody in there: {unknown:?}");
    let elsewhere = ["/api/requests", "/api/strategy", "/api/models", "/api/users"];
    let missing: Vec<_> = table
        .difference(&documented)
        .filter(|(_, path)| !elsewhere.iter().any(|other| path.starts_with(other)))
        .collect();
    assert!(missing.is_empty(), "not in the document: {missing:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_is_let_in_where_the_table_says_so_and_nowhere_else() {
    for role in Role::ALL {
        let bank = Bank::open().await;
        let who = format!("anna/{}/cards", role.name());
        for route in served() {
            let may = route.right == Right::Know || route.right.roles().contains(&role);
            let answer = ask(&bank, &who, route, "cards").await;
            let what = format!("{role:?} {} {}: {answer:?}", route.method, route.path);
            assert!(!answer.status.is_server_error(), "{what}");
            assert_eq!(answer.status == StatusCode::FORBIDDEN, !may, "{what}");
            if route.path != "/api/cases/{complaint_id}/narrative" {
                assert!(!shows(&answer, NARRATIVE), "{what}");
            }
            let sees = matches!(role, Role::Specialist | Role::Auditor);
            let has_evidence =
                ["/evidence", "/explain", "/dossier"].iter().any(|end| route.path.ends_with(end));
            if !(sees && has_evidence) {
                assert!(!shows(&answer, CATEGORY), "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_anything_of_another_team_but_auditors_and_operators_what_is_theirs() {
    let bank = Bank::open().await;
    for role in Role::ALL {
        let who = format!("anna/{}/cards", role.name());
        for route in served() {
            let (before, audited) = (bank.work().len(), bank.audit().len());
            let answer = ask(&bank, &who, route, "loans").await;
            let what = format!("{role:?} {} {}: {answer:?}", route.method, route.path);
            if role == Role::Auditor {
                continue;
            }
            assert!(!shows(&answer, NARRATIVE) && !shows(&answer, CATEGORY), "{what}");
            if role != Role::Operator {
                // A queue's name and one's own teams are no secret; what lies in the queue is.
                assert!(!shows(&answer, "crm-c-2") && !shows(&answer, "r-c-2"), "{what}");
            }
            assert_eq!((bank.work().len(), bank.audit().len()), (before, audited), "{what}");
        }
    }
    for role in ["clerk", "specialist", "lead"] {
        let who = format!("anna/{role}/cards");
        for path in ["/api/cases/c-2", "/api/cases/c-2/narrative", "/api/queues/loans"] {
            let answer = bank.get(&who, path).await;
            let unknown = bank.get(&who, &path.replace("c-2", "c-99").replace("loans", "lawns")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{role} {path}");
            assert_eq!(answer.body, unknown.body, "{role} {path}: it differs from one that is not there");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_narrative_is_its_teams_evidence_is_the_specialists_and_both_are_stored_nowhere_on_the_way() {
    let bank = Bank::open().await;
    let narrative = bank.get("anna/clerk/cards", "/api/cases/c-1/narrative").await;
    assert_eq!((narrative.status, &narrative.body["narrative"]), (StatusCode::OK, &json!(NARRATIVE)));
    assert_eq!(narrative.headers["cache-control"], "no-store");
    let evidence = bank.get("sue/specialist/cards", "/api/cases/c-1/evidence").await;
    assert_eq!(
        (evidence.status, &evidence.body["found"][0]["evidence"][0]["category"]),
        (StatusCode::OK, &json!(CATEGORY))
    );
    assert_eq!(evidence.headers["cache-control"], "no-store");
    assert_eq!(
        bank.get("sue/specialist/cards", "/api/cases/c-2/evidence").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(bank.get("otto/operator/", "/api/cases/c-1").await.status, StatusCode::OK);
    assert_eq!(bank.get("otto/operator/", "/api/cases/c-1/narrative").await.status, StatusCode::FORBIDDEN);
    let entries: Vec<_> = bank
        .audit()
        .into_iter()
        .map(|entry| (entry.actor, entry.roles, entry.source, entry.action, entry.complaint_id))
        .collect();
    let expected = [("anna", "clerk", "narrative-opened"), ("sue", "specialist", "evidence-opened")];
    let expected = expected.map(|(who, role, what)| {
        (who.to_owned(), vec![role.to_owned()], "session".to_owned(), what.to_owned(), Some("c-1".to_owned()))
    });
    assert_eq!(entries, expected);
}

/// Whoever may do everything that a person may at the desk.
const ALL_ROLES: &str = "anna/clerk,specialist,lead,auditor/*";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_writes_or_opens_is_recorded_before_it_is_answered_and_not_done_where_it_cannot_be() {
    // Complaints are recorded in complaints.raw, by whoever sends them: it is no person's doing.
    let expected = |path: &str| -> &[&str] {
        match path {
            "/api/feedback" => &["verdict-given"],
            "/api/queues/{team}/next" | "/api/leases/{complaint_id}" => &["lease-taken"],
            "/api/work" => &["work-recorded"],
            "/api/cases/{complaint_id}/narrative" => &["narrative-opened"],
            "/api/cases/{complaint_id}/evidence" => &["evidence-opened"],
            "/api/complaints/{complaint_id}/explain" => {
                &["explained", "explained", "explained", "evidence-opened"]
            }
            "/api/complaints/{complaint_id}/dossier" => &["dossier-exported", "evidence-opened"],
            _ => &[],
        }
    };
    let mut recorded = 0;
    for route in served() {
        let bank = Bank::open().await;
        bank.audit_is_broken.store(true, Ordering::SeqCst);
        let refused = ask(&bank, ALL_ROLES, route, "cards").await;
        let what = format!("{} {}", route.method, route.path);
        match expected(route.path) {
            [] => assert!(refused.status.is_success(), "{what}: {refused:?}"),
            [..] => {
                assert_eq!(refused.code(), (503, "audit-unavailable"), "{what}: {refused:?}");
                assert!(!shows(&refused, NARRATIVE) && !shows(&refused, CATEGORY), "{what}");
                assert!(
                    refused.body["error"].as_str().unwrap().contains("console.audit"),
                    "{what}: it says why"
                );
            }
        }
        assert!(bank.audit().is_empty() && bank.work().is_empty(), "{what}");

        bank.audit_is_broken.store(false, Ordering::SeqCst);
        let answer = ask(&bank, ALL_ROLES, route, "cards").await;
        assert!(answer.status.is_success(), "{what}: {answer:?}");
        let actions: Vec<String> = bank.audit().into_iter().map(|entry| entry.action).collect();
        assert_eq!(actions, expected(route.path), "{what}");
        for entry in bank.audit() {
            let text = serde_json::to_string(&entry).unwrap();
            assert!(!text.contains(NARRATIVE) && !text.contains(CATEGORY), "{what}: {text}");
            recorded += 1;
        }
    }
    assert_eq!(recorded, 12, "this test has asked for everything that is recorded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_reads_who_did_what_of_one_complaint_or_all() {
    let bank = Bank::open().await;
    bank.get("anna/clerk/cards", "/api/cases/c-1/narrative").await;
    bank.get("lee/clerk/loans", "/api/cases/c-2/narrative").await;
    let all = bank.get("ada/auditor/", "/api/audit").await;
    assert_eq!(
        (all.body["entries"].as_array().unwrap().len(), &all.body["next"]),
        (2, &Value::Null),
        "{all:?}"
    );
    let one = bank.get("ada/auditor/", "/api/audit?complaint=c-2").await;
    assert_eq!(
        (&one.body["entries"][0]["actor"], &one.body["entries"][1]),
        (&json!("lee"), &Value::Null),
        "{one:?}"
    );
    let rest = bank.get("ada/auditor/", "/api/audit?after=0/1").await;
    assert_eq!(rest.body["entries"].as_array().unwrap().len(), 1, "{rest:?}");
    assert_eq!(bank.get("ada/auditor/", "/api/audit?after=x").await.code(), (422, "after-unknown"));
    assert_eq!(bank.get("lea/lead/*", "/api/audit").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_is_asked_for_no_token_sees_no_work_and_a_token_what_its_scopes_say() {
    let bank = Bank::open().await;
    let system = "token:sesame-open";
    for route in served() {
        let answer = ask(&bank, system, route, "cards").await;
        let scopes = ["read", "work", "feedback"];
        let may = scopes.contains(&route.right.scope().name());
        assert_eq!(
            answer.status == StatusCode::FORBIDDEN,
            !may,
            "{} {}: {answer:?}",
            route.method,
            route.path
        );
        let nobody = ask(&bank, "", route, "cards").await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "{} {}", route.method, route.path);
    }
    let me = bank.get("anna/clerk/cards", "/api/me").await;
    let expected = json!({"name": "anna", "source": "session", "roles": ["clerk"], "teams": ["cards"]});
    assert_eq!(me.body, expected);
    let teams = bank.get("anna/clerk/cards", "/api/teams").await;
    assert_eq!(
        teams.body["teams"],
        json!([{"team": "cards", "yours": true}, {"team": "loans", "yours": false}])
    );
    let taxonomy = bank.get("anna/clerk/cards", "/api/taxonomy").await;
    assert!(shows(&taxonomy, "Fraud or scam") && shows(&taxonomy, "issue@"), "{taxonomy:?}");
}
