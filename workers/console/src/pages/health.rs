//! How the system is, for operators: lag, dead letters, models, stores; no narratives.

use std::sync::Arc;

use axum::Router;

use super::PageState;

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    Router::new()
}
