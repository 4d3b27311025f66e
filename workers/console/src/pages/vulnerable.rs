//! The desk of vulnerable customers: what in the text speaks of it, confirmed or refused by specialists.

use std::sync::Arc;

use axum::Router;

use super::PageState;

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    Router::new()
}
