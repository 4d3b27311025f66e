//! The triage desk: one complaint after the other, by one key, and never two people on one.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use axum::http::StatusCode;
use ombud_console::pages::RolloutLog;
use ombud_contract::{
    ids,
    records::{Clock, FeedbackKind, Outcome, Prediction, RawComplaint, RoutedComplaint, Strategy, WorkKind},
};
use ombud_models::{Registry, Strategies};

use crate::{
    bank::{Bank, CATEGORY_IN_WORDS, NARRATIVE, NOW, Page, names_category},
    given::{decision, route},
    no_sources::sources_of,
};

const ANNA: &str = "anna/clerk/desk";
const BEN: &str = "ben/clerk/desk";
const LETTER: &str = "They sold my mortgage and nobody answers. I served in the army.";
/// Sends to the likeliest team.
const LIKELIEST: &str = "decision=1&revision=1&team_1=loans&product_1=Mortgage";

/// The triage desk is `desk`; mortgages and all but cards go to loans, where the vulnerable go too.
const ROUTING: &str = r#"
languages = ["en", "und"]
triage_desk = "desk"
vulnerable_desk = "loans"
[label_sets]
product = "product@1"
issue = "issue@1"
[priorities]
routine = 30
triage = 40
vulnerable = 90
possible_raises = 20
[teams]
desk = "Triage"
cards = "Card services"
loans = "Loans <b>and co</b>"
[products]
"Checking or savings account" = { team = "loans" }
"Credit card or prepaid card" = { team = "cards" }
"Credit reporting" = { team = "loans" }
"Debt collection" = { team = "loans" }
"Money transfer or virtual currency" = { team = "loans" }
"Mortgage" = { team = "loans" }
"Payday, title or personal loan" = { team = "loans" }
"Student loan" = { team = "loans" }
"Vehicle loan or lease" = { team = "loans" }
"#;

fn log() -> RolloutLog {
    let first = include_str!("../../../../schemas/models.strategy/examples/valid/first.json");
    let mut first: Strategy = serde_json::from_str(first).unwrap();
    first.tasks[0].arms[0].basis_points = 10_000;
    let mut strategies = Strategies::default();
    strategies.push(Strategy { effective_from: 0, routing: ROUTING.into(), ..first }).unwrap();
    RolloutLog { strategies, registry: Registry::default() }
}

/// A guess of a mortgage with 43 %, and a card with 16 %.
fn unsure(raw: &RawComplaint) -> Prediction {
    let evident = include_str!("../../../../schemas/complaints.predictions/examples/valid/evident.json");
    let mut logits = vec![0.0; 9];
    (logits[5], logits[1]) = (2.0, 1.0);
    let sum: f32 = logits.iter().map(|logit: &f32| logit.exp()).sum();
    Prediction {
        prediction_id: "p-product".into(),
        complaint_id: raw.complaint_id.clone(),
        input_sha256: ids::input_sha256(raw),
        task: "product".into(),
        outcome: Outcome::Abstained,
        label: Some("Mortgage".into()),
        level: "product".into(),
        confidence: 2.0_f32.exp() / sum,
        threshold: 0.5,
        label_set: "product@1".into(),
        logits,
        tokens: 20,
        truncated_tokens: 0,
        ..serde_json::from_str(evident).unwrap()
    }
}

fn of_desk(raw: &RawComplaint) -> RoutedComplaint {
    RoutedComplaint {
        complaint_id: raw.complaint_id.clone(),
        route_id: format!("r-{}", raw.complaint_id),
        input_sha256: ids::input_sha256(raw),
        team: "desk".into(),
        needs_human: true,
        human_reasons: vec!["abstained-product".into()],
        customer_ref: Some("cust-1".into()),
        decisions: vec![decision("product", "Mortgage", Outcome::Abstained)],
        ..route()
    }
}

async fn take(bank: &Bank, raw: &RawComplaint, route: &RoutedComplaint) {
    bank.take(raw, route, &[unsure(raw)]).await;
}

