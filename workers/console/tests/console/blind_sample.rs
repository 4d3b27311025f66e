//! The audit sample is blind: before one's own answer nothing tells what a model said, and after it both are shown.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use axum::http::StatusCode;
use ombud_contract::{
    ids::{self, basis_point},
    records::{FeedbackKind, Outcome, RawComplaint, RoutedComplaint, Vulnerability},
};
use ombud_launch::guard::{PAGES, Right, Role};
use ombud_measure::{case::CaseWithVerdicts, truth::case_truth};

use crate::{
    bank::{Bank, NOW, Page},
    given::{decision, route},
};

/// A judge.
const ANN: &str = "ann/clerk/cards";
/// Another.
const BOB: &str = "bob/clerk/cards,loans";
/// What customers wrote. No label is a word of it.
const LETTER: &str = "They took it twice from me. 👩\u{200d}👦 <b>Why?</b>";
/// All questions answered.
const FORM: &str = "answer=give&product=Mortgage&issue=Fraud+or+scam&vulnerable=no";

/// What models may have said about a complaint.
struct GivenAnswers {
    product: &'static str,
    issue: &'static str,
    vulnerability: Vulnerability,
    priority: i32,
}

const MORTGAGE: GivenAnswers = GivenAnswers {
    product: "Mortgage",
    issue: "Struggling to pay mortgage",
    vulnerability: Vulnerability::Vulnerable,
    priority: 97,
};
const DEBT: GivenAnswers = GivenAnswers {
    product: "Debt collection",
    issue: "Communication tactics",
    vulnerability: Vulnerability::NotIndicated,
    priority: 12,
};

fn complaint(id: &str, said: &GivenAnswers) -> (RawComplaint, RoutedComplaint) {
    let raw = RawComplaint::new(id, LETTER, NOW);
    let routed = RoutedComplaint {
        complaint_id: id.into(),
        route_id: format!("r-{id}"),
        input_sha256: ids::input_sha256(&raw),
        needs_human: true,
        human_reasons: vec!["audit-sample".into()],
        priority: said.priority,
        vulnerability: said.vulnerability,
        decisions: vec![
            decision("product", said.product, Outcome::Labelled),
            decision("issue", said.issue, Outcome::Labelled),
            decision("vulnerable", said.vulnerability.symbol(), Outcome::Labelled),
        ],
        ..route()
    };
    (raw, routed)
}

async fn take(bank: &Bank, id: &str, said: &GivenAnswers) -> RoutedComplaint {
    let (raw, routed) = complaint(id, said);
    bank.take(&raw, &routed, &[]).await;
    routed
}

/// The form of [`FORM`] on a complaint of `routed`.
fn form(routed: &RoutedComplaint, form: &str) -> String {
    format!("{form}&text={}", routed.input_sha256)
}

/// An id that is read twice, and one that is not.
fn ids_by_draw() -> [String; 2] {
    let drawn = |id: &String| basis_point(id, "second-reading") < 1_000;
    let all = || (0..1_000).map(|number| format!("s-{number}"));
    [all().find(drawn).unwrap(), all().find(|id| !drawn(id)).unwrap()]
}

fn labels() -> Vec<&'static str> {
    vec!["Mortgage", "Struggling to pay mortgage", "Debt collection", "Communication tactics"]
}

