use std::{sync::atomic::Ordering, time::Duration};

use axum::http::{Method, StatusCode, header};

use super::*;
use crate::pages::given::{GivenPages, NOW, text};

const OPERATOR: &str = "olga/operator/";
/// What a hostile topic, reason or error looks like.
const HOSTILE: &str = "<script>alert(1)</script>\u{202e}\" onload=\"x";

fn id(number: u8) -> String {
    format!("{number:064x}")
}

fn letter(number: u8) -> LetterLine {
    LetterLine {
        id: id(number),
        reason: "unknown-schema".into(),
        topic: "complaints.raw".into(),
        partition: 2,
        offset: 40 + i64::from(number),
        parked_at: NOW,
        refusal: None,
    }
}

fn status() -> SystemStatus {
    let group =
        GroupStatus { group: "ombud.join".into(), lag: 4_711, drain_seconds: Some(250.0), oldest: Some(NOW) };
    SystemStatus {
        version: "1.2.3".into(),
        groups: Ok(vec![group]),
        letters: Ok(DeadLetters {
            looked_at: 2,
            is_more: false,
            by_reason: vec![("unknown-schema".into(), 2)],
            newest: vec![letter(1), letter(2)],
        }),
        models: Ok(vec![ModelStatus {
            model_id: "bag".into(),
            version: "c0ffee".repeat(10),
            state: ModelUse::Rejected,
            tasks: vec!["product".into()],
            reason: "not-a-number: a weight is none".into(),
        }]),
        waits: vec![("models".into(), "loading models, tried again: blend@abc".into())],
        remarks: Vec::new(),
        reached: vec![
            PartReach { part: ReachPart::Log, answer: Ok(Duration::from_millis(3)) },
            PartReach { part: ReachPart::CaseStore, answer: Err("nobody answers at 10.0.0.7".into()) },
        ],
    }
}

fn desk() -> GivenPages {
    let desk = GivenPages::open(8);
    *desk.operations.status.lock().unwrap() = Some(status());
    desk
}

