//! The triage desk: one complaint, the teams that are likeliest, one key for the usual case, then the next.
//!
//! `POST /desk/next` -> lease -> `GET /desk/ID` -> `POST /desk/ID/decide` -> verdict, lease given back, the next one leased -> `GET /desk/ID`
//!
//! At the desk lies what a person must look at before anybody works on it: allocations that are open, of the teams of whoever
//! sits there. What was drawn at random is judged blind, on a page of its own, and is never here before that.

mod address;
mod case;
mod decide;
mod in_force;
mod index;
mod leave;
mod likely;
mod narrative;
mod pile;
mod problem;
mod reading;
mod reasons;
mod show;
mod take;
mod tally;
mod undo;
mod unread;

use std::sync::Arc;

use axum::{
    Extension, Router,
    routing::{get, post},
};

use super::PageState;

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    Router::new()
        .route("/desk", get(index::index))
        .route("/desk/next", post(take::next))
        .route("/desk/undo", post(undo::undo))
        .route("/desk/{complaint_id}", get(reading::read))
        .route("/desk/{complaint_id}/decide", post(decide::decide))
        .route("/desk/{complaint_id}/skip", post(leave::skip))
        .route("/desk/{complaint_id}/renew", post(leave::renew))
        .route("/desk/{complaint_id}/release", post(leave::release))
        .layer(Extension(Arc::new(tally::Tally::default())))
}
