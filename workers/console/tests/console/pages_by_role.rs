//! Every page and every form against every role and nobody: the table has each that is served, serves each that it has, and lets
//! in whom it names. What another team has is answered as what is not there, on every page and by every form.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use ombud_contract::records::{FeedbackKind, WorkKind};
use ombud_launch::guard::{PAGES, Right, Role, RouteRight};
use tower::ServiceExt as _;

use crate::{
    bank::{Bank, INPUT, NARRATIVE, Page, WHO, names_category},
    memory_desk::MemoryDesk,
};

/// Whoever may do everything that a person may.
const EVERY_ROLE: &str = "anna/clerk,specialist,lead,model-owner,approver,auditor,operator/*";
/// What one page may have at most.
const MOST_BYTES: usize = 4 << 20;

async fn open() -> Bank {
    Bank::open_with(MemoryDesk::asking_for(1).sources()).await
}

/// What is answered to `who`, whose browser has a page of ours; an empty `who` is nobody. The stream of events is not read.
async fn ask(bank: &Bank, who: &str, method: &Method, path: &str, form: &str) -> Page {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
    if !who.is_empty() {
        request = request.header(WHO, who);
    }
    if method != Method::GET {
        request = request
            .header(header::ORIGIN, "http://localhost")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    let answer =
        bank.pages.clone().oneshot(request.body(Body::from(form.to_owned())).unwrap()).await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let is_stream = is_of_type(&headers, "text/event-stream");
    let body =
        if is_stream { Default::default() } else { to_bytes(answer.into_body(), MOST_BYTES).await.unwrap() };
    Page { status, headers, text: String::from_utf8(body.to_vec()).unwrap() }
}

fn is_of_type(headers: &HeaderMap, wanted: &str) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|it| it.to_str().unwrap().starts_with(wanted))
}

/// A path of `row` about a complaint of `team`, and a form for it.
fn request(row: &RouteRight, team: &str) -> (String, String) {
    let id = if team == "cards" { "c-1" } else { "c-2" };
    let path = row
        .path
        .replace("{team}", team)
        .replace("{complaint_id}", id)
        .replace("{model_id}", "challenger")
        .replace("{version}", "1")
        .replace("{cluster}", "9")
        .replace("{id}", "r-1");
    (path, form_of(row.path, id))
}

/// What the page sends that has a form for `path`.
fn form_of(path: &str, id: &str) -> String {
    match path {
        "/desk/next" => format!("complaint_id={id}"),
        "/desk/undo" => format!("undo=f-1&undo_of={id}"),
        "/desk/{complaint_id}/decide" => "decision=confirm&revision=1".to_owned(),
        "/desk/{complaint_id}/skip" => "reason=LATER".to_owned(),
        "/teams/{team}/work" => format!("action=acknowledge&confirmed=yes&complaint={id}"),
        "/teams/{team}/not-ours" if id == "c-1" => format!("complaint={id}&to_team=loans&reason_code=WRONG"),
        "/teams/{team}/not-ours" => format!("complaint={id}&to_team=cards&reason_code=WRONG"),
        "/teams/{team}/undo" => format!("undo=work.w-1.{id}"),
        "/vulnerable/{complaint_id}" => format!("action=confirm&caused=open&read={INPUT}"),
        "/complaints/{complaint_id}/work" => "kind=NOTED&reason_code=CALLED".to_owned(),
        "/complaints/{complaint_id}/lease" => "action=take".to_owned(),
        "/complaints/{complaint_id}/explain" => "task=product&against_product=Debt+collection".to_owned(),
        "/sample/{complaint_id}" => format!("answer=no-complaint&text={INPUT}"),
        "/settings" => "language=en&theme=system&keys=on".to_owned(),
        _ => String::new(),
    }
}

