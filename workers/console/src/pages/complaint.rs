//! One complaint: what happened to it, its clocks, what people did, and forms for what is done next; and the search for one.
//!
//! what a form sends -> the API's own functions -> the page again, with one undo; or the page with what was typed and why not
//! what the customer wrote -> a page of its own, and a record of who opened it
//! why it was answered so -> the words shaded, on a page of its own; a dossier -> a file; both with a record of who asked

mod bars;
mod clocks;
mod decided;
mod dossier;
mod explain;
mod explained;
mod find;
mod forms;
mod lease;
mod narrative;
mod numbers;
mod rule_words;
mod seen;
mod shaded;
mod sheet;
mod show;
mod timeline;
mod why;
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
        .route("/complaints/{complaint_id}/explain", post(explain::explain))
        .route("/complaints/{complaint_id}/dossier", get(dossier::dossier))
        .route("/complaints/{complaint_id}/work", post(work::work))
        .route("/complaints/{complaint_id}/lease", post(lease::lease))
}
