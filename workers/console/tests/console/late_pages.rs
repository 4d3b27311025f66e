//! A page that is left late gives back the lease that it was shown under, and no other one of its reader's.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use axum::http::StatusCode;
use ombud_contract::records::WorkKind;

use crate::bank::{Bank, Page};

const ANNA: &str = "anna/clerk/cards";

/// The lease under which a page was shown.
fn lease_of(page: &Page) -> String {
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    let (_, rest) = page.text.split_once("data-lease=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

impl Bank {
    fn given_back(&self) -> usize {
        self.work().iter().filter(|event| event.kind == WorkKind::Released).count()
    }

    async fn leave(&self, lease_id: &str) {
        let left = self.send_form(ANNA, "/desk/c-1/release", &format!("lease_id={lease_id}")).await;
        assert_eq!(left.status, StatusCode::NO_CONTENT, "{left:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_says_late_that_it_was_left_gives_back_no_newer_lease() {
    let bank = Bank::open().await;
    bank.send_form(ANNA, "/desk/next", "complaint_id=c-1").await.leads_to();
    let first = lease_of(&bank.page(ANNA, "/desk/c-1").await);
    let renewed = bank.send_form(ANNA, "/desk/c-1/renew", &format!("lease_id={first}")).await;
    assert_eq!(
        (renewed.status, renewed.headers["ombud-lease"].to_str().unwrap()),
        (StatusCode::NO_CONTENT, &*first)
    );

    // She gives it back, and takes it again on another page.
    bank.leave(&first).await;
    assert_eq!(bank.given_back(), 1);
    bank.send_form(ANNA, "/desk/next", "complaint_id=c-1").await.leads_to();
    let second = lease_of(&bank.page(ANNA, "/desk/c-1").await);
    assert_ne!(first, second);
    bank.leave(&first).await;
    assert_eq!(bank.given_back(), 1, "the page of before has given back what it was not shown under");
    assert_eq!(lease_of(&bank.page(ANNA, "/desk/c-1").await), second);
    bank.leave(&second).await;
    assert_eq!(bank.given_back(), 2);
    // A page that lived on takes it again, and hears by which lease.
    let again = bank.send_form(ANNA, "/desk/c-1/renew", &format!("lease_id={second}")).await;
    assert_ne!(again.headers["ombud-lease"].to_str().unwrap(), second);
}
