//! The page of a complaint: what happened, its clocks in words, what is done next; what the customer wrote on a page of its own;
//! and who looked, for auditors.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use ombud_contract::records::{AnswerOutcome, RoutedComplaint, WorkKind};

use crate::{
    bank::{Bank, NARRATIVE, NOW, names_category},
    team_queue::{routed, take},
};

const ANNA: &str = "anna/clerk/cards";
const BEN: &str = "ben/clerk/cards";
const LEAD: &str = "lea/lead/cards";
const AUDITOR: &str = "ada/auditor/";
const HOUR: i64 = 3_600_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complaint_shows_every_record_with_its_model_and_strategy_and_every_clock_with_its_rule() {
    let bank = Bank::open().await;
    let route = RoutedComplaint {
        customer_ref: Some("cust-1".into()),
        strategy_version: 17,
        ..routed("k-1", NOW + HOUR)
    };
    take(&bank, &route).await;
    let page = bank.page(ANNA, "/complaints/k-1").await;
    assert_eq!(page.status, StatusCode::OK);
    for said in [
        "15 business days from the day after it was received, by the days of Europe/London.",
        "Met by a summary resolution or a final response.",
        "With a holding response it is 35 business days instead.",
        "Runs again when the complaint is opened again.",
        "england-and-wales@1",
        "Routed to cards",
        "<dd>17</dd>",
        "complaints.routed/0/",
        "complaints.raw/0/",
        "due today",
        "Other complaints of this customer",
        "/complaints/c-1",
        "/complaints/k-1/narrative",
    ] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    let predicted = bank.page(ANNA, "/complaints/c-1").await;
    assert!(
        predicted.text.contains("A model on vulnerability")
            && predicted.text.contains("complaints.predictions/0/0")
    );
    for page in [&page, &predicted] {
        assert!(!page.text.contains("bereavement") && !names_category(&page.text), "{}", page.text);
    }
    assert!(bank.audit().is_empty(), "no narrative was opened");

    let narrative = bank.page(ANNA, "/complaints/c-1/narrative").await;
    assert!(narrative.text.contains(NARRATIVE), "{}", narrative.text);
    assert_eq!(narrative.headers["cache-control"], "no-store");
    assert_eq!(bank.audit().last().unwrap().action, "narrative-opened");
    bank.audit_is_broken.store(true, Ordering::SeqCst);
    let unrecorded = bank.page(ANNA, "/complaints/c-1/narrative").await;
    assert_eq!(unrecorded.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!unrecorded.text.contains("bereavement") && unrecorded.text.contains("cannot be recorded"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complaint_is_found_by_its_references_and_one_alone_is_opened() {
    let bank = Bank::open().await;
    assert_eq!(bank.page(ANNA, "/complaints?q=crm-c-3").await.leads_to(), "/complaints/c-3");
    let several = bank.page(ANNA, "/complaints?q=+cust-1+").await;
    assert!(
        several.text.contains("2 complaints found") && !several.text.contains("/complaints/c-2"),
        "{several:?}"
    );
    let long = bank.page(ANNA, &format!("/complaints?q={}", "x".repeat(300))).await;
    assert_eq!(long.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(bank.page(ANNA, "/complaints").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_refused_keeps_what_was_typed_and_one_that_is_taken_leads_back_with_its_undo() {
    let bank = Bank::open().await;
    let answer = "kind=FINAL_RESPONSE&revision=1&outcome=UPHELD&redress_minor=25.50&redress_currency=gbp";
    let refused = bank.send_form(ANNA, "/complaints/c-1/work", answer).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
    for kept in [
        "<option value=\"UPHELD\" selected>",
        "value=\"25.50\"",
        "value=\"gbp\"",
        "<details class=\"card\" open>",
        "final_response-cause_code-problem",
    ] {
        assert!(refused.text.contains(kept), "{kept}: {}", refused.text);
    }
    let taken = bank.send_form(BEN, "/complaints/c-1/lease", "action=take").await;
    assert_eq!(taken.leads_to(), "/complaints/c-1?done=complaint-lease-take");
    let whole = format!("{answer}&cause_code=FEES");
    let held = bank.send_form(ANNA, "/complaints/c-1/work", &whole).await;
    assert_eq!(held.status, StatusCode::CONFLICT);
    for kept in ["ben works on it until", "value=\"25.50\"", "value=\"FEES\""] {
        assert!(held.text.contains(kept), "{kept}: {}", held.text);
    }
    let stale = bank.send_form(BEN, "/complaints/c-1/work", &whole.replace("revision=1", "revision=0")).await;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(stale.text.contains("has changed since you opened it"), "{}", stale.text);

    let done = bank.send_form(BEN, "/complaints/c-1/work", &whole).await;
    let address = done.leads_to().to_owned();
    assert!(address.starts_with("/complaints/c-1?done=complaint-final-response&undo="), "{address}");
    let event = bank.work().pop().unwrap();
    assert_eq!(
        (event.kind, event.outcome, event.redress_minor),
        (WorkKind::FinalResponse, Some(AnswerOutcome::Upheld), Some(2_550))
    );
    bank.advance(1).await;
    bank.archive_work();
    let page = bank.page(BEN, &address).await;
    for said in ["The final response is recorded.", "Undo it", "25.50 GBP", "Upheld"] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    assert!(!page.text.contains("Open it again"), "a lead does that");
    assert!(bank.page(LEAD, "/complaints/c-1").await.text.contains("Open it again"));
    let undo = format!("kind=UNDONE&undoes={}", event.work_id);
    let by_another = bank.send_form(ANNA, "/complaints/c-1/work", &undo).await;
    assert_eq!(by_another.status, StatusCode::FORBIDDEN);
    bank.clock.advance(1);
    let undone = bank.send_form(BEN, "/complaints/c-1/work", &undo).await;
    assert_eq!(undone.leads_to(), "/complaints/c-1?done=complaint-undone");
    bank.advance(1).await;
    assert!(bank.page(BEN, "/complaints/c-1").await.text.contains("<span class=\"badge plain\">open</span>"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complaint_is_taken_kept_given_back_and_taken_over_by_a_lead_for_a_reason() {
    let bank = Bank::open().await;
    bank.send_form(ANNA, "/complaints/c-1/lease", "action=take").await.leads_to();
    let page = bank.page(ANNA, "/complaints/c-1").await;
    let lease_id =
        page.text.split("name=\"lease_id\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let kept =
        bank.send_form(ANNA, "/complaints/c-1/lease", &format!("action=renew&lease_id={lease_id}")).await;
    assert_eq!(kept.leads_to(), "/complaints/c-1?done=complaint-lease-renew");
    let other = bank.page(BEN, "/complaints/c-1").await;
    assert!(
        other.text.contains("anna works on it, until") && !other.text.contains("take-over"),
        "{}",
        other.text
    );
    assert!(
        !other.text.contains("value=\"FINAL_RESPONSE\""),
        "what another works on is not answered beside them"
    );
    assert_eq!(
        bank.send_form(BEN, "/complaints/c-1/lease", "action=take").await.status,
        StatusCode::CONFLICT
    );
    let no_reason = bank.send_form(LEAD, "/complaints/c-1/lease", "action=take-over").await;
    assert_eq!(no_reason.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(no_reason.text.contains("take-over-reason_code-problem"), "{}", no_reason.text);
    let over = bank.send_form(LEAD, "/complaints/c-1/lease", "action=take-over&reason_code=ILL").await;
    assert_eq!(over.leads_to(), "/complaints/c-1?done=complaint-lease-take-over");
    let lost =
        bank.send_form(ANNA, "/complaints/c-1/lease", &format!("action=release&lease_id={lease_id}")).await;
    assert_ne!(lost.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(bank.page(LEAD, "/complaints/c-1").await.text.contains("You have it until"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_sees_who_did_and_who_looked_the_newest_first_and_nobody_else_does() {
    let bank = Bank::open().await;
    bank.page(ANNA, "/complaints/c-3/narrative").await;
    bank.clock.advance(1);
    bank.send_form(ANNA, "/complaints/c-1/lease", "action=take").await.leads_to();
    bank.clock.advance(1);
    bank.page(BEN, "/complaints/c-1/narrative").await;
    bank.clock.advance(1);
    bank.page(LEAD, "/teams/cards/export").await;
    let page = bank.page(AUDITOR, "/trail").await;
    let at = |page: &str, words: &str| page.find(words).unwrap_or_else(|| panic!("{words}: {page}"));
    let order = ["Downloaded the queue", "Opened the narrative", "Took the complaint"]
        .map(|words| at(&page.text, words));
    assert!(order.is_sorted(), "{}", page.text);
    assert!(page.text.contains("4 entries") && page.text.contains("href=\"/teams/cards\""));
    let of_one = bank.page(AUDITOR, "/trail?complaint=c-1").await;
    assert!(of_one.text.contains("2 entries") && !of_one.text.contains("c-3"), "{}", of_one.text);
    assert!(bank.page(AUDITOR, "/trail?complaint=c-99").await.text.contains("No entry"));
    assert_eq!(bank.page(AUDITOR, "/trail?before=x").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    for who in [ANNA, LEAD, "olga/operator/"] {
        assert_eq!(bank.page(who, "/trail").await.status, StatusCode::FORBIDDEN, "{who}");
    }
}
