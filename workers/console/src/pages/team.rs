//! A team's queue: a table by due moment, in tabs, with filters in the address and bulk work.
//!
//! view (tab and filters, in the address) -> the queue as the API shows it -> table
//! chosen rows -> what can be done with them, and with how many -> confirmed: the API's own functions -> the view, with one undo

mod bulk;
mod chosen;
mod confirm;
mod export;
mod not_ours;
mod overview;
mod rows;
mod sheet;
mod table;
mod take_back;
mod undo;
mod view;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use super::PageState;
pub(super) use bulk::other_teams;
pub(super) use view::team_path;

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    Router::new()
        .route("/teams", get(overview::teams))
        .route("/teams/{team}", get(table::show))
        .route("/teams/{team}/export", get(export::export))
        .route("/teams/{team}/work", post(bulk::work))
        .route("/teams/{team}/not-ours", post(not_ours::move_on))
        .route("/teams/{team}/undo", post(take_back::take_back))
}

/// The most rows of a page, and so the most that one action is done with.
pub(super) const MOST_ROWS: usize = 50;