/// What differs between complaints whatever was said about them: the id and the hash of the text.
fn without_ids(page: &Page, routed: &RoutedComplaint) -> String {
    page.text.replace(&routed.complaint_id, "ID").replace(&routed.input_sha256, "TEXT")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_question_is_the_same_whatever_a_model_said() {
    let bank = Bank::open().await;
    let one = take(&bank, "s-one", &MORTGAGE).await;
    let other = take(&bank, "s-two", &DEBT).await;
    let mut texts = Vec::new();
    for routed in [&one, &other] {
        let page = bank.page(ANN, &format!("/sample/{}", routed.complaint_id)).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        let mut headers: Vec<String> =
            page.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        headers.retain(|header| !header.starts_with("content-length"));
        texts.push((without_ids(&page, routed), headers));
    }
    assert_eq!(texts[0], texts[1], "two complaints with one text differ by what a model said");

    let (text, headers) = &texts[0];
    assert!(text.contains("They took it twice") && text.contains("&lt;b&gt;Why?"), "{text}");
    for word in ["POSSIBLE", "VULNERABLE", "NOT_INDICATED", "cards", "bag", "priority", "<mark"] {
        assert!(!text.contains(word), "{word}: {text}");
        assert!(!headers.iter().any(|header| header.contains(word)), "{word}: {headers:?}");
    }
    for label in labels() {
        assert_eq!(
            text.matches(&format!("value=\"{label}\"")).count(),
            1,
            "{label} is one of the choices: {text}"
        );
    }
    assert!(!text.contains("checked") && !text.contains("selected"), "nothing is chosen beforehand: {text}");
    // The choices stand as the label trees have them.
    let places: Vec<usize> = ombud_contract::taxonomy::Taxonomy::newest("issue")
        .unwrap()
        .leaves()
        .iter()
        .map(|leaf| text.find(&format!("<option value=\"{}\">", leaf.replace('&', "&amp;"))).unwrap())
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_is_the_same_whatever_a_model_said_and_in_each_judges_own_order() {
    let mut lists = Vec::new();
    for turned in [false, true] {
        let bank = Bank::open().await;
        for number in 0..12 {
            let first = (number % 2 == 0) != turned;
            take(&bank, &format!("s-{number}"), if first { &MORTGAGE } else { &DEBT }).await;
        }
        lists.push(bank.page(ANN, "/sample").await.text);
        if turned {
            let first = |page: &Page| page.leads_to().to_owned();
            let next = "/sample?go=next";
            let (ann, bob) = (bank.page(ANN, next).await, bank.page(BOB, next).await);
            assert_ne!(first(&ann), first(&bob), "two judges begin with the same one");
            assert_eq!(first(&ann), first(&bank.page(ANN, next).await));
        }
    }
    assert_eq!(lists[0], lists[1], "the list differs by what a model said");
    for word in labels().into_iter().chain(["POSSIBLE", "VULNERABLE", "cards", "bag"]) {
        assert!(!lists[0].contains(word), "{word}: {}", lists[0]);
    }
    assert!(!lists[0].contains("c-1"), "what was not drawn is not in the sample");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_judge_sees_nothing_and_what_was_not_drawn_is_not_there() {
    let bank = Bank::open().await;
    let routed = take(&bank, "s-one", &MORTGAGE).await;
    for route in PAGES.iter().filter(|route| route.path.starts_with("/sample")) {
        assert_eq!(route.right, Right::GiveVerdicts, "{route:?}");
    }
    for role in Role::ALL {
        let may = Right::GiveVerdicts.roles().contains(&role);
        let page = bank.page(&format!("eve/{}/cards", role.name()), "/sample/s-one").await;
        assert_eq!(page.status == StatusCode::OK, may, "{role:?}: {page:?}");
        assert_eq!(page.text.contains("They took it twice"), may, "{role:?}");
    }
    let opened = bank.audit();
    assert!(opened.iter().all(|entry| entry.action == "narrative-opened") && opened.len() == 3, "{opened:?}");
    for who in ["lou/clerk/loans", "lou/clerk/"] {
        assert_eq!(bank.page(who, "/sample/s-one").await.status, StatusCode::NOT_FOUND);
        assert_eq!(
            bank.send_form(who, "/sample/s-one", &form(&routed, FORM)).await.status,
            StatusCode::NOT_FOUND
        );
    }
    let not_drawn = bank.page(ANN, "/sample/c-1").await;
    assert_eq!(not_drawn.status, StatusCode::NOT_FOUND);
    assert_eq!(bank.send_form(ANN, "/sample/c-1", &form(&routed, FORM)).await.status, StatusCode::NOT_FOUND);
    assert!(bank.verdicts().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_compared_after_it_was_given_and_shown_when_it_is_kept() {
    let bank = Bank::open().await;
    let [_, id] = ids_by_draw();
    let (routed, path) = (take(&bank, &id, &MORTGAGE).await, format!("/sample/{id}"));
    // Whoever only says that they have answered sees nothing.
    let early = bank.page(ANN, &format!("{path}?done=sample-given")).await.text;
    assert!(!early.contains("Mortgage") && !early.contains("They took"), "{early}");

    let given = bank.send_form(ANN, &path, &form(&routed, FORM)).await;
    assert_eq!(given.leads_to(), format!("{path}?done=sample-given"));
    let verdicts: Vec<_> = bank
        .verdicts()
        .into_iter()
        .map(|verdict| {
            (
                verdict.kind,
                verdict.task.unwrap(),
                verdict.label_after,
                verdict.reason_code,
                verdict.audit_sample,
            )
        })
        .collect();
    let expected = [
        (FeedbackKind::Confirmed, "product", None),
        (FeedbackKind::Relabelled, "issue", Some("Fraud or scam")),
        (FeedbackKind::Vulnerability, "vulnerable", Some("NOT_INDICATED")),
    ];
    let expected = expected.map(|(kind, task, label)| {
        (kind, task.to_owned(), label.map(str::to_owned), "blind-reading".to_owned(), true)
    });
    assert_eq!(verdicts, expected);

    bank.archive_verdicts();
    bank.advance(1).await;
    let shown = bank.page(ANN, given.leads_to()).await.text;
    for part in
        ["Mortgage", "Fraud or scam", "Struggling to pay mortgage", "same", "different", "bag", "90 %"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // Sent again, it says nothing more; and nobody else gets it.
    assert_eq!(bank.send_form(ANN, &path, &form(&routed, FORM)).await.status, StatusCode::SEE_OTHER);
    assert_eq!(bank.verdicts().len(), 3);
    let other = bank.page(BOB, &path).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert!(!other.text.contains("Struggling to pay mortgage"), "{other:?}");
    assert!(!bank.page(ANN, "/sample").await.text.contains(&path), "it waits no more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_or_unknown_is_said_at_its_field_and_what_was_typed_stays() {
    let bank = Bank::open().await;
    let routed = take(&bank, "s-one", &DEBT).await;
    for (sent, said) in [
        ("answer=give&product=Mortgage&issue=Fraud+or+scam", "Answer this question."),
        ("answer=give&issue=Fraud+or+scam&vulnerable=yes", "Answer this question."),
        ("answer=give&product=Mortgage&issue=%22%3E%3Cb%3E&vulnerable=yes", "Choose one of the labels"),
    ] {
        let page = bank.send_form(ANN, "/sample/s-one", &form(&routed, sent)).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{sent}");
        assert!(page.text.contains(said) && page.text.contains("They took it twice"), "{sent}: {page:?}");
        assert!(!page.text.contains("<b>"), "{page:?}");
        assert!(page.text.contains("value=\"Fraud or scam\" list") || sent.contains("%22"), "{page:?}");
        assert!(!page.text.contains("NOT_INDICATED") && !page.text.contains("bag"), "{page:?}");
    }
    let other = bank.send_form(ANN, "/sample/s-one", &format!("{FORM}&text=another")).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert!(bank.verdicts().is_empty());
    let none = bank.send_form(ANN, "/sample/s-one", &form(&routed, "answer=no-complaint")).await;
    none.leads_to();
    assert_eq!(bank.verdicts().pop().unwrap().kind, FeedbackKind::NotAComplaint);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_reader_is_as_blind_as_the_first_and_changes_nothing_by_saying_the_same() {
    let bank = Bank::open().await;
    let [twice, once] = ids_by_draw();
    let routes = [take(&bank, &twice, &MORTGAGE).await, take(&bank, &once, &MORTGAGE).await];
    let asked = without_ids(&bank.page(BOB, &format!("/sample/{twice}")).await, &routes[0]);
    for routed in &routes {
        bank.send_form(ANN, &format!("/sample/{}", routed.complaint_id), &form(routed, FORM))
            .await
            .leads_to();
    }
    bank.archive_verdicts();
    bank.advance(1).await;

    let list = bank.page(BOB, "/sample?read=second").await.text;
    assert!(list.contains(&twice) && !list.contains(&format!("/sample/{once}")), "{list}");
    assert!(!bank.page(ANN, "/sample?read=second").await.text.contains(&format!("/sample/{twice}")));
    assert_eq!(bank.page(BOB, &format!("/sample/{once}")).await.status, StatusCode::CONFLICT);
    let again = without_ids(&bank.page(BOB, &format!("/sample/{twice}")).await, &routes[0]);
    assert_eq!(asked, again, "the second reader sees that there was a first, or what they said");

    let before = truth(&bank, &routes[0]);
    bank.send_form(BOB, &format!("/sample/{twice}"), &form(&routes[0], FORM)).await.leads_to();
    assert_eq!(bank.verdicts().pop().unwrap().reason_code, "second-reading");
    assert_eq!(truth(&bank, &routes[0]), before, "the same answer changes what is true");
    bank.archive_verdicts();
    bank.advance(1).await;
    let shown = bank.page(BOB, &format!("/sample/{twice}?done=sample-given")).await.text;
    assert!(shown.contains("ann") && shown.contains("Fraud or scam"), "{shown}");
    let list = bank.page(BOB, "/sample").await.text;
    assert!(list.contains("not enough yet: 1 of 30") && list.contains("1 (100 %)"), "{list}");

    // Who differs is the newest, and the complaint is named.
    let cat = "cat/clerk/cards";
    let third = take(&bank, &third_id(&twice), &MORTGAGE).await;
    bank.send_form(ANN, &format!("/sample/{}", third.complaint_id), &form(&third, FORM)).await.leads_to();
    bank.archive_verdicts();
    bank.advance(1).await;
    let differs = FORM.replace("vulnerable=no", "vulnerable=yes");
    bank.send_form(cat, &format!("/sample/{}", third.complaint_id), &form(&third, &differs)).await.leads_to();
    assert_eq!(truth(&bank, &third).get("vulnerable").map(String::as_str), Some("VULNERABLE"));
    bank.archive_verdicts();
    let list = bank.page(BOB, "/sample").await.text;
    assert!(
        list.contains(&format!("/complaints/{}", third.complaint_id)) && list.contains("1 (50 %)"),
        "{list}"
    );
}

/// Another id that is read twice.
fn third_id(known: &str) -> String {
    let mut drawn =
        (0..1_000).map(|number| format!("s-{number}")).filter(|id| basis_point(id, "second-reading") < 1_000);
    drawn.find(|id| id != known).unwrap()
}

/// What the verdicts in the log say about a complaint.
fn truth(bank: &Bank, routed: &RoutedComplaint) -> std::collections::BTreeMap<String, String> {
    let mut verdicts = bank.verdicts();
    verdicts.retain(|verdict| verdict.complaint_id == routed.complaint_id);
    let case = CaseWithVerdicts { routes: vec![routed.clone()], verdicts };
    let labels = case_truth(&case.verdicts, &case.routes).labels();
    labels.into_iter().map(|(task, label)| (task.to_owned(), label.to_owned())).collect()
}
