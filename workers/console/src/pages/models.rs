//! Models: every version, what it was found to be worth, where it serves and served; and a version whole, with its card.

mod card;
mod dial;
mod list;
mod record;
mod version;

use std::sync::Arc;

use axum::{Router, routing::get};
use maud::Markup;
use ombud_contract::records::ModelState;

use super::{
    PageState,
    frame::Frame,
    parts::{Tone, badge},
};

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    Router::new()
        .route("/models", get(list::models))
        .route("/models/{model_id}/{version}", get(version::version))
}

/// Where a version stands, in a word.
fn state(frame: &Frame, state: ModelState) -> Markup {
    match state {
        ModelState::Registered => badge(Tone::Good, &frame.say("models-registered")),
        ModelState::Retired => badge(Tone::Plain, &frame.say("models-retired")),
        ModelState::Rejected => badge(Tone::Bad, &frame.say("models-rejected")),
    }
}