/// A bank with d-1, d-2 and d-3 at the triage desk.
async fn bank() -> Bank {
    let bank = Bank::open_with(sources_of(log())).await;
    for id in ["d-1", "d-2", "d-3"] {
        let raw = RawComplaint::new(id, LETTER, NOW);
        take(&bank, &raw, &of_desk(&raw)).await;
    }
    bank
}

fn kinds(bank: &Bank) -> Vec<WorkKind> {
    bank.work().iter().map(|event| event.kind).collect()
}

/// The verdict that the address lets take back.
fn undo_of(page: &Page) -> String {
    let (_, rest) = page.leads_to().split_once("undo=").unwrap();
    rest.split('&').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_decides_a_complaint_and_the_next_one_is_there() {
    let bank = bank().await;
    assert!(bank.page(ANNA, "/desk").await.text.contains("3 left"));
    let next = bank.send_form(ANNA, "/desk/next", "").await;
    assert_eq!(next.leads_to(), "/desk/d-1");
    let page = bank.page(ANNA, "/desk/d-1").await;
    for part in [
        "They sold my mortgage",
        "Send to Loans",
        "84 %",
        "16 %",
        "43 %",
        "50 %",
        "data-key=\"c\"",
        "data-key=\"2\"",
        "data-renew=\"/desk/d-1/renew\"",
        "data-release=\"/desk/d-1/release\"",
        "/complaints/d-2",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    assert!(!page.text.contains("style=") && !page.text.contains(" onclick"), "{}", page.text);
    let decided = bank.send_form(ANNA, "/desk/d-1/decide", LIKELIEST).await;
    assert!(decided.leads_to().starts_with("/desk/d-2?done=desk-sent&undo="), "{decided:?}");
    assert!(decided.headers["set-cookie"].to_str().unwrap().contains("complaints.feedback"), "{decided:?}");
    let verdict = &bank.verdicts()[0];
    assert_eq!((verdict.kind, verdict.to_team.as_deref()), (FeedbackKind::Reallocated, Some("loans")));
    assert_eq!((verdict.label_after.as_deref(), &*verdict.actor), (Some("Mortgage"), "anna"));
    assert_eq!(kinds(&bank), [WorkKind::Claimed, WorkKind::Released, WorkKind::Claimed]);
    let page = bank.page(ANNA, decided.leads_to()).await;
    for part in ["1 decided by you today", "2 left", "Undo: d-1", "Sent on."] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    for (id, form) in [("d-2", "decision=no-complaint&revision=1"), ("d-3", "decision=vulnerable&revision=1")]
    {
        bank.send_form(ANNA, &format!("/desk/{id}/decide"), form).await.leads_to();
    }
    let kinds: Vec<_> = bank.verdicts().iter().map(|verdict| verdict.kind).collect();
    let expected = [FeedbackKind::Reallocated, FeedbackKind::NotAComplaint, FeedbackKind::Reallocated];
    assert_eq!(kinds, expected);
    assert_eq!(bank.send_form(ANNA, "/desk/next", "").await.leads_to(), "/desk");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_team_that_was_decided_is_confirmed_where_a_person_must_look() {
    let bank = Bank::open_with(sources_of(log())).await;
    let raw = RawComplaint::new("d-1", LETTER, NOW);
    let failed =
        RoutedComplaint { team: "cards".into(), human_reasons: vec!["failed-issue".into()], ..of_desk(&raw) };
    take(&bank, &raw, &failed).await;
    let clerk = "cleo/clerk/cards";
    let next = bank.send_form(clerk, "/desk/next", "").await;
    assert_eq!(next.leads_to(), "/desk/d-1", "c-1 and c-3 need nobody");
    assert!(bank.page(clerk, "/desk/d-1").await.text.contains("Right: Card services keeps it"));
    let done = bank.send_form(clerk, "/desk/d-1/decide", "decision=confirm&revision=1").await;
    assert!(done.leads_to().starts_with("/desk?done=desk-confirmed&undo="), "{done:?}");
    assert_eq!(bank.verdicts()[0].kind, FeedbackKind::Confirmed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_takes_back_ones_own_decision_and_nobody_elses() {
    let bank = bank().await;
    bank.send_form(ANNA, "/desk/next", "").await.leads_to();
    let decided = bank.send_form(ANNA, "/desk/d-1/decide", LIKELIEST).await;
    bank.archive_verdicts();
    let form = format!("undo={}&undo_of=d-1&skipped=d-1", undo_of(&decided));
    // It is another team's by now: for Ben it is not there.
    bank.advance(1).await;
    assert_eq!(bank.send_form(BEN, "/desk/undo", &form).await.status, StatusCode::NOT_FOUND);
    assert_eq!(bank.verdicts().len(), 1);
    let undone = bank.send_form(ANNA, "/desk/undo", &form).await;
    assert_eq!(undone.leads_to(), "/desk/d-1?done=desk-undone");
    let last = bank.verdicts().pop().unwrap();
    assert_eq!((last.kind, last.retracts), (FeedbackKind::Retracted, Some(undo_of(&decided))));
    let page = bank.page(ANNA, "/desk/d-1").await;
    assert!(
        page.text.contains("data-renew") && page.text.contains("0 decided by you today"),
        "{}",
        page.text
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_skip_has_a_reason_and_what_was_skipped_does_not_come_at_once_again() {
    let bank = bank().await;
    bank.send_form(ANNA, "/desk/next", "").await.leads_to();
    let refused = bank.send_form(ANNA, "/desk/d-1/skip", "reason=too+hard").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let skipped = bank.send_form(ANNA, "/desk/d-1/skip", "reason=UNCLEAR").await;
    assert_eq!(skipped.leads_to(), "/desk/d-2?done=desk-skipped&skipped=d-1");
    let again = bank.send_form(ANNA, "/desk/d-2/skip", "reason=LATER&skipped=d-1").await;
    assert_eq!(again.leads_to(), "/desk/d-3?done=desk-skipped&skipped=d-1%0Ad-2");
    let reasons: Vec<_> = bank.work().into_iter().filter(|event| event.kind == WorkKind::Released).collect();
    assert_eq!((&*reasons[0].reason_code, &*reasons[1].reason_code), ("UNCLEAR", "LATER"));
    assert_eq!(bank.send_form(BEN, "/desk/next", "").await.leads_to(), "/desk/d-1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_people_one_has_it_and_the_other_keeps_what_they_typed() {
    let bank = bank().await;
    bank.send_form(ANNA, "/desk/next", "").await.leads_to();
    assert_eq!(bank.send_form(BEN, "/desk/next", "").await.leads_to(), "/desk/d-2");
    let seen = bank.page(BEN, "/desk/d-1").await;
    assert!(seen.text.contains("anna has this complaint") && !seen.text.contains("data-renew"), "{seen:?}");
    assert_eq!(bank.send_form(ANNA, "/desk/d-1/renew", "").await.status, StatusCode::NO_CONTENT);
    // Ten minutes without a heartbeat.
    bank.advance(601_000).await;
    assert_eq!(bank.send_form(BEN, "/desk/next", "complaint_id=d-1").await.leads_to(), "/desk/d-1");
    assert_eq!(bank.send_form(ANNA, "/desk/d-1/renew", "").await.status, StatusCode::CONFLICT);
    let form = "decision=move&revision=1&team=loans&reason=MY_REASON";
    let late = bank.send_form(ANNA, "/desk/d-1/decide", form).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    for part in ["ben has this complaint", "MY_REASON", "Loans"] {
        assert!(late.text.contains(part), "{part}: {}", late.text);
    }
    assert!(bank.verdicts().is_empty());
    assert_eq!(bank.send_form(BEN, "/desk/d-1/release", "").await.status, StatusCode::NO_CONTENT);
    assert!(bank.send_form(ANNA, "/desk/d-1/decide", form).await.leads_to().contains("done=desk-sent"));
    assert_eq!(bank.verdicts()[0].reason_code, "MY_REASON");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complaint_that_has_changed_is_looked_at_again() {
    let bank = bank().await;
    bank.send_form(ANNA, "/desk/next", "").await.leads_to();
    let old = bank.send_form(ANNA, "/desk/d-1/decide", "decision=no-complaint&revision=0").await;
    assert_eq!(old.status, StatusCode::CONFLICT);
    assert!(old.text.contains("has changed") && bank.verdicts().is_empty(), "{old:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn evidence_is_for_specialists_and_another_teams_narrative_for_nobody() {
    let bank = bank().await;
    bank.send_form(ANNA, "/desk/next", "").await.leads_to();
    let clerk = bank.page(ANNA, "/desk/d-1").await;
    assert!(!names_category(&clerk.text) && !clerk.text.contains("class=\"evidence\""), "{clerk:?}");
    let actions: Vec<_> = bank.audit().into_iter().map(|entry| entry.action).collect();
    assert!(actions.contains(&"narrative-opened".to_owned()));
    assert!(!actions.contains(&"evidence-opened".to_owned()));
    let specialist = bank.page("sue/specialist/desk", "/desk/d-1").await;
    assert!(specialist.text.contains(CATEGORY_IN_WORDS), "{specialist:?}");
    for path in ["/desk/c-1", "/desk/no-such"] {
        let other = bank.page(ANNA, path).await;
        assert_eq!(other.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!other.text.contains(NARRATIVE), "{path}");
        let decided = bank.send_form(ANNA, &format!("{path}/decide"), "decision=confirm&revision=1").await;
        assert!(decided.status == StatusCode::NOT_FOUND && !decided.text.contains(NARRATIVE), "{path}");
    }
    bank.audit_is_broken.store(true, std::sync::atomic::Ordering::SeqCst);
    let unrecorded = bank.page(ANNA, "/desk/d-1").await;
    assert_eq!(unrecorded.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!unrecorded.text.contains("mortgage"), "no record, no narrative: {unrecorded:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_drawn_at_random_is_judged_blind_elsewhere() {
    let bank = Bank::open_with(sources_of(log())).await;
    let raw = RawComplaint::new("d-1", LETTER, NOW);
    let drawn = RoutedComplaint { human_reasons: vec!["audit-sample".into()], ..of_desk(&raw) };
    take(&bank, &raw, &drawn).await;
    assert_eq!(bank.send_form(ANNA, "/desk/next", "").await.leads_to(), "/desk");
    assert_eq!(bank.page(ANNA, "/desk/d-1").await.leads_to(), "/sample/d-1");
    let desk = bank.page(ANNA, "/desk").await;
    assert!(desk.text.contains("1 of the audit sample waits") && !desk.text.contains("Mortgage"), "{desk:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_text_acts_nowhere() {
    let hostile = "<script>alert(1)</script>\u{202e}\"><b>";
    let bank = Bank::open_with(sources_of(log())).await;
    let id = "d\"><b>\u{202e}/../1";
    let raw = RawComplaint::new(id, hostile, NOW);
    let clock = Clock {
        name: hostile.into(),
        starts: NOW,
        due: NOW + 1,
        rule: String::new(),
        calendar: None,
        beyond_calendar: false,
    };
    let routed = RoutedComplaint {
        human_reasons: vec![hostile.into(), "abstained-<b>".into()],
        customer_ref: Some(hostile.into()),
        clocks: vec![clock],
        ..of_desk(&raw)
    };
    take(&bank, &raw, &routed).await;
    let next = bank.send_form(ANNA, "/desk/next", "skipped=%3Cb%3E").await;
    let page = bank.page(ANNA, next.leads_to()).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    assert!(page.text.contains("alert(1)"), "it is shown as text: {}", page.text);
    let path = next.leads_to().split('?').next().unwrap();
    let form = "decision=move&revision=1&team=%3Cb%3E&reason=%22%3E%3Cb%3E";
    let wrong = bank.send_form(ANNA, &format!("{path}/decide"), form).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong:?}");
    let undo = bank.page(ANNA, "/desk?done=%3Cb%3E&undo=%22%3E%3Cb%3E&undo_of=%3Cb%3E").await;
    for page in [page, wrong, undo] {
        for act in ["<script>alert", "<b>", "\u{202e}"] {
            assert!(!page.text.contains(act), "{act}: {}", page.text);
        }
    }
}
