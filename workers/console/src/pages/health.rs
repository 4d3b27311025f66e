//! How the system is, for operators: lag, dead letters, models, stores; no narratives.
//!
//! GET /health <- `Operations` (a thread of the process looks, and keeps what it saw) and the worklist's own lag
//! POST /health/redrive -> those that can be sent -> console.audit -> their own topics, as `ombud redrive` does

mod page;
mod redrive;
mod sections;
mod source;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use ombud_stream::Outage;
use serde::Deserialize;

pub use self::source::{
    Answered, DeadLetters, DoctorLine, Examination, Grade, GroupStatus, Known, LetterFate, LetterLine,
    ModelStatus, ModelUse, Operations, PartReach, ReachPart, RedrivenLetter, SystemStatus,
};
use self::{page::HealthPage, redrive::Outcome};
use super::{PageState, frame::Frame};

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    Router::new().route("/health", get(health)).route("/health/redrive", post(redrive::redrive))
}

/// What the address says. What makes no sense in it says nothing.
#[derive(Debug, Default, Deserialize)]
struct HealthQuery {
    /// `ombud doctor` is to look.
    #[serde(default)]
    examine: Option<String>,
    /// What has just been sent again.
    #[serde(default)]
    sent: Option<u32>,
    #[serde(default)]
    already: Option<u32>,
    #[serde(default)]
    refused: Option<u32>,
}

async fn health(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    query: Result<Query<HealthQuery>, QueryRejection>,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let outcome = match (query.sent, query.already, query.refused) {
        (Some(sent), Some(already), Some(refused)) => Some(Outcome { sent, already, refused }),
        _ => None,
    };
    show(&state, &frame, StatusCode::OK, query.examine.is_some(), outcome, None).await
}

/// The page; `problem` is why a form was not taken.
async fn show(
    state: &Arc<PageState>,
    frame: &Frame,
    status: StatusCode,
    examine: bool,
    outcome: Option<Outcome>,
    problem: Option<&str>,
) -> Response {
    let operations = Arc::clone(&state.sources.operations);
    let looked =
        tokio::task::spawn_blocking(move || (operations.status(), operations.examination(examine))).await;
    let Ok((system, examination)) = looked else {
        let outage = Outage::passing("look at the system", "it panicked");
        return frame.page_with(
            StatusCode::SERVICE_UNAVAILABLE,
            &frame.say("health-title"),
            &super::parts::problem(&outage.to_string()),
        );
    };
    let page = HealthPage {
        frame,
        system: system.as_ref(),
        examination: &examination,
        worklist: state.api.lag(),
        outcome,
        problem,
    };
    frame.page_with(status, &frame.say("health-title"), &page.body())
}
