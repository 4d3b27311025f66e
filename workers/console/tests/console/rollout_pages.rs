//! Models and the strategy as pages: who sees what, what is shown before it is done, and that nobody does it alone.

use axum::http::StatusCode;
use ombud_contract::records::ModelVersion;
use ombud_launch::guard::{PAGES, Role};

use crate::{
    bank::{Bank, Page},
    memory_desk::{CHALLENGER, MemoryDesk},
};

const ANN: &str = "ann/model-owner/*";
/// Who may ask and approve, and still not both of one change.
const ANN_BOTH: &str = "ann/model-owner,approver/*";
const BOB: &str = "bob/approver/*";
/// What every form of a canary of 12.5 % sends.
const CANARY: &str = "change=canary&task=product&model=challenger%40abab&percent=12.5";

fn says(page: &Page, texts: &[&str]) {
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    for text in texts {
        assert!(page.text.contains(text), "no {text} in {}", page.text);
    }
    is_whole(page);
}

/// Every word is in the catalogue.
fn is_whole(page: &Page) {
    for prefix in ["{strategy-", "{models-", "{frame-"] {
        assert!(!page.text.contains(prefix), "{prefix} in {}", page.text);
    }
}

fn says_not(page: &Page, texts: &[&str]) {
    for text in texts {
        assert!(!page.text.contains(text), "{text} in {}", page.text);
    }
}

