//! Why a complaint was answered so, over HTTP and on its page, and its dossier: who may, what is recorded, and what nobody sees who may
//! not.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use ombud_console::{DossierRefusal, ExplainRefusal};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    bank::{Answered, Bank, NARRATIVE},
    given_desks::{HOSTILE, categories},
};

const CLERK: &str = "anna/clerk/cards";
const LEAD: &str = "lea/lead/cards";
const SPECIALIST: &str = "sue/specialist/cards";
const AUDITOR: &str = "ada/auditor/";
const EXPLAIN: &str = "/api/complaints/c-1/explain";
const DOSSIER: &str = "/api/complaints/c-1/dossier";
const PAGE: &str = "/complaints/c-1/explain";

async fn explain(bank: &Bank, who: &str, question: Value) -> Answered {
    bank.post(who, EXPLAIN, question).await
}

fn actions(bank: &Bank) -> Vec<(String, String)> {
    bank.audit().into_iter().map(|entry| (entry.action, entry.reason_code)).collect()
}

fn entries(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(action, reason)| ((*action).to_owned(), (*reason).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_names_a_task_a_label_and_a_time_and_each_is_recorded_without_a_word() {
    let bank = Bank::open().await;
    let all = explain(&bank, CLERK, json!({})).await;
    assert_eq!(all.status, StatusCode::OK, "{all:?}");
    assert_eq!(all.headers["cache-control"], "no-store");
    let tasks: Vec<&str> = all.body["explanations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["task"].as_str().unwrap())
        .collect();
    assert_eq!(tasks, ["issue", "product", "vulnerable"]);
    assert!(!all.body.to_string().contains("bereavement"), "places, and no words: {all:?}");
    assert_eq!(bank.desks.explain.cases.load(Ordering::SeqCst), 1, "the case is read once");

    // In any case, and of a coarser level.
    let one = explain(
        &bank,
        CLERK,
        json!({"task": "product", "against": "debt collection", "as_of": 1_709_300_000_000_i64}),
    )
    .await;
    assert_eq!(one.body["explanations"][0]["contrast"]["against"]["label"], "Debt collection", "{one:?}");
    assert_eq!(*bank.desks.explain.as_of.lock().unwrap(), Some(1_709_300_000_000));
    let expected = [
        ("explained", "issue"),
        ("explained", "product"),
        ("explained", "vulnerable"),
        ("explained", "product against Debt collection as of 2024-03-01T13:33:20Z"),
    ];
    assert_eq!(actions(&bank), entries(&expected));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_explained_is_said_with_what_would_be_right_and_is_not_recorded() {
    let bank = Bank::open().await;
    for (question, code, said) in [
        (json!({"task": "colour"}), (422, "unknown-task"), "issue, product, vulnerable"),
        (json!({"against": "Mortgage"}), (422, "missing-field"), "task"),
        (json!({"task": "product", "against": "Umbrellas"}), (422, "unknown-label"), "Debt collection"),
        (json!({"task": 1}), (422, "wrong-type"), "task"),
        (json!({"why": "x"}), (422, "unknown-field"), "why"),
        (json!({"as_of": 1}), (404, "nothing-decided"), "not routed by then"),
    ] {
        let answer = explain(&bank, CLERK, question.clone()).await;
        assert_eq!(answer.code(), code, "{question}: {answer:?}");
        assert!(answer.body["error"].as_str().unwrap().contains(said), "{question}: {answer:?}");
    }
    assert!(bank.desks.explain.asked.lock().unwrap().is_empty(), "no model was asked for it");
    let refused = |code: &str| ExplainRefusal::Refused {
        code: code.into(),
        error: "compare with it: no such label".into(),
    };
    for (refusal, code) in [
        (ExplainRefusal::Busy, (503, "explain-busy")),
        (ExplainRefusal::NotAvailable, (503, "explain-unavailable")),
        (ExplainRefusal::Outage("ask it: nobody listens".into()), (503, "unavailable")),
        (ExplainRefusal::ModelGone("open bag: no shelf has it".into()), (404, "model-gone")),
        (refused("same-label"), (422, "same-label")),
        (refused("stopped"), (503, "unavailable")),
    ] {
        *bank.desks.explain.refusal.lock().unwrap() = Some(refusal.clone());
        let answer = explain(&bank, CLERK, json!({"task": "product"})).await;
        assert_eq!(answer.code(), code, "{refusal:?}: {answer:?}");
        assert_eq!(answer.headers.contains_key("retry-after"), code.0 == 503, "{refusal:?}");
        let page = bank.send_form(CLERK, PAGE, "task=product&against_product=Debt+collection").await;
        assert_eq!(page.status.as_u16(), code.0, "{refusal:?}: {page:?}");
        assert!(
            page.text.contains("role=\"alert\"") && !page.text.contains(NARRATIVE),
            "{refusal:?}: {page:?}"
        );
        assert!(
            page.text.contains("<option value=\"Debt collection\" selected>"),
            "what was asked stays: {page:?}"
        );
    }
    assert!(bank.audit().is_empty(), "nothing was shown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_explains_the_page_and_the_api_say_so_and_name_the_setting() {
    let bank = Bank::open_without_desks().await;
    let answer = explain(&bank, CLERK, json!({})).await;
    assert_eq!(answer.code(), (503, "explain-unavailable"), "{answer:?}");
    assert!(answer.body["error"].as_str().unwrap().contains("explain.address"), "{answer:?}");
    let dossier = bank.get(LEAD, DOSSIER).await;
    assert_eq!(dossier.code(), (503, "dossier-unavailable"), "{dossier:?}");
    assert!(dossier.body["error"].as_str().unwrap().contains("dossier.key_file"), "{dossier:?}");
    let page = bank.page(LEAD, "/complaints/c-1").await.text;
    for said in ["Explanations are not available here", "explain.address", "Dossiers are not available here"]
    {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(
        !page.contains("/complaints/c-1/explain\"") && !page.contains("/complaints/c-1/dossier\""),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_category_of_evidence_is_anywhere_in_what_somebody_gets_who_is_no_specialist() {
    let bank = Bank::open().await;
    let all = categories();
    assert!(all.len() > 5, "{all:?}");
    for (who, sees) in [(CLERK, false), (LEAD, false), (SPECIALIST, true), (AUDITOR, true)] {
        let before = bank.audit().len();
        let answer = explain(&bank, who, json!({})).await.body.to_string();
        let page = bank.send_form(who, PAGE, "").await.text;
        assert!(page.contains("What the text says outright"), "{who}: that there is some is a bar: {page}");
        // What is a category and a word of the customer's stands in the narrative for everybody.
        for category in all.iter().filter(|category| !NARRATIVE.contains(*category)) {
            let said = in_words(category);
            assert_eq!(says(&answer, category), sees, "{who}: {category}: {answer}");
            assert_eq!(says(&strip(&page), &said), sees, "{who}: {said}: {page}");
            if !sees {
                assert!(!says(&page, &said) && !says(&page, category), "{who}: {category}: {page}");
            }
        }
        assert_eq!(page.contains("mark class=\"evidence\""), sees, "{who}: {page}");
        let opened =
            bank.audit().split_off(before).iter().filter(|entry| entry.action == "evidence-opened").count();
        assert_eq!(opened, if sees { 2 } else { 0 }, "{who}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_without_script_asks_by_a_form_and_shows_the_sum_the_words_and_what_would_have_changed_it() {
    let bank = Bank::open().await;
    let asked = bank.page(CLERK, "/complaints/c-1").await.text;
    for part in [
        "action=\"/complaints/c-1/explain\"",
        "name=\"task\" value=\"product\"",
        "name=\"against_product\"",
        "<optgroup label=\"Product\">",
        "<optgroup label=\"Group of issues\">",
        "<option value=\"Debt collection\">",
        "name=\"as_of\" type=\"date\"",
        "not the merits of the complaint",
    ] {
        assert!(asked.contains(part), "{part}: {asked}");
    }
    assert!(!asked.contains("/complaints/c-1/dossier"), "a clerk takes none away: {asked}");

    let page =
        bank.send_form(CLERK, PAGE, "task=product&against_product=Debt+collection&as_of=2024-03-02").await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    assert_eq!(page.headers["cache-control"], "no-store");
    for part in [
        "Mortgage rather than Debt collection: +3.22 in log-odds",
        "about 25 times as likely",
        "not the merits of the complaint",
        "<mark class=\"for shade-7\">",
        "<mark class=\"against shade-4\">",
        "<mark class=\"turning\">",
        "<mark class=\"unread\">",
        "blue, a solid line",
        "orange, a dashed line",
        "did not read all of it",
        "All words, as bag reads them",
        "The answer on product",
        "because the product reads as Mortgage",
        "href=\"#explained-0\"",
        "Group of issues",
        "the same again",
        "Without the framed sentence it would have gone to loans.",
        "By integrated gradients over 32 points",
        "1 word shares its place",
        "aria-hidden=\"true\"",
        "\u{2212}0.40",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    let shown: String = strip(&page.text);
    assert!(shown.contains(NARRATIVE), "no letter of the text is lost: {shown}");
    // The last moment of the day that was typed.
    assert_eq!(*bank.desks.explain.as_of.lock().unwrap(), Some(1_709_423_999_999));
    let expected = [
        ("narrative-opened", ""),
        ("explained", "product against Debt collection as of 2024-03-02T23:59:59.999Z"),
    ];
    assert_eq!(actions(&bank), entries(&expected));

    // The hint leads to another task's explanation, by a form of its own.
    let other = bank.send_form(CLERK, PAGE, "task=issue").await.text;
    assert!(
        other.contains("<button class=\"quiet\" type=\"submit\" name=\"task\" value=\"product\">"),
        "{other}"
    );
    *bank.desks.explain.is_approximate.lock().unwrap() = true;
    let approximate = bank.send_form(CLERK, PAGE, "task=issue").await.text;
    for part in ["approximate", "without each sentence", "not reproduced", "87.3 %"] {
        assert!(approximate.contains(part), "{part}: {approximate}");
    }
    let wrong = bank.send_form(CLERK, PAGE, "task=issue&as_of=soon").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// Whether a text has a name as it is, and not within another word.
fn says(text: &str, name: &str) -> bool {
    let is_open = |c: Option<char>| c.is_none_or(|c| !(c.is_ascii_alphanumeric() || c == '_'));
    text.match_indices(name).any(|(at, name)| {
        is_open(text[..at].chars().next_back()) && is_open(text[at + name.len()..].chars().next())
    })
}

/// A category as pages say it.
fn in_words(category: &str) -> String {
    let words = include_str!("../../words/en/vulnerable.ftl");
    let id = format!("evidence-{} = ", category.replace('_', "-"));
    let said = words.lines().find_map(|line| line.strip_prefix(&id));
    said.unwrap_or_else(|| panic!("pages have no word for {category}")).to_owned()
}

/// The text of a page, without its markup.
fn strip(page: &str) -> String {
    page.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_models_teams_and_strategies_are_called_stays_text_beside_an_explanation() {
    let bank = Bank::open().await;
    *bank.desks.explain.hostile.lock().unwrap() = HOSTILE;
    *bank.desks.explain.is_approximate.lock().unwrap() = true;
    for who in [CLERK, SPECIALIST] {
        let page = bank.send_form(who, PAGE, "").await.text;
        assert!(page.matches("&lt;img src=x").count() > 10, "{page}");
        assert!(!page.contains("<img") && !page.contains('\u{202e}'), "{page}");
    }
    let dossier = bank.page(LEAD, "/complaints/c-1/dossier?reason=%22%3E%3Cimg&as_of=2024-01-01").await;
    assert_eq!(dossier.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!dossier.text.contains("<img"), "{dossier:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_record_nothing_is_explained_and_no_dossier_leaves() {
    let bank = Bank::open().await;
    bank.audit_is_broken.store(true, Ordering::SeqCst);
    let answer = explain(&bank, SPECIALIST, json!({})).await;
    assert_eq!(answer.code(), (503, "audit-unavailable"), "{answer:?}");
    let page = bank.send_form(SPECIALIST, PAGE, "task=product").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!page.text.contains("bereavement") && !page.text.contains("log-odds"), "{page:?}");
    for page in [
        bank.get(LEAD, DOSSIER).await.body.to_string(),
        bank.page(LEAD, "/complaints/c-1/dossier").await.text,
    ] {
        assert!(!page.contains("payload"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dossier_is_a_file_of_a_lead_or_an_auditor_and_has_the_text_for_a_reason_alone() {
    let bank = Bank::open().await;
    for who in [CLERK, SPECIALIST, "olga/operator/", "mo/model-owner/"] {
        assert_eq!(bank.get(who, DOSSIER).await.status, StatusCode::FORBIDDEN, "{who}");
        assert_eq!(bank.page(who, "/complaints/c-1/dossier").await.status, StatusCode::FORBIDDEN, "{who}");
    }
    assert_eq!(bank.get(LEAD, "/api/complaints/c-2/dossier").await.code(), (404, "case-unknown"));
    assert_eq!(bank.get(LEAD, &format!("{DOSSIER}?reason=a+text")).await.code(), (422, "no-code"));
    assert!(bank.audit().is_empty() && bank.desks.dossiers.asked.lock().unwrap().is_empty());

    let form = bank.page(LEAD, "/complaints/c-1").await.text;
    assert!(form.contains("method=\"get\" action=\"/complaints/c-1/dossier\""), "{form}");
    let plain = bank.page(LEAD, "/complaints/c-1/dossier?reason=&as_of=").await;
    assert_eq!(plain.status, StatusCode::OK, "{plain:?}");
    assert_eq!(plain.headers["content-disposition"], "attachment; filename=\"ombud-dossier-c-1.json\"");
    assert_eq!(plain.headers["content-type"], "application/json");
    assert_eq!(plain.headers["cache-control"], "no-store");
    for category in categories() {
        assert!(!plain.text.contains(&category), "a lead sees no {category}");
    }
    let sha256 = hex::encode(Sha256::digest(&plain.text));
    let recorded = bank.audit().pop().unwrap();
    assert_eq!((&*recorded.action, recorded.record_id.as_deref()), ("dossier-exported", Some(&*sha256)));

    let whole = bank.get(AUDITOR, &format!("{DOSSIER}?reason=REGULATOR&as_of=1709300000000")).await;
    assert_eq!(whole.status, StatusCode::OK, "{whole:?}");
    let expected = [
        ("dossier-exported", ""),
        ("dossier-exported", "REGULATOR"),
        ("narrative-opened", ""),
        ("evidence-opened", ""),
    ];
    assert_eq!(actions(&bank), entries(&expected));
    let asked = bank.desks.dossiers.asked.lock().unwrap().pop().unwrap();
    assert_eq!(
        (asked.as_of, asked.reason_code.as_deref(), asked.with_evidence, &*asked.asked_by),
        (Some(1_709_300_000_000), Some("REGULATOR"), true, "ada")
    );
    for (refusal, code) in [
        (DossierRefusal::Busy, (503, "explain-busy")),
        (DossierRefusal::NotAvailable, (503, "dossier-unavailable")),
        (DossierRefusal::NothingDecided, (404, "nothing-decided")),
        (DossierRefusal::Outage("sign it: the key is gone".into()), (503, "unavailable")),
        (
            DossierRefusal::Refused { code: "too-large".into(), error: "it is too large".into() },
            (422, "too-large"),
        ),
    ] {
        *bank.desks.dossiers.refusal.lock().unwrap() = Some(refusal.clone());
        assert_eq!(bank.get(LEAD, DOSSIER).await.code(), code, "{refusal:?}");
        assert_eq!(bank.page(LEAD, "/complaints/c-1/dossier").await.status.as_u16(), code.0, "{refusal:?}");
    }
    let trail = bank.page(AUDITOR, "/trail").await.text;
    assert!(trail.contains("Took a dossier away"), "{trail}");
}
