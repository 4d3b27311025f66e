//! One complaint: what happened to it, its clocks, what people did, and forms for what is done next; and the search for one.
//!
//! what a form sends -> the API's own functions -> the page again, with one undo; or the page with what was typed and why not
//! what the customer wrote -> a page of its own, and a record of who opened it

mod clocks;
mod find;
mod forms;
mod lease;
mod narrative;
mod rule_words;
mod seen;
mod sheet;
mod show;
mod timeline;
mod work;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use super::PageState;

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    Router::new()
        .route("/complaints", get(find::find))
        .route("/complaints/{complaint_id}", get(show::show))
        .route("/complaints/{complaint_id}/narrative", get(narrative::narrative))
        .route("/complaints/{complaint_id}/work", post(work::work))
        .route("/complaints/{complaint_id}/lease", post(lease::lease))
}
