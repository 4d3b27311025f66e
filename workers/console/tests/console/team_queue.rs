//! The queue of a team: every complaint once in its order, filters in the address, nothing of another team, many at once with one
//! undo, and what a lead takes away.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{collections::BTreeSet, sync::atomic::Ordering};

use axum::http::StatusCode;
use ombud_contract::records::{
    Clock, Decision, FeedbackKind, Outcome, RawComplaint, RoutedComplaint, Vulnerability, WorkKind,
};

use crate::{
    bank::{Bank, NARRATIVE, NOW, Page},
    given::{decision, route},
};

const ANNA: &str = "anna/clerk/cards";
const LEAD: &str = "lea/lead/cards";
const HOUR: i64 = 3_600_000;
const RULE: &str = "15 business days from receipt in Europe/London; by england-and-wales@1; met by summary-resolution, final-response; extended by holding-response to 35 business days; again when reopened";
/// What a CRM, a model or a strategy may fill in.
pub(crate) const HOSTILE: &str = "=<script>alert(1)</script>\"'\u{202e}";

pub(crate) fn clock(due: i64) -> Clock {
    Clock {
        name: "final-response".into(),
        starts: NOW - HOUR,
        due,
        rule: RULE.into(),
        calendar: Some("england-and-wales@1".into()),
        beyond_calendar: false,
    }
}

pub(crate) fn routed(id: &str, due: i64) -> RoutedComplaint {
    RoutedComplaint {
        complaint_id: id.into(),
        route_id: format!("r-{id}"),
        received_at: NOW - HOUR,
        clocks: vec![clock(due)],
        ..route()
    }
}

fn of_product(product: &str) -> Vec<Decision> {
    vec![
        decision("product", product, Outcome::Labelled),
        decision("issue", "Fraud or scam", Outcome::Labelled),
        decision("vulnerable", "POSSIBLE", Outcome::Labelled),
    ]
}

pub(crate) async fn take(bank: &Bank, route: &RoutedComplaint) {
    let raw = RawComplaint::new(&route.complaint_id, NARRATIVE, NOW);
    bank.take(&raw, route, &[]).await;
}

