//! The triage desk: one complaint, the teams that are likeliest, one key for the usual case, then the next.

use std::sync::Arc;

use axum::Router;

use super::PageState;

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    Router::new()
}
