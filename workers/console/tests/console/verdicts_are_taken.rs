//! Verdicts over HTTP: completed from the case, durable when they are answered, refused with the field and what would be
//! right.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{sync::Arc, thread, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use ombud_console::{Console, KnownTeams, Waiter, WorklistProgress, answer, desk::ClaimLimits, read_clock};
use ombud_contract::{
    catalogue::Topic,
    codec,
    records::{Feedback, FeedbackKind, Outcome, RawComplaint, RoutedComplaint, Vulnerability},
};
use ombud_launch::{
    config::{Inputs, load},
    guard::Guard,
};
use ombud_local::{Local, LocalWorklist, Options};
use ombud_store::{CaseStore, Leases, file_feedback, file_routed};
use ombud_stream::{ManualClock, Outage, Reader, Record, TopicPartition};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::{
    given::{decision, route},
    memory_leases::MemoryLeases,
};

const NOW: i64 = 1_709_300_000_000;

/// A console over an embedded log that holds the case c-1, with two routes.
struct Given {
    local: Local,
    routes: Router,
    _dir: TempDir,
}

fn first() -> RoutedComplaint {
    let mut first =
        RoutedComplaint { route_id: "r-0".into(), revision: 0, team: "triage-desk".into(), ..route() };
    first.decisions = vec![decision("product", "Student loan", Outcome::Abstained)];
    first.missing_tasks = vec!["issue".into()];
    first
}

fn console() -> Given {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(dir.path(), Options::catalogue("", 1)).unwrap();
    let newest = RoutedComplaint { human_reasons: vec!["audit-sample".into()], ..route() };
    for route in [first(), newest] {
        let original = Record {
            source: TopicPartition::new("complaints.routed", 0),
            offset: route.revision,
            appended_at: 5,
            key: Some("c-1".into()),
            value: Some(codec::encode(&route).unwrap()),
            headers: Vec::new(),
            original: None,
        };
        local.cases().unwrap().write(&file_routed(&route, &original, &[])).unwrap();
    }
    let (sink, deliveries) = local.sink::<Waiter>(64);
    // Ends with the sink, which the routes own.
    thread::spawn(move || answer(&deliveries));
    let view = local.view();
    let cases = Box::new(move || Ok(Box::new(view.cases().unwrap()) as Box<dyn CaseStore>));
    let clock = Arc::new(ManualClock::at(NOW));
    let teams: KnownTeams = Arc::new(|version| {
        let in_force = ["cards", "home-lending", "loans", "triage-desk"].map(str::to_owned);
        // The strategy that routed had a desk that is gone since.
        let routed_by = (version == 1).then(|| "old-desk".to_owned());
        Ok(Some(in_force.into_iter().chain(routed_by).collect()))
    });
    let leases = MemoryLeases::new(Arc::clone(&clock));
    let routes = Console {
        sink: Box::new(sink),
        cases,
        teams,
        worklist: Arc::new(LocalWorklist::open(dir.path(), Arc::new(read_clock)).unwrap()),
        worklist_progress: WorklistProgress::default(),
        leases: Box::new(move || Ok(Box::new(leases.clone()) as Box<dyn Leases>)),
        limits: ClaimLimits::default(),
        trail: Box::new(|| Err(Outage::fatal("read the audit", "no verdict asks for it"))),
        clock,
        prefix: String::new(),
        dates: None,
        explain: None,
        dossiers: None,
    }
    .routes();
    Given { local, routes, _dir: dir }
}