/// The complaints of a page, as its table has them.
fn rows(page: &Page) -> Vec<String> {
    let table = page.text.split_once("<tbody>").map_or("", |(_, table)| table);
    let links = table.split("<th scope=\"row\"><a href=\"/complaints/").skip(1);
    links.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// Where the next page is.
fn next(page: &Page) -> Option<String> {
    let before = page.text.split("rel=\"next\"").next().filter(|before| before.len() < page.text.len())?;
    let href = before.rsplit("href=\"").next().unwrap().split('"').next().unwrap();
    Some(href.replace("&amp;", "&"))
}

/// The values of the hidden fields of this name.
fn hidden(page: &Page, name: &str) -> Vec<String> {
    let mark = format!("name=\"{name}\" value=\"");
    page.text.split(&mark).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_shows_each_complaint_once_by_its_due_moment_fifty_at_a_time() {
    let bank = Bank::open().await;
    for number in 0..60 {
        take(&bank, &routed(&format!("q-{number:02}"), NOW + (number * 37 % 60) * HOUR)).await;
    }
    let first = bank.page(ANNA, "/teams/cards").await;
    assert_eq!((first.status, rows(&first).len()), (StatusCode::OK, 50), "{first:?}");
    let second = bank.page(ANNA, &next(&first).unwrap()).await;
    assert_eq!(next(&second), None);
    assert!(second.text.contains("To the beginning"));
    let all = [rows(&first), rows(&second)].concat();
    let mut expected: Vec<(i64, String)> =
        (0..60).map(|number| (number * 37 % 60, format!("q-{number:02}"))).collect();
    expected.sort();
    // What no clock runs for comes last.
    let expected = expected.into_iter().map(|(_, id)| id).chain(["c-1".into(), "c-3".into()]);
    assert_eq!(all, expected.collect::<Vec<String>>());
    for word in ["overdue", "due today", "due tomorrow", "no clock runs", "possibly vulnerable", "1 hour"] {
        assert!(first.text.contains(word) || second.text.contains(word), "{word}");
    }
    assert!(first.text.contains("data-live=\"cards\"") && first.text.contains("data-key=\"x\""));
    let made_up = bank.page(ANNA, "/teams/cards?after=00.11").await;
    assert_eq!(made_up.status, StatusCode::UNPROCESSABLE_ENTITY);
    let list = bank.page(ANNA, "/teams").await;
    assert!(list.text.contains("href=\"/teams/cards\"") && !list.text.contains("loans"), "{list:?}");
    assert!(list.text.contains("1 overdue") && list.text.contains("10 due today"), "{}", list.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_stand_in_the_address_and_a_wrong_one_is_kept_to_be_put_right() {
    let bank = Bank::open().await;
    let odd = RoutedComplaint {
        decisions: of_product("Credit card"),
        vulnerability: Vulnerability::Vulnerable,
        needs_human: true,
        customer_ref: Some("cust-9".into()),
        ..routed("f-1", NOW + HOUR)
    };
    take(&bank, &odd).await;
    take(&bank, &routed("f-2", NOW + 72 * HOUR)).await;
    for (query, expected) in [
        ("product=Credit+card", vec!["f-1"]),
        ("vulnerable=VULNERABLE", vec!["f-1"]),
        ("vulnerable=POSSIBLE", vec!["f-1", "f-2", "c-1", "c-3"]),
        ("needs_human=yes", vec!["f-1"]),
        ("customer=cust-1", vec!["c-1", "c-3"]),
        ("due_before=2024-03-02", vec!["f-1"]),
        ("due_before=2024-03-05&product=Mortgage", vec!["f-2"]),
        ("product=Nothing", vec![]),
        ("tab=mine", vec![]),
        ("tab=waiting", vec![]),
        ("tab=answered&product=", vec![]),
    ] {
        let page = bank.page(ANNA, &format!("/teams/cards?{query}")).await;
        assert_eq!(
            (page.status, rows(&page)),
            (StatusCode::OK, expected.iter().map(|id| (*id).into()).collect()),
            "{query}"
        );
    }
    let wrong = bank.page(ANNA, "/teams/cards?due_before=tomorrow&product=Credit+card").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text.contains("value=\"tomorrow\"") && wrong.text.contains("value=\"Credit card\""),
        "{}",
        wrong.text
    );
    assert!(wrong.text.contains("aria-describedby=\"filter-due-problem\""));

    let taken = bank.send_form(ANNA, "/complaints/f-1/lease", "action=take").await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{taken:?}");
    assert_eq!(rows(&bank.page(ANNA, "/teams/cards?tab=mine").await), ["f-1"]);
    assert!(rows(&bank.page(ANNA, "/teams/cards?tab=mine&product=Mortgage").await).is_empty());
    assert!(bank.page("ben/clerk/cards", "/teams/cards").await.text.contains("anna"), "who has it is shown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_another_team_is_shown_or_done_and_it_is_as_if_it_were_not_there() {
    let bank = Bank::open().await;
    let same = |known: &Page, unknown: &Page, what: &str| {
        assert_eq!((known.status, unknown.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND), "{what}");
        let text = unknown.text.replace("c-99", "c-2").replace("lawns", "loans");
        assert_eq!(known.text, text, "{what}");
    };
    for who in [ANNA, LEAD, "sue/specialist/cards"] {
        for path in ["/teams/loans", "/complaints/c-2", "/complaints/c-2/narrative", "/teams/loans?tab=mine"]
        {
            let unknown = path.replace("c-2", "c-99").replace("loans", "lawns");
            same(&bank.page(who, path).await, &bank.page(who, &unknown).await, path);
        }
        for (path, form) in [
            ("/complaints/c-2/work", "kind=ACKNOWLEDGED"),
            ("/complaints/c-2/lease", "action=take"),
            ("/teams/loans/work", "action=acknowledge&complaint=c-2&confirmed=yes"),
            ("/teams/cards/work", "action=acknowledge&complaint=c-1&complaint=c-2&confirmed=yes"),
            ("/teams/cards/not-ours", "complaint=c-2&to_team=cards&reason_code=X"),
            ("/teams/loans/undo", "undo=work.aa.c-2"),
        ] {
            let known = bank.send_form(who, path, form).await;
            let (path, form) =
                (path.replace("c-2", "c-99").replace("loans", "lawns"), form.replace("c-2", "c-99"));
            same(&known, &bank.send_form(who, &path, &form).await, &format!("{path} {form}"));
        }
        let found = bank.page(who, "/complaints?q=crm-c-2").await;
        assert!(found.text.contains("Nothing found") && !found.text.contains("loans"), "{found:?}");
        let same_customer = bank.page(who, "/complaints/c-1").await;
        assert!(same_customer.text.contains("/complaints/c-3") && !same_customer.text.contains("c-2"));
    }
    let export = bank.page(LEAD, "/teams/loans/export").await;
    assert_eq!(export.status, StatusCode::NOT_FOUND);
    assert!(bank.work().is_empty() && bank.audit().is_empty() && bank.verdicts().is_empty());
    assert_eq!(bank.page("ada/auditor/", "/teams/loans").await.status, StatusCode::OK);
    let looks = bank.page("ada/auditor/", "/complaints/c-2").await;
    assert!(!looks.text.contains("name=\"kind\""), "who only reads is given no form: {}", looks.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_are_acknowledged_after_one_confirmation_and_undone_at_once() {
    let bank = Bank::open().await;
    let nothing =
        bank.send_form(ANNA, "/teams/cards/work", "action=acknowledge&view=product%3DMortgage").await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        nothing.text.contains("Choose at least one complaint") && nothing.text.contains("value=\"Mortgage\"")
    );

    let chosen = "action=acknowledge&complaint=c-1&complaint=c-3&complaint=c-1&view=product%3DMortgage";
    let asked = bank.send_form(ANNA, "/teams/cards/work", chosen).await;
    assert!(asked.text.contains("Acknowledge 2 complaints?"), "{asked:?}");
    assert_eq!(hidden(&asked, "complaint"), ["c-1", "c-3"]);
    assert!(bank.work().is_empty(), "nothing is done before it is confirmed");
    let confirmed = format!("{chosen}&confirmed=yes");
    let done = bank.send_form(ANNA, "/teams/cards/work", &confirmed).await;
    let address = done.leads_to().to_owned();
    assert!(
        address.starts_with("/teams/cards?product=Mortgage&done=team-acknowledge&count=2&undo="),
        "{address}"
    );
    assert!(done.headers.contains_key("set-cookie"), "one's own write shows at once");
    assert_eq!(bank.work().iter().map(|event| event.kind).collect::<Vec<_>>(), [WorkKind::Acknowledged; 2]);
    bank.advance(1).await;

    let again = bank.send_form(ANNA, "/teams/cards/work", &confirmed).await;
    assert_eq!((again.status, bank.work().len()), (StatusCode::CONFLICT, 2));
    assert!(again.text.contains("c-1: it is acknowledged already."), "{}", again.text);

    let page = bank.page(ANNA, &address).await;
    assert!(
        page.text.contains("2 complaints acknowledged.") && page.text.contains("data-key=\"u\""),
        "{}",
        page.text
    );
    bank.archive_work();
    let undo: String = hidden(&page, "undo").iter().map(|one| format!("&undo={one}")).collect();
    let by_another = bank.send_form("ben/clerk/cards", "/teams/cards/undo", &format!("view={undo}")).await;
    assert_eq!((by_another.status, bank.work().len()), (StatusCode::FORBIDDEN, 2));
    assert_eq!(hidden(&by_another, "undo").len(), 2, "it can be tried again");
    let undone = bank.send_form(ANNA, "/teams/cards/undo", &format!("view=tab%3Dopen{undo}")).await;
    assert_eq!(undone.leads_to(), "/teams/cards?done=team-undone&count=2");
    let kinds: Vec<_> = bank.work().iter().map(|event| event.kind).skip(2).collect();
    assert_eq!(kinds, [WorkKind::Undone; 2]);
    bank.advance(1).await;
    assert!(!bank.page(ANNA, "/teams/cards").await.text.contains("acknowledged<"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_ours_goes_to_a_team_for_a_reason_and_comes_back_by_one_undo() {
    let bank = Bank::open().await;
    let asked = bank.send_form(ANNA, "/teams/cards/work", "action=move&complaint=c-1&complaint=c-3").await;
    assert!(asked.text.contains("Give 2 complaints to another team?"), "{asked:?}");
    assert!(
        asked.text.contains("<option value=\"loans\">") && !asked.text.contains("<option value=\"cards\">")
    );

    let both = "complaint=c-1&complaint=c-3&to_team=loans";
    for (reason, word) in [("", "Say why"), ("&reason_code=he+said+so", "Write a code")] {
        let refused = bank.send_form(ANNA, "/teams/cards/not-ours", &format!("{both}{reason}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
        assert!(refused.text.contains("<option value=\"loans\" selected>") && refused.text.contains(word));
    }
    assert!(bank.verdicts().is_empty());
    let done =
        bank.send_form(ANNA, "/teams/cards/not-ours", &format!("{both}&reason_code=WRONG_PRODUCT")).await;
    let address = done.leads_to().to_owned();
    let given: Vec<_> =
        bank.verdicts().into_iter().map(|one| (one.kind, one.to_team, one.reason_code)).collect();
    let one = (FeedbackKind::Reallocated, Some("loans".to_owned()), "WRONG_PRODUCT".to_owned());
    assert_eq!(given, [one.clone(), one]);
    bank.advance(1).await;
    let page = bank.page(ANNA, &address).await;
    assert!(
        rows(&page).is_empty() && page.text.contains("2 complaints given to the other team."),
        "{}",
        page.text
    );
    bank.archive_verdicts();
    bank.clock.advance(1);
    let undo: String = hidden(&page, "undo").iter().map(|one| format!("&undo={one}")).collect();
    let undone = bank.send_form(ANNA, "/teams/cards/undo", &format!("view={undo}")).await;
    assert_eq!(undone.leads_to(), "/teams/cards?done=team-undone&count=2");
    bank.advance(1).await;
    let back: BTreeSet<String> = rows(&bank.page(ANNA, "/teams/cards").await).into_iter().collect();
    assert_eq!(back, ["c-1", "c-3"].map(str::to_owned).into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_takes_away_what_the_table_shows_without_narratives_and_formulas_and_it_is_recorded() {
    let bank = Bank::open().await;
    take(&bank, &RoutedComplaint { decisions: of_product(HOSTILE), ..routed("x-1", NOW + HOUR) }).await;
    let path = "/teams/cards/export?due_before=2024-03-02";
    assert_eq!(bank.page(ANNA, path).await.status, StatusCode::FORBIDDEN, "a clerk takes nothing away");
    let file = bank.page(LEAD, path).await;
    assert_eq!(file.status, StatusCode::OK, "{file:?}");
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(file.headers["content-disposition"], "attachment; filename=\"cards-2024-03-01.csv\"");
    assert!(!file.text.contains("bereavement"));
    let lines: Vec<&str> = file.text.lines().collect();
    assert_eq!(lines[0], "Complaint,Due,Vulnerability,Issue,Product,Age,With,State");
    let product = format!("\"'{}\"", HOSTILE.replace('"', "\"\""));
    assert_eq!(
        lines[1],
        format!("x-1,2024-03-01 14:33 UTC,possibly vulnerable,Fraud or scam,{product},1 hour,,open")
    );
    assert_eq!(lines.len(), 2, "as it is filtered: {lines:?}");
    let audit = bank.audit();
    let entry = audit.last().unwrap();
    assert_eq!(
        (audit.len(), &*entry.action, &*entry.subject, &entry.complaint_id),
        (1, "exported", "cards", &None)
    );
    assert_eq!((&*entry.actor, &entry.roles[..]), ("lea", &["lead".to_owned()][..]));

    bank.audit_is_broken.store(true, Ordering::SeqCst);
    let unrecorded = bank.page(LEAD, path).await;
    assert_eq!(unrecorded.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!unrecorded.text.contains("x-1"), "what can't be recorded is not sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_fill_in_is_shown_as_text_wherever_it_is_shown() {
    let bank = Bank::open().await;
    let route = RoutedComplaint {
        decisions: of_product(HOSTILE),
        legal_entity: Some(HOSTILE.into()),
        customer_ref: Some(HOSTILE.into()),
        external_ref: Some(HOSTILE.into()),
        human_reasons: vec![HOSTILE.into()],
        clocks: vec![Clock {
            name: HOSTILE.into(),
            rule: HOSTILE.into(),
            calendar: Some(HOSTILE.into()),
            ..clock(NOW + HOUR)
        }],
        strategy_version: 7,
        ..routed("h-1", NOW + HOUR)
    };
    let raw = RawComplaint { language: "en".into(), ..RawComplaint::new("h-1", HOSTILE, NOW) };
    bank.take(&raw, &route, &[]).await;
    take(&bank, &RoutedComplaint { complaint_id: "h-2".into(), route_id: "r-h-2".into(), ..route.clone() })
        .await;
    let query = "%3D%3Cscript%3Ealert(1)%3C%2Fscript%3E%22'%E2%80%AE";
    for path in [
        "/teams".to_owned(),
        "/teams/cards".to_owned(),
        format!("/teams/cards?product={query}&customer={query}&done={query}&undo=work.{query}.{query}"),
        "/complaints/h-1".to_owned(),
        format!("/complaints/h-1?undo={query}&done={query}"),
        "/complaints/h-1/narrative".to_owned(),
        format!("/complaints?q={query}"),
    ] {
        let page = bank.page(ANNA, &path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.text.contains("<script>alert") && !page.text.contains("alert(1)</script>"), "{path}");
        let outside_of_values: String = page
            .text
            .split("value=\"")
            .enumerate()
            .map(|(at, part)| if at == 0 { part } else { part.split_once('"').unwrap().1 })
            .collect();
        assert!(!outside_of_values.contains('\u{202e}'), "{path}: a hidden character is shown");
        assert!(!page.text.contains("style=") && !page.text.contains(" onclick"), "{path}");
    }
}
