//! A team's queue: a table by due moment, in tabs, with filters in the address and bulk work.

use std::sync::Arc;

use axum::Router;

use super::PageState;

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    Router::new()
}