/// Every method and path that the router of pages serves, as it prints itself: nothing else lists them.
fn served(bank: &Bank) -> BTreeSet<(String, String)> {
    let printed = format!("{:?}", bank.pages);
    // Behind it comes a second router, for what has no route.
    let printed = printed.split("fallback_router").next().unwrap();
    let (routes, paths) = printed.split_once("node: Node").unwrap();
    let of_id = |text: &str| text.split(')').next().unwrap().to_owned();
    let path = |entry: &str| Some((of_id(entry), entry.split_once("): \"")?.1.split('"').next()?.to_owned()));
    let paths: BTreeMap<String, String> = paths.split("RouteId(").skip(1).filter_map(path).collect();
    let mut served = BTreeSet::new();
    for route in routes.split("RouteId(").skip(1) {
        let (_, methods) = route.split_once("allow_header: Bytes(b\"").unwrap();
        for method in methods.split('"').next().unwrap().split(',').filter(|method| *method != "HEAD") {
            served.insert((method.to_owned(), paths[&of_id(route)].clone()));
        }
    }
    served
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_has_every_page_that_is_served_and_no_other() {
    let bank = open().await;
    let table: BTreeSet<_> = PAGES.iter().map(|row| (row.method.to_string(), row.path.to_owned())).collect();
    assert_eq!(table.len(), PAGES.len(), "a page stands twice in the table");
    assert_eq!(served(&bank), table);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_is_let_in_where_the_table_says_so_and_nobody_anywhere() {
    let bank = open().await;
    for row in PAGES {
        let (path, form) = request(row, "cards");
        for role in Role::ALL {
            let who = format!("anna/{}/cards", role.name());
            let may = row.right == Right::Know || row.right.roles().contains(&role);
            // By its path alone: what is done by one of them is not to be in the way of the next.
            let page = ask(&bank, &who, &row.method, &path, "").await;
            let what = format!("{role:?} {} {path}: {page:?}", row.method);
            assert!(page.status != StatusCode::INTERNAL_SERVER_ERROR, "{what}");
            assert_eq!(page.text.contains("This page is not for you"), !may, "{what}");
            if !may {
                assert_eq!(page.status, StatusCode::FORBIDDEN, "{what}");
            }
            let shows_narrative = [
                "/desk/{complaint_id}",
                "/vulnerable/{complaint_id}",
                "/complaints/{complaint_id}/narrative",
                "/complaints/{complaint_id}/explain",
            ];
            if !may || !shows_narrative.iter().any(|page| row.path.starts_with(page)) {
                assert!(!page.text.contains(NARRATIVE), "{what}");
            }
            if !(may && matches!(role, Role::Specialist | Role::Auditor)) {
                assert!(!names_category(&page.text), "{what}");
            }
        }
        let nobody = ask(&bank, "", &row.method, &path, &form).await;
        let leads_to = nobody.leads_to();
        assert!(leads_to == "/sign-in" || leads_to.starts_with("/sign-in?back=%2F"), "{path}: {nobody:?}");
        assert!(
            row.method == Method::GET || leads_to == "/sign-in",
            "nobody sends a form again unseen: {nobody:?}"
        );
        let without_role = ask(&bank, "eve//cards", &row.method, &path, &form).await;
        let is_let_in = row.right == Right::Know;
        assert_eq!(without_role.status == StatusCode::FORBIDDEN, !is_let_in, "{path}: {without_role:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_honest_form_of_each_page_is_taken_by_whoever_may() {
    for row in PAGES.iter().filter(|row| row.method == Method::POST) {
        let bank = open().await;
        let (path, form) = request(row, "cards");
        let page = ask(&bank, EVERY_ROLE, &row.method, &path, &form).await;
        // A question is answered at once.
        let is_answer = row.path.ends_with("/explain") && page.status == StatusCode::OK;
        let is_taken = is_answer || page.status.is_redirection() || page.status == StatusCode::NO_CONTENT;
        // These name what is not there: a request, a lease, a record, a letter, one that was drawn.
        let names_nothing = [
            "/desk/undo",
            "/teams/{team}/undo",
            "/sample/{complaint_id}",
            "/strategy/requests",
            "/strategy/requests/{id}/approve",
            "/health/redrive",
        ];
        if names_nothing.contains(&row.path) {
            assert!(page.status.is_client_error(), "{path}: {page:?}");
        } else {
            assert!(is_taken, "{path}: {page:?}");
        }
    }
}

/// What differs between two complaints of which nothing is known but their ids.
fn without_id(page: &Page, id: &str, team: &str) -> (StatusCode, String) {
    (page.status, page.text.replace(id, "ID").replace(team, "TEAM"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_team_has_is_answered_as_what_is_not_there_on_every_page_and_by_every_form() {
    let bank = open().await;
    bank.take_loans_further().await;
    let mut compared = 0;
    for role in Role::ALL {
        // Whoever sees every team's has nothing hidden from them: what they see, the other tests say.
        if matches!(role, Role::Auditor | Role::Operator) {
            continue;
        }
        let who = format!("anna/{}/cards", role.name());
        for row in PAGES {
            let may = row.right == Right::Know || row.right.roles().contains(&role);
            let (path, form) = request(row, "loans");
            let is_about = path.contains("c-2") || path.contains("loans") || form.contains("c-2");
            if !may || !is_about {
                continue;
            }
            // A form of their own team's page may name another team's complaint.
            let own = path.replace("loans", "cards");
            let own = Some(own).filter(|own| *own != path && form.contains("c-2"));
            let paths = [path].into_iter().chain(own);
            for path in paths {
                let (before, verdicts, audited) =
                    (bank.work().len(), bank.verdicts().len(), bank.audit().len());
                let foreign = ask(&bank, &who, &row.method, &path, &form).await;
                let (unknown_path, unknown_form) = (unknown(&path), unknown(&form));
                let absent = ask(&bank, &who, &row.method, &unknown_path, &unknown_form).await;
                let what = format!("{role:?} {} {path} {form}", row.method);
                assert_eq!(
                    without_id(&foreign, "c-2", "loans"),
                    without_id(&absent, "c-99", "lawns"),
                    "{what}: it differs from what is not there"
                );
                for secret in [NARRATIVE, "crm-c-2", "r-c-2"] {
                    assert!(!foreign.text.contains(secret), "{what}: {foreign:?}");
                }
                assert!(!names_category(&foreign.text), "{what}: {foreign:?}");
                assert_eq!(
                    (bank.work().len(), bank.verdicts().len(), bank.audit().len()),
                    (before, verdicts, audited),
                    "{what}: something was recorded"
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 60, "{compared}");
    let searched = ask(&bank, "anna/lead/cards", &Method::GET, "/complaints?q=cust-1", "").await;
    assert!(searched.text.contains("/complaints/c-1") && !searched.text.contains("c-2"), "{searched:?}");
}

fn unknown(text: &str) -> String {
    text.replace("c-2", "c-99").replace("loans", "lawns")
}

impl Bank {
    /// Somebody of loans has taken c-2, noted something and given a verdict: there is more of it to be seen.
    async fn take_loans_further(&self) {
        let lou = "lou/clerk/loans";
        let noted =
            ask(self, lou, &Method::POST, "/complaints/c-2/work", "kind=NOTED&reason_code=CALLED").await;
        assert!(noted.status.is_redirection(), "{noted:?}");
        let decided =
            ask(self, lou, &Method::POST, "/desk/c-2/decide", "decision=not-vulnerable&revision=1").await;
        assert!(decided.status.is_redirection(), "{decided:?}");
        self.archive_work();
        self.archive_verdicts();
        assert!(self.work().iter().any(|event| event.kind == WorkKind::Noted));
        assert!(self.verdicts().iter().any(|verdict| verdict.kind == FeedbackKind::Vulnerability));
    }
}