async fn ask(bank: &Bank, who: &str, form: &str, base: i64) -> Page {
    bank.send_form(who, "/strategy/requests", &format!("{form}&base={base}&reason=try+it")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_the_strategy_says_who_decides_with_what_share_by_which_clocks() {
    let desk = MemoryDesk::asking_for(0);
    let bank = Bank::open_with(desk.sources()).await;
    ask(&bank, ANN, CANARY, 1).await;
    ask(&bank, ANN, "change=shadow&task=issue&model=challenger&percent=100", 2).await;
    bank.clock.advance(120_000);
    let page = bank.page(BOB, "/strategy").await;
    let link = format!("/models/challenger/{CHALLENGER}");
    says(&page, &["Strategy 3", "12.5 %", "87.5 %", "<meter", "watches, decides nothing", &link]);
    says(&page, &["15 days from the receipt", "10 business days from the customer", "electronic-transfers"]);
    says_not(&page, &["/strategy/change"]);
    let page = bank.page(ANN, "/strategy").await;
    says(&page, &["action=\"/strategy/change\"", "Make canary the champion", "e-1", "412 complaints"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_shown_before_it_is_asked_for_and_another_person_approves_it() {
    let desk = MemoryDesk::asking_for(1);
    let bank = Bank::open_with(desk.sources()).await;
    let shown = bank.page(ANN, &format!("/strategy/change?{CANARY}")).await;
    says(
        &shown,
        &["Canary for product", "100 %", "87.5 %", "1 other person must approve it", "Ask for approval"],
    );
    assert_eq!((desk.newest().version, desk.waiting()), (1, 0), "a look changes nothing");

    let asked = ask(&bank, ANN, CANARY, 1).await;
    assert_eq!(asked.leads_to(), "/strategy/requests?done=strategy-asked#request-r-1");
    let own = bank.page(ANN_BOTH, "/strategy/requests?done=strategy-asked").await;
    says(&own, &["try it", "just now", "0 of 1", "another person must approve it", "Take back"]);
    says_not(&own, &["/r-1/approve"]);
    let refused = bank.send_form(ANN_BOTH, "/strategy/requests/r-1/approve", "").await;
    assert_eq!((refused.status, desk.newest().version), (StatusCode::FORBIDDEN, 1), "{refused:?}");

    says(
        &bank.page(BOB, "/strategy/requests").await,
        &["action=\"/strategy/requests/r-1/approve\"", "Refuse"],
    );
    let approved = bank.send_form(BOB, "/strategy/requests/r-1/approve", "").await;
    assert_eq!(approved.leads_to(), "/strategy/versions/2?done=strategy-published");
    assert_eq!((desk.newest().approved_by, desk.waiting()), (vec!["bob".to_owned()], 0));
    says(&bank.page(BOB, "/strategy/versions/2").await, &["try it", "ann", "bob", "announced", "12.5 %"]);
    says(&bank.page(BOB, "/strategy/history").await, &["try it", "bob", "/strategy/versions/1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_else_is_needed_a_change_is_published_at_once_and_never_on_what_nobody_saw() {
    let desk = MemoryDesk::asking_for(0);
    let bank = Bank::open_with(desk.sources()).await;
    says(&bank.page(ANN, &format!("/strategy/change?{CANARY}")).await, &["Publish now"]);
    let published = ask(&bank, ANN, CANARY, 1).await;
    assert_eq!(published.leads_to(), "/strategy/versions/2?done=strategy-published");
    let late = ask(&bank, ANN, "change=canary&task=issue&model=challenger&percent=5", 1).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("Another version was published") && late.text.contains("try it</textarea>"));
    let unsaid = bank.send_form(ANN, "/strategy/requests", &format!("{CANARY}&base=2&reason=+")).await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
    for wrong in
        ["", "change=canary", "change=promote&task=product", "change=canary&task=product&model=x&percent=1e3"]
    {
        let page = bank.page(ANN, &format!("/strategy/change?{wrong}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        is_whole(&page);
    }
    assert_eq!(desk.newest().version, 2);
    let promoted = "change=promote&task=product&arm=canary&evaluation=e-1";
    says(&bank.page(ANN, &format!("/strategy/change?{promoted}")).await, &["81.2 %", "Promote canary"]);
    ask(&bank, ANN, promoted, 2).await;
    assert_eq!(desk.newest().evaluation_id.as_deref(), Some("e-1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_person_rolls_back_to_the_last_good_version_which_is_named() {
    let desk = MemoryDesk::asking_for(1);
    let bank = Bank::open_with(desk.sources()).await;
    ask(&bank, ANN, CANARY, 1).await;
    bank.send_form(BOB, "/strategy/requests/r-1/approve", "").await;
    bank.clock.advance(60_000);
    let page = bank.page(ANN, "/strategy").await;
    says(
        &page,
        &["Last good version", "Roll back to strategy 1", "/strategy/change?change=roll-back&amp;to=1"],
    );
    says_not(&bank.page(BOB, "/strategy").await, &["change=roll-back"]);
    let shown = bank.page(ANN, "/strategy/change?change=roll-back&to=1").await;
    says(&shown, &["Roll back to strategy 1", "Publish now", "first strategy"]);
    let back = ask(&bank, ANN, "change=roll-back&to=1", 2).await;
    assert_eq!(back.leads_to(), "/strategy/versions/3?done=strategy-published");
    assert_eq!((desk.newest().tasks[1].arms.len(), desk.newest().approvals), (1, 1));
    bank.clock.advance(60_000);
    // What was gone back from is no good version.
    says_not(&bank.page(ANN, "/strategy").await, &["Last good version"]);
    says(&bank.page(ANN, "/strategy/history").await, &["change=roll-back&amp;to=2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_stale_can_only_be_closed() {
    let desk = MemoryDesk::asking_for(1);
    let bank = Bank::open_with(desk.sources()).await;
    ask(&bank, ANN, CANARY, 1).await;
    ask(&bank, ANN, "change=shadow&task=issue&model=challenger&percent=100", 1).await;
    assert_eq!(desk.newest().version, 2, "a shadow needs nobody");
    let page = bank.page(BOB, "/strategy/requests").await;
    says(&page, &["stale", "/r-1/close"]);
    says_not(&page, &["/r-1/approve"]);
    let closed = bank.send_form(BOB, "/strategy/requests/r-1/close", "").await;
    assert_eq!((closed.leads_to(), desk.waiting()), ("/strategy/requests?done=strategy-closed", 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_has_its_record_its_places_its_card_and_its_dial() {
    let desk = MemoryDesk::asking_for(1);
    let bank = Bank::open_with(desk.sources()).await;
    let champion = desk.champion();
    says(&bank.page(BOB, "/models").await, &["complaints@", "challenger@", "champion 100 %", "81.2 %"]);
    let path = format!("/models/complaints/{}", champion.version);
    let page = bank.page(ANN, &format!("{path}?at=4&per_day=10000")).await;
    says(&page, &[&champion.version, "vulnerable@1", "issue@1", "The dial of vulnerable", "type=\"range\""]);
    // 90 % found: 4,048 of 5,000 in the card.
    says(&page, &["8096", "90 %", "review_below=0.887"]);
    let shown =
        bank.page(ANN, "/strategy/change?change=review-below&task=vulnerable&review_below=0.887").await;
    says(&shown, &["vulnerable › Review below", "0.887", "Ask for approval"]);
    ask(&bank, ANN, "change=review-below&task=vulnerable&review_below=0.887", 1).await;
    assert_eq!(desk.waiting(), 1);
    // The card's highest scores lie above what the version itself flags: no strategy reaches them.
    says_not(&bank.page(ANN, &format!("{path}?at=0")).await, &["review_below="]);
    says_not(&bank.page(BOB, &format!("{path}?at=4")).await, &["review_below="]);

    let other = bank.page(BOB, &format!("/models/challenger/{CHALLENGER}")).await;
    says(&other, &["e-1", "412 complaints", "&lt;i&gt;ann", "not on this host"]);
    for unknown in ["/models/challenger/abab", "/models/x/y", "/strategy/versions/9", "/strategy/versions/x"]
    {
        assert_eq!(bank.page(BOB, unknown).await.status, StatusCode::NOT_FOUND, "{unknown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_from_outside_is_text_on_every_page() {
    const EVIL: &str = "<script>alert(1)</script>\u{202e}";
    let desk = MemoryDesk::asking_for(1);
    let bank = Bank::open_with(desk.sources()).await;
    let evil = ModelVersion {
        model_id: format!("a/../{EVIL}"),
        version: "cd".repeat(32),
        created_by: EVIL.into(),
        state_reason: EVIL.into(),
        created_at: 9,
        ..desk.champion()
    };
    desk.register(evil);
    let reason = "%3Cscript%3Ealert(1)%3C/script%3E%E2%80%AE";
    bank.send_form(ANN, "/strategy/requests", &format!("{CANARY}&base=1&reason={reason}")).await;
    let evil_path =
        format!("/models/a%2F..%2F%3Cscript%3Ealert%281%29%3C%2Fscript%3E%E2%80%AE/{}", "cd".repeat(32));
    for path in ["/models", evil_path.as_str(), "/strategy", "/strategy/requests"] {
        let mut page = bank.page(ANN_BOTH, path).await;
        says(&page, &["&lt;script&gt;"]);
        says_not(&page, &["<script>", "style=\""]);
        // What a form sends is sent as it is.
        let parts =
            page.text.split("value=\"").map(|part| part.split_once('"').map_or(part, |(_, rest)| rest));
        page.text = parts.collect();
        says_not(&page, &["\u{202e}"]);
    }
    bank.send_form(BOB, "/strategy/requests/r-1/approve", "").await;
    for path in ["/strategy/history", "/strategy/versions/2"] {
        says_not(&bank.page(BOB, path).await, &["<script>", "\u{202e}"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_gets_the_pages_that_the_table_gives_it_and_no_other() {
    let desk = MemoryDesk::asking_for(1);
    let bank = Bank::open_with(desk.sources()).await;
    let ours =
        PAGES.iter().filter(|page| page.path.starts_with("/models") || page.path.starts_with("/strategy"));
    for page in ours {
        for role in Role::ALL {
            let who = format!("zoe/{}/*", role.name());
            let path = page.path.replace("{model_id}", "challenger").replace("{id}", "r-9");
            let path =
                path.replace("/models/challenger/{version}", &format!("/models/challenger/{CHALLENGER}"));
            let path = path.replace("{version}", "1");
            let answer = match page.method.as_str() {
                "GET" => bank.page(&who, &path).await,
                _ => bank.send_form(&who, &path, "").await,
            };
            let may = page.right.roles().contains(&role);
            let is_let_in = answer.status != StatusCode::FORBIDDEN;
            assert_eq!(is_let_in, may, "{role:?} {} {path}: {}", page.method, answer.status);
        }
    }
    assert_eq!((desk.newest().version, desk.waiting()), (1, 0));
}