async fn send(routes: &Router, path: &str, body: &Value, token: Option<&str>) -> (StatusCode, Value) {
    let mut request = Request::post(path)
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let answer = routes.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

impl Given {
    async fn post(&self, body: Value) -> (StatusCode, Value) {
        send(&self.routes, "/api/feedback", &body, None).await
    }

    async fn refused(&self, body: Value) -> (String, String) {
        let (status, answer) = self.post(body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
        let first = &answer["refused"][0];
        assert!(answer["error"].as_str().unwrap().starts_with(first["field"].as_str().unwrap()), "{answer}");
        (first["field"].as_str().unwrap().to_owned(), first["code"].as_str().unwrap().to_owned())
    }

    fn logged(&self) -> Vec<Feedback> {
        let partition = TopicPartition::new(Topic::Feedback.name(""), 0);
        let records = self.local.reader().unwrap().fetch(&partition, 0, Duration::ZERO).unwrap().records;
        records
            .iter()
            .map(|record| {
                assert_eq!(record.key.as_deref(), Some(&b"c-1"[..]));
                codec::decode(record.value.as_deref().unwrap()).unwrap()
            })
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_verdict_is_completed_from_the_newest_route_and_durable_when_it_is_answered() {
    let given = console();
    let said = json!({"complaint_id": "c-1", "kind": "RELABELLED", "task": "issue",
        "label_after": "Struggling to pay", "actor": "agent-17", "decided_at": NOW - 5});
    let (status, answer) = given.post(said.clone()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    assert_eq!((&answer["audit_sample"], &answer["revision"]), (&json!(true), &json!(1)));
    let [feedback] = &given.logged()[..] else { panic!("one verdict") };
    assert_eq!(answer["feedback_id"], feedback.feedback_id.as_str());
    let expected = Feedback {
        feedback_id: feedback.feedback_id.clone(),
        complaint_id: "c-1".into(),
        route_id: "r-1".into(),
        revision: 1,
        kind: FeedbackKind::Relabelled,
        task: Some("issue".into()),
        prediction_id: Some("p-issue".into()),
        model_id: Some("bag".into()),
        model_version: Some("v".into()),
        label_before: Some("Fraud or scam".into()),
        label_after: Some("Struggling to pay".into()),
        from_team: Some("cards".into()),
        to_team: None,
        reason_code: String::new(),
        actor: "agent-17".into(),
        actor_role: String::new(),
        source: "http".into(),
        audit_sample: true,
        decided_at: NOW - 5,
        retracts: None,
    };
    assert_eq!(*feedback, expected);
    let (_, again) = given.post(said).await;
    assert_eq!(again["feedback_id"], answer["feedback_id"], "the same verdict is one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_older_route_is_judged_where_it_is_named_and_a_missing_task_may_be_labelled() {
    let given = console();
    let said = |task: &str, label: &str| {
        json!({"complaint_id": "c-1", "kind": "RELABELLED", "task": task, "label_after": label,
            "actor": "agent-17", "revision": 0})
    };
    let (status, answer) =
        given.post(json!([said("issue", "Fraud or scam"), said("product", "Mortgage")])).await;
    assert_eq!((status, answer.as_array().unwrap().len()), (StatusCode::ACCEPTED, 2), "{answer}");
    let logged = given.logged();
    assert!(logged.iter().all(|feedback| feedback.route_id == "r-0" && !feedback.audit_sample));
    assert_eq!((&logged[0].label_before, &logged[0].prediction_id), (&None, &None));
    assert_eq!(logged[1].label_before.as_deref(), Some("Student loan"));
    assert_eq!(logged[1].decided_at, NOW);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_flag_that_was_routed_is_what_is_corrected() {
    let given = console();
    let flag = |label: &str| json!({"complaint_id": "c-1", "kind": "VULNERABILITY", "label_after": label, "actor": "agent-17"});
    assert_eq!(given.refused(flag("POSSIBLE")).await.1, "label-unknown");
    let (status, _) = given.post(flag("NOT_INDICATED")).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let [feedback] = &given.logged()[..] else { panic!("one verdict") };
    assert_eq!(feedback.label_before.as_deref(), Some("POSSIBLE"));
    assert_eq!(route().vulnerability, Vulnerability::Possible);
    assert_eq!(feedback.task.as_deref(), Some("vulnerable"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_contradicts_the_case_or_a_rule_is_refused_with_its_field_and_nothing_is_taken() {
    let given = console();
    let verdict = |more: Value| {
        let mut verdict = json!({"complaint_id": "c-1", "kind": "CONFIRMED", "actor": "agent-17"});
        verdict.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        verdict
    };
    let wrong = [
        (json!({"complaint_id": "c-2"}), "complaint_id", "case-unknown"),
        (json!({"revision": 7}), "revision", "contradicts-case"),
        (json!({"route_id": "r-7"}), "route_id", "contradicts-case"),
        (json!({"from_team": "loans"}), "from_team", "contradicts-case"),
        (json!({"task": "issue", "model_version": "w"}), "model_version", "contradicts-case"),
        (json!({"task": "issue", "label_before": "Mortgage"}), "label_before", "contradicts-case"),
        (json!({"audit_sample": false}), "audit_sample", "contradicts-case"),
        (json!({"task": "mood"}), "task", "contradicts-case"),
        (json!({"to_team": "loans"}), "to_team", "changes-something"),
        (json!({"kind": "REALLOCATED", "to_team": "cards"}), "to_team", "to-team-unchanged"),
        (json!({"kind": "REALLOCATED", "to_team": "home-landing"}), "to_team", "team-unknown"),
        (json!({"decided_at": NOW + 300_001}), "decided_at", "decided-at-in-the-future"),
        (json!({"task": "vulnerable"}), "kind", "possible-unsettled"),
        (json!({"kind": "RETRACTED"}), "retracts", "retracts-missing"),
        (json!({"kind": "RETRACTED", "retracts": "f-9"}), "retracts", "verdict-unknown"),
        (json!({"retracts": "f-9"}), "retracts", "retracts-nothing"),
        (json!({"actor": ""}), "actor", "actor-missing"),
        (json!({"comment": "it was"}), "comment", "unknown-field"),
    ];
    for (more, field, code) in wrong {
        assert_eq!(given.refused(verdict(more.clone())).await, (field.to_owned(), code.to_owned()), "{more}");
    }
    let several = json!([verdict(json!({})), verdict(json!({"revision": 7})), {"kind": "CONFIRMED"}]);
    let (_, answer) = given.post(several).await;
    let places: Vec<_> = answer["refused"].as_array().unwrap().iter().map(|one| one["at"].clone()).collect();
    assert_eq!(places, [json!(1), json!(2)]);
    assert!(given.logged().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_team_is_one_of_the_strategy_in_force_or_of_the_one_that_routed_and_the_nearest_are_named() {
    let given = console();
    let to = |team: &str| json!({"complaint_id": "c-1", "kind": "REALLOCATED", "to_team": team, "actor": "agent-17"});
    for team in ["home-lending", "old-desk"] {
        assert_eq!(given.post(to(team)).await.0, StatusCode::ACCEPTED, "{team}");
    }
    let (_, answer) = given.post(to("home-landing")).await;
    assert!(answer["error"].as_str().unwrap().contains("the nearest are home-lending"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn of_an_audited_case_it_is_told_that_nobody_has_said_whether_the_customer_is_vulnerable() {
    let given = console();
    let confirmed =
        json!({"complaint_id": "c-1", "kind": "CONFIRMED", "actor": "agent-17", "decided_at": NOW + 300_000});
    let flag = json!({"complaint_id": "c-1", "kind": "VULNERABILITY", "label_after": "not_indicated", "actor": "agent-17"});
    let (status, answer) = given.post(confirmed.clone()).await;
    assert_eq!((status, &answer["vulnerability_missing"]), (StatusCode::ACCEPTED, &json!(true)), "{answer}");
    let (_, answer) = given.post(json!([confirmed, flag])).await;
    assert_eq!(
        [&answer[0], &answer[1]].map(|one| &one["vulnerability_missing"]),
        [&json!(false); 2],
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn labels_are_read_in_any_case_and_by_their_older_names_and_written_as_the_trees_have_them() {
    let given = console();
    let said = |task: &str, label: &str| {
        json!({"complaint_id": "c-1", "kind": "RELABELLED", "task": task, "label_after": label,
            "label_before": if task == "issue" { "fraud OR scam" } else { "mortgage" }, "actor": "agent-17"})
    };
    let (status, answer) =
        given.post(json!([said("product", "payday LOAN"), said("issue", "STRUGGLING to pay")])).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    let labels: Vec<_> = given.logged().into_iter().filter_map(|one| one.label_after).collect();
    assert_eq!(labels, ["Payday, title or personal loan", "Struggling to pay"]);
    let unchanged = said("product", "MORTGAGE");
    assert_eq!(given.refused(unchanged).await.1, "label-unchanged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_verdict_is_taken_back_by_its_id_once_it_is_in_its_case() {
    let given = console();
    let said = json!({"complaint_id": "c-1", "kind": "REALLOCATED", "to_team": "loans", "actor": "agent-17", "revision": 0});
    let (_, answer) = given.post(said).await;
    let id = answer["feedback_id"].as_str().unwrap().to_owned();
    let back = json!({"complaint_id": "c-1", "kind": "RETRACTED", "retracts": id, "actor": "agent-18"});
    assert_eq!(given.refused(back.clone()).await.1, "verdict-unknown", "it is not archived yet");
    let archived = |at: usize| {
        let feedback = given.logged().remove(at);
        let original = Record {
            source: TopicPartition::new("complaints.feedback", 0),
            offset: at as i64,
            appended_at: NOW,
            key: Some("c-1".into()),
            value: Some(codec::encode(&feedback).unwrap()),
            headers: Vec::new(),
            original: None,
        };
        given.local.cases().unwrap().write(&file_feedback(&feedback, &original)).unwrap();
        feedback
    };
    archived(0);
    let (status, answer) = given.post(back).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    let retraction = archived(1);
    assert_eq!((retraction.kind, retraction.revision), (FeedbackKind::Retracted, 0));
    assert_eq!(retraction.retracts.as_deref(), Some(id.as_str()));
    let again = json!({"complaint_id": "c-1", "kind": "RETRACTED", "retracts": retraction.feedback_id, "actor": "agent-18"});
    assert_eq!(given.refused(again).await.1, "retracts-a-retraction");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_token_opens_every_route_and_says_who_reports() {
    let given = console();
    let sha256 = "10fd93e00c1bdccff1ba9cb6919df45fcd7264eb96f173c36eb6934e18e5ef86";
    let variables = vec![("OMBUD_HTTP__TOKENS__CARD-DESK".into(), sha256.into())];
    let http = load(&Inputs { variables, ..Inputs::default() }).unwrap().settings.http;
    let routes = Guard::of(&http, None).unwrap().around(given.routes.clone());
    let said = json!({"complaint_id": "c-1", "kind": "CONFIRMED", "actor": "agent-17"});
    for token in [None, Some("wrong")] {
        let (status, answer) = send(&routes, "/api/feedback", &said, token).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{answer}");
        let complaint = json!({"narrative": "They charged me twice."});
        assert_eq!(send(&routes, "/api/complaints", &complaint, token).await.0, StatusCode::UNAUTHORIZED);
    }
    let (status, _) = send(&routes, "/api/feedback", &said, Some("sesame-open")).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert_eq!(given.logged()[0].source, "card-desk");
    let other = json!({"complaint_id": "c-1", "kind": "CONFIRMED", "actor": "agent-17", "source": "crm"});
    let (_, answer) = send(&routes, "/api/feedback", &other, Some("sesame-open")).await;
    assert_eq!(answer["refused"][0]["field"], "source");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_complaint_is_taken_and_the_document_is_served() {
    let given = console();
    let complaint = json!({"complaint_id": "c-9", "narrative": "They charged me twice.",
        "regulator_sent_at": NOW - 5, "notice_at": "2023-11-01T00:00:00Z"});
    let (status, answer) = send(&given.routes, "/api/complaints", &complaint, None).await;
    assert_eq!((status, &answer["complaint_id"]), (StatusCode::ACCEPTED, &json!("c-9")));
    let partition = TopicPartition::new(Topic::Raw.name(""), 0);
    let records = given.local.reader().unwrap().fetch(&partition, 0, Duration::ZERO).unwrap().records;
    let raw: RawComplaint = codec::decode(records[0].value.as_deref().unwrap()).unwrap();
    assert_eq!((raw.received_at, records[0].offset), (NOW, answer["offset"].as_i64().unwrap()));
    assert_eq!((raw.regulator_sent_at, raw.notice_at), (Some(NOW - 5), Some(1_698_796_800_000)));
    let late = json!({"narrative": "They charged me twice.", "notice_at": NOW + 90_000_000});
    let (status, answer) = send(&given.routes, "/api/complaints", &late, None).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.to_string().contains("notice-at-after-received"), "{answer}");

    let request = Request::get("/api/openapi.json").body(Body::empty()).unwrap();
    let answer = given.routes.clone().oneshot(request).await.unwrap();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let document: Value = serde_json::from_slice(&body).unwrap();
    assert!(document["paths"]["/api/feedback"]["post"].is_object());
}
