//! Outside its own pages the audit sample stays blind: what the models answered about a complaint that waits for its judge is kept from
//! everybody who may judge it, until they ask for it and judge it no more.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use axum::http::StatusCode;
use ombud_contract::{
    ids,
    records::{Outcome, Prediction, RawComplaint, RoutedComplaint, Vulnerability, WorkKind},
};

use crate::{
    bank::{Bank, CATEGORY, CATEGORY_IN_WORDS, NOW},
    given::{decision, route},
};

const CLERK: &str = "ann/clerk/cards";
const LEAD: &str = "lea/lead/cards";
const SPECIALIST: &str = "sue/specialist/cards";
const AUDITOR: &str = "ada/auditor/";
const OTHER: &str = "bob/clerk/cards";
/// Labels and reasons that no page of a complaint has by itself.
const ANSWERS: [&str; 4] =
    ["Debt collection", "Communication tactics", "unsure-of-this", "possibly vulnerable"];
const SHOW: &str = "kind=NOTED&reason_code=models-answer-seen";

/// A bank with s-1, which was drawn, and what a judge answers of it.
async fn bank() -> (Bank, String) {
    let bank = Bank::open().await;
    let raw = RawComplaint {
        customer_ref: Some("cust-7".into()),
        ..RawComplaint::new("s-1", "They took it twice.", NOW)
    };
    let evident = include_str!("../../../../schemas/complaints.predictions/examples/valid/evident.json");
    let prediction = Prediction {
        complaint_id: "s-1".into(),
        input_sha256: ids::input_sha256(&raw),
        ..serde_json::from_str(evident).unwrap()
    };
    let route = RoutedComplaint {
        complaint_id: "s-1".into(),
        route_id: "r-s-1".into(),
        customer_ref: Some("cust-7".into()),
        input_sha256: ids::input_sha256(&raw),
        needs_human: true,
        human_reasons: vec!["audit-sample".into(), "unsure-of-this".into()],
        vulnerability: Vulnerability::Possible,
        decisions: vec![
            decision("product", "Debt collection", Outcome::Labelled),
            decision("issue", "Communication tactics", Outcome::Labelled),
            decision("vulnerable", "POSSIBLE", Outcome::Labelled),
        ],
        ..route()
    };
    bank.take(&raw, &route, &[prediction]).await;
    let text = route.input_sha256;
    (bank, format!("answer=give&product=Mortgage&issue=Fraud+or+scam&vulnerable=no&text={text}"))
}