fn letters_of(numbers: &[u8]) -> String {
    numbers.iter().map(|number| format!("letter={}&", id(*number))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_how_the_system_is_and_nobody_else_does() {
    let desk = desk();
    let (status, page) = desk.read(OPERATOR, "/health").await;
    assert_eq!(status, StatusCode::OK);
    let shown = [
        "ombud.join",
        "4711",
        "4 min",
        "complaints.raw[2]@41",
        "not-a-number: a weight is none",
        "rejected",
        "loading models, tried again",
        "nobody answers at 10.0.0.7",
        "answered in 3 ms",
        "unknown-schema",
    ];
    for said in shown {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("{health-"), "a word is missing: {page}");
    assert!(!page.contains("style="), "{page}");
    for other in ["anna/clerk/cards", "lea/lead/*", "mo/model-owner/*", "aud/auditor/*"] {
        assert_eq!(desk.read(other, "/health").await.0, StatusCode::FORBIDDEN, "{other}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_or_could_not_be_asked_says_so() {
    let desk = GivenPages::open(8);
    let (status, page) = desk.read(OPERATOR, "/health").await;
    assert!(status == StatusCode::OK && page.contains("Nobody has looked yet"), "{page}");
    let failed = || "grant Read on complaints.dead-letters".to_owned();
    *desk.operations.status.lock().unwrap() = Some(SystemStatus { letters: Err(failed()), ..self::status() });
    let (_, page) = desk.read(OPERATOR, "/health").await;
    assert!(page.contains(&failed()) && page.contains("ombud.join"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_wrote_acts_nowhere_and_hides_nothing() {
    let desk = GivenPages::open(8);
    let mut hostile = status();
    let text = || HOSTILE.to_owned();
    let bad = LetterLine { id: text(), reason: text(), topic: text(), refusal: Some(text()), ..letter(1) };
    hostile.letters = Ok(DeadLetters {
        newest: vec![bad.clone(), LetterLine { refusal: None, ..bad }],
        by_reason: vec![(text(), 1)],
        ..DeadLetters::default()
    });
    hostile.models = Ok(vec![ModelStatus {
        model_id: text(),
        version: text(),
        state: ModelUse::Rejected,
        tasks: vec![text()],
        reason: text(),
    }]);
    hostile.waits = vec![(text(), text())];
    hostile.remarks = vec![(text(), text())];
    hostile.reached = vec![PartReach { part: ReachPart::Log, answer: Err(text()) }];
    hostile.groups = Err(text());
    *desk.operations.status.lock().unwrap() = Some(hostile);
    let line = DoctorLine { what: text(), grade: Grade::Bad, found: text(), fix: Some(text()) };
    *desk.operations.examination.lock().unwrap() =
        Examination { is_running: false, found: Some(Known { what: vec![line], age: Duration::ZERO }) };
    let (_, page) = desk.read(OPERATOR, "/health").await;
    assert!(!page.contains("<script>alert") && !page.contains("\" onload=\""), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;\\u202e&quot; onload="), "{page}");
    // But for the form's own value, which nobody sees.
    let seen = page.replace(&format!("value=\"{}", HOSTILE.split('"').next().unwrap()), "");
    let seen = seen.replace("value=\"&lt;script&gt;alert(1)&lt;/script&gt;\u{202e}", "");
    assert!(!seen.contains('\u{202e}'), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sends_chosen_letters_again_and_each_that_is_sent_is_recorded() {
    let desk = desk();
    let fate = |number: u8, fate: LetterFate| RedrivenLetter { id: id(number), fate, detail: None };
    *desk.operations.fates.lock().unwrap() =
        vec![fate(1, LetterFate::Sent), fate(2, LetterFate::Already), fate(3, LetterFate::Refused)];
    let form = letters_of(&[1, 2, 3]);
    let answer = desk.ask(OPERATOR, Method::POST, "/health/redrive", Some(&form)).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let address = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(address, "/health?done=redriven&sent=1&already=1&refused=1");
    let [entry] = &desk.audit()[..] else { panic!("{:?}", desk.audit()) };
    let recorded = (entry.actor.as_str(), entry.action.as_str(), entry.subject.as_str());
    assert_eq!(recorded, ("olga", "redriven", id(1).as_str()));
    assert_eq!((entry.complaint_id.clone(), entry.roles.clone()), (None, vec!["operator".to_owned()]));
    assert_eq!(*desk.operations.asked.lock().unwrap(), [id(1), id(2), id(3)]);
    let (_, page) = desk.read(OPERATOR, &address).await;
    assert!(page.contains("1 dead letter was sent again. 1 had been sent again before."), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_operators_sends_letters_again_and_without_a_record_nobody_does() {
    let desk = desk();
    *desk.operations.fates.lock().unwrap() =
        vec![RedrivenLetter { id: id(1), fate: LetterFate::Sent, detail: None }];
    let form = letters_of(&[1]);
    for other in ["anna/clerk,lead,specialist/*", "mo/model-owner,approver/*", "aud/auditor/*"] {
        let answer = desk.ask(other, Method::POST, "/health/redrive", Some(&form)).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{other}");
    }
    desk.log.is_full.store(true, Ordering::SeqCst);
    let answer = desk.ask(OPERATOR, Method::POST, "/health/redrive", Some(&form)).await;
    let (status, page) = text(answer).await;
    assert!(
        status == StatusCode::SERVICE_UNAVAILABLE && page.contains("record who sends them again"),
        "{page}"
    );
    assert!(desk.operations.asked.lock().unwrap().is_empty() && desk.audit().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_chooses_none_or_what_is_no_letter_is_not_taken() {
    let desk = desk();
    let many: String = (0..=100_u8).map(|number| letters_of(&[number])).collect();
    for (form, said) in [
        ("", "Choose at least one"),
        ("other=1", "Choose at least one"),
        ("letter=%3Cb%3E", "no valid id"),
        (many.as_str(), "at most 100"),
    ] {
        let answer = desk.ask(OPERATOR, Method::POST, "/health/redrive", Some(form)).await;
        let (status, page) = text(answer).await;
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains(said), "{form}: {page}");
    }
    assert!(desk.operations.asked.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_looks_when_it_is_asked_to_and_the_worst_comes_first() {
    let desk = desk();
    let line = |what: &str, grade| DoctorLine { what: what.into(), grade, found: "f".into(), fix: None };
    let what = vec![line("kafka", Grade::Ok), line("topics", Grade::Bad)];
    *desk.operations.examination.lock().unwrap() =
        Examination { is_running: true, found: Some(Known { what, age: Duration::from_secs(40) }) };
    let (_, page) = desk.read(OPERATOR, "/health").await;
    assert!(!desk.operations.is_examined.load(Ordering::SeqCst));
    assert!(page.find("topics").unwrap() < page.find("kafka").unwrap(), "{page}");
    assert!(page.contains("As it was 40 seconds ago.") && page.contains("is under way"), "{page}");
    desk.read(OPERATOR, "/health?examine=1").await;
    assert!(desk.operations.is_examined.load(Ordering::SeqCst));
}
