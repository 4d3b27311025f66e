//! What a person chooses for themselves: language, keys, light or dark. And `/`, which leads to their first page.

use std::sync::Arc;

use axum::Router;

use super::PageState;

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    Router::new()
}