fn keeps(what: &str, text: &str) {
    for answer in ANSWERS.iter().chain(&["POSSIBLE", CATEGORY, CATEGORY_IN_WORDS]) {
        assert!(!text.contains(answer), "{what} says {answer}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_file_or_answer_tells_a_judge_what_the_models_said_before_they_have_answered() {
    let (bank, answer) = bank().await;
    // c-1 and c-3 lie there as well, with labels and flags that are nobody's secret.
    for who in [CLERK, LEAD, SPECIALIST] {
        for path in ["/complaints/s-1", "/complaints?q=s-1", "/complaints?q=cust-7"] {
            let page = bank.page(who, path).await;
            assert!(!page.status.is_client_error(), "{who} {path}: {page:?}");
            keeps(&format!("{who} {path}"), &page.text);
        }
        let list = bank.page(who, "/teams/cards").await.text;
        let (_, row) = list.split_once("href=\"/complaints/s-1\"").unwrap();
        keeps(who, row.split("</tr>").next().unwrap());
        for filter in ["product=Debt+collection", "vulnerable=POSSIBLE"] {
            let found = bank.page(who, &format!("/teams/cards?{filter}")).await;
            assert!(!found.text.contains("/complaints/s-1\""), "{who}: a filter by {filter} finds it");
        }
        let case = bank.get(who, "/api/cases/s-1").await;
        keeps(who, &case.body.to_string());
        assert_eq!(case.body["item"]["vulnerability"], "KEPT");
        let queue = bank.get(who, "/api/queues/cards").await;
        let items = queue.body["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["complaint_id"] == "s-1").unwrap();
        keeps(who, &item.to_string());
        assert!(items.iter().any(|item| item["product"] == "Mortgage"), "of all others it is there");
        keeps(who, &bank.get(who, "/api/search?q=s-1").await.body.to_string());
    }
    let file = bank.page(LEAD, "/teams/cards/export").await.text;
    keeps("the file", file.lines().find(|line| line.starts_with("s-1")).unwrap());
    assert_eq!(bank.get(SPECIALIST, "/api/cases/s-1/evidence").await.code(), (409, "blind"));
    // An explanation would give it away, and so would a dossier.
    for who in [CLERK, LEAD, SPECIALIST] {
        let explained = bank.post(who, "/api/complaints/s-1/explain", serde_json::json!({})).await;
        assert_eq!(explained.code(), (409, "blind"), "{who}");
        let page = bank.send_form(who, "/complaints/s-1/explain", "task=product").await;
        assert_eq!(page.status, StatusCode::CONFLICT, "{who}");
        keeps("an explanation", &page.text);
        assert!(!page.text.contains("They took it twice."), "{who}: {page:?}");
    }
    assert_eq!(bank.get(LEAD, "/api/complaints/s-1/dossier").await.code(), (409, "blind"));
    assert!(!bank.audit().iter().any(|entry| ["explained", "dossier-exported"].contains(&&*entry.action)));
    assert!(bank.desks.explain.asked.lock().unwrap().is_empty());
    // A customer in need waits for no judge: that it is flagged, its own desk sees. Why, it asks for.
    assert!(bank.page(SPECIALIST, "/vulnerable").await.text.contains("/vulnerable/s-1"));
    let kept = bank.page(SPECIALIST, "/vulnerable/s-1").await;
    assert_eq!(kept.status, StatusCode::CONFLICT);
    keeps("the vulnerability desk", &kept.text);
    assert!(kept.text.contains("/sample/s-1") && !kept.text.contains("They took it twice."), "{kept:?}");
    assert!(!bank.audit().iter().any(|entry| entry.action == "evidence-opened"));

    // Who judges nothing is kept nothing.
    for who in [AUDITOR, "otto/operator/"] {
        let page = bank.page(who, "/complaints/s-1").await.text;
        assert!(page.contains("Debt collection") && page.contains("Communication tactics"), "{who}: {page}");
    }

    // Once it is judged, everybody sees.
    bank.send_form(CLERK, "/sample/s-1", &answer).await.leads_to();
    bank.archive_verdicts();
    bank.advance(1).await;
    for who in [CLERK, OTHER, LEAD] {
        let page = bank.page(who, "/complaints/s-1").await.text;
        assert!(
            page.contains("A model on vulnerability") && !page.contains("Judge it blind"),
            "{who}: {page}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_what_the_models_said_is_shown_it_and_judges_it_no_more() {
    let (bank, answer) = bank().await;
    let page = bank.page(CLERK, "/complaints/s-1").await.text;
    assert!(
        page.contains("Judge it blind") && page.contains("name=\"reason_code\" value=\"models-answer-seen\""),
        "{page}"
    );
    assert!(bank.page(CLERK, "/sample").await.text.contains("/sample/s-1"));
    bank.send_form(CLERK, "/complaints/s-1/work", SHOW).await.leads_to();
    let noted = bank.work().pop().unwrap();
    assert_eq!((noted.kind, &*noted.actor), (WorkKind::Noted, "ann"));
    bank.archive_work();

    let page = bank.page(CLERK, "/complaints/s-1").await.text;
    assert!(page.contains("Debt collection") && page.contains("A model on vulnerability"), "{page}");
    assert!(!page.contains("Judge it blind"), "{page}");
    assert!(!bank.page(CLERK, "/sample").await.text.contains("/sample/s-1"));
    let opened = bank.audit().len();
    for refused in
        [bank.page(CLERK, "/sample/s-1").await, bank.send_form(CLERK, "/sample/s-1", &answer).await]
    {
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(
            refused.text.contains("Another person judges it") && !refused.text.contains("They took"),
            "{refused:?}"
        );
    }
    assert_eq!((bank.audit().len(), bank.verdicts().len()), (opened, 0));
    // To undo the note makes nobody forget.
    let undo = format!("kind=UNDONE&undoes={}", noted.work_id);
    bank.send_form(CLERK, "/complaints/s-1/work", &undo).await.leads_to();
    bank.archive_work();
    assert_eq!(bank.page(CLERK, "/sample/s-1").await.status, StatusCode::CONFLICT);

    // Another is as blind as before, and judges it.
    keeps("another", &bank.page(OTHER, "/complaints/s-1").await.text);
    assert!(bank.page(OTHER, "/sample").await.text.contains("/sample/s-1"));
    bank.send_form(OTHER, "/sample/s-1", &answer).await.leads_to();
    assert_eq!(bank.verdicts().len(), 3);
}
