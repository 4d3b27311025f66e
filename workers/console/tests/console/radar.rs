//! The radar: what says the same is one cluster for whoever measures, and its complaints are shown to those who see their team.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::sync::Arc;

use axum::http::StatusCode;
use ombud_console::pages::{AlikeBoard, AlikeWatch, PageSources};
use ombud_contract::records::{RawComplaint, RoutedComplaint};
use ombud_measure::alike::sketch_row;
use ombud_store::{CaseStore as _, Row, Sketches};

use crate::{
    bank::{Bank, NOW, Page},
    given::route,
    no_sources::no_sources,
};

const LEAD: &str = "lea/lead/cards";
const AUDITOR: &str = "ada/auditor/cards";
const OWNER: &str = "olga/model-owner/cards";
const LETTER: &str =
    "I write about the card that you sent to my mother, which she never asked for and never used once";
const HOSTILE: &str = "<b>x</b>\u{202e}";

/// A bank that has taken a letter `copies` times, every third by loans, and has compared what came.
async fn bank_with(copies: usize) -> Bank {
    let board = Arc::new(AlikeBoard::default());
    let bank = Bank::open_with(PageSources { alike: Arc::clone(&board), ..no_sources() }).await;
    for n in 0..copies {
        let id = format!("l/{n}");
        let mut raw = RawComplaint::new(&id, LETTER, NOW - 1_000 + n as i64);
        raw.channel = HOSTILE.into();
        raw.attributes.insert("representative".into(), "Claims Ltd".into());
        let team = if n % 3 == 0 { "loans" } else { "cards" };
        let routed = RoutedComplaint {
            complaint_id: id.clone(),
            route_id: format!("r-{id}"),
            received_at: raw.received_at,
            team: team.into(),
            ..route()
        };
        bank.take(&raw, &routed, &[]).await;
        let row = sketch_row(&raw, NOW).map(Row::Sketch).unwrap();
        bank.local.cases().unwrap().write(&[row]).unwrap();
    }
    let view = bank.local.view();
    let watch = AlikeWatch {
        board,
        open: Box::new(move || Ok(Box::new(view.cases().unwrap()) as Box<dyn Sketches>)),
        worklist: Arc::clone(&bank.worklist),
        clock: &*bank.clock,
    };
    watch.run(&|_| true);
    bank
}

fn cluster(list: &Page) -> String {
    assert_eq!(list.status, StatusCode::OK, "{list:?}");
    let (_, rest) = list.text.split_once("href=\"/radar/").unwrap();
    format!("/radar/{}", rest.split('"').next().unwrap())
}

/// Ids of complaints, as the page's links have them.
fn shown(page: &Page) -> usize {
    page.text.matches("href=\"/complaints/l%2F").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_many_sent_is_one_flagged_cluster_and_each_sees_the_complaints_of_their_teams() {
    let bank = bank_with(21).await;
    let list = bank.page(LEAD, "/radar").await;
    assert!(list.text.contains("20 or more") && list.text.contains(">new<"), "{}", list.text);
    assert!(list.text.contains("cards <span class=\"muted\">67 %"), "{}", list.text);
    assert!(list.text.contains("Claims Ltd"), "{}", list.text);
    let one = cluster(&list);
    for (who, complaints, hidden) in [(LEAD, 14, Some(7)), (AUDITOR, 21, None), (OWNER, 0, Some(21))] {
        let page = bank.page(who, &one).await;
        assert_eq!((page.status, shown(&page)), (StatusCode::OK, complaints), "{who}: {}", page.text);
        let said = hidden.map(|hidden| page.text.contains(&format!("{hidden} more are with teams")));
        assert_eq!(said, hidden.map(|_| true), "{who}: {}", page.text);
        for text in [&list.text, &page.text] {
            assert!(
                !text.contains("my mother") && !text.contains("<b>") && !text.contains('\u{202e}'),
                "{text}"
            );
        }
    }
    assert!(
        !one.contains("l%2F") && !list.text.contains("l%2F"),
        "an id of a complaint that not everybody sees"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_cluster_has_fifty_complaints_and_leads_to_the_next() {
    let bank = bank_with(60).await;
    let one = cluster(&bank.page(AUDITOR, "/radar").await);
    let first = bank.page(AUDITOR, &one).await;
    assert_eq!(shown(&first), 50);
    assert!(first.text.contains(&format!("{one}?from=50")), "{}", first.text);
    assert_eq!(shown(&bank.page(AUDITOR, &format!("{one}?from=50")).await), 10);
    assert_eq!(shown(&bank.page(AUDITOR, &format!("{one}?from=999999")).await), 0);
    assert_eq!(shown(&bank.page(AUDITOR, &format!("{one}?from=no")).await), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_not_is_said() {
    let bank = Bank::open().await;
    let page = bank.page(LEAD, "/radar").await;
    assert!(page.text.contains("Nothing has been compared yet"), "{}", page.text);
    let bank = bank_with(4).await;
    let page = bank.page(LEAD, "/radar").await;
    assert!(page.text.contains("No five complaints"), "{}", page.text);
    assert_eq!(bank.page(LEAD, "/radar/0123456789abcdef").await.status, StatusCode::NOT_FOUND);
    assert_eq!(bank.page("carl/clerk/cards", "/radar").await.status, StatusCode::FORBIDDEN);
}
