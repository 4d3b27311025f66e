//! The strategy: who decides with what share, changes that wait for a second person, and every version there was.
//!
//! a form -> `/strategy/change`: what would differ, who else is needed -> why -> a request, or published at once
//! a request -> another person approves it -> published

mod change;
mod clocks;
mod draft;
mod forms;
mod history;
mod in_force;
mod last_good;
pub(super) mod pieces;
mod requests;

use std::sync::Arc;

use axum::{
    Router,
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use maud::Markup;
use ombud_launch::guard::Right;
use ombud_models::{ActiveStrategy, Strategies};
use ombud_stream::Outage;

use super::{
    ChangeDesk, ChangeRefusal, PageState,
    frame::Frame,
    parts::{Tab, problem, tabs},
};

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    Router::new()
        .route("/strategy", get(in_force::in_force))
        .route("/strategy/change", get(change::preview))
        .route("/strategy/history", get(history::history))
        .route("/strategy/versions/{version}", get(history::version))
        .route("/strategy/requests", get(requests::requests).post(change::ask))
        .route("/strategy/requests/{id}/approve", post(requests::approve))
        .route("/strategy/requests/{id}/close", post(requests::close))
}

impl From<Outage> for ChangeRefusal {
    fn from(outage: Outage) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, text: format!("failed to {outage}") }
    }
}

/// What the desk answers; every call of it may block.
pub(super) async fn ask_desk<T, E>(
    state: &PageState,
    ask: impl FnOnce(&dyn ChangeDesk) -> Result<T, E> + Send + 'static,
) -> Result<T, ChangeRefusal>
where
    T: Send + 'static,
    E: Into<ChangeRefusal> + Send + 'static,
{
    let desk = Arc::clone(&state.sources.changes);
    match tokio::task::spawn_blocking(move || ask(&*desk)).await {
        Ok(answer) => answer.map_err(Into::into),
        Err(_) => Err(Outage::passing("answer", "the process is shutting down").into()),
    }
}

/// A page of that title that can't be shown now.
pub(super) fn unavailable(frame: &Frame, title: &str, refusal: &ChangeRefusal) -> Response {
    frame.page_with(refusal.status, &frame.say(title), &problem(&refusal.text))
}

/// Leads from one page of the strategy to the other.
fn parts_of_strategy(frame: &Frame) -> Markup {
    let mut places = vec![("/strategy", "strategy-in-force")];
    if frame.caller.may(Right::SeeRequests) {
        places.push(("/strategy/requests", "strategy-requests"));
    }
    places.push(("/strategy/history", "strategy-history"));
    let tab = |(href, text): (&str, &str)| Tab {
        href: href.to_owned(),
        text: frame.say(text),
        count: None,
        is_current: frame.path == href,
    };
    tabs(&frame.say("strategy-parts"), &places.into_iter().map(tab).collect::<Vec<_>>())
}

/// Whether a version ever decided a complaint by `now_ms`: one that was replaced before its time never did.
fn has_served(strategies: &Strategies, version: &ActiveStrategy, now_ms: i64) -> bool {
    let from = version.record.effective_from;
    let next = strategies.version(version.record.version + 1);
    from <= now_ms && next.is_none_or(|next| from < next.record.effective_from)
}
