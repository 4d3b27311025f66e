//! `POST /api/strategy`: the next strategy, whole, as JSON; answered when every worker will take it.

#![cfg_attr(
    not(feature = "torch"),
    allow(dead_code, reason = "only `up` serves the HTTP port of the embedded log, and it runs models")
)]

use std::sync::{Arc, Mutex, PoisonError};

use axum::{Extension, Json, Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use ombud_contract::records::Strategy;
use ombud_launch::{JsonRefusal, guard::Caller};
use ombud_models::StrategyRefusal;

use super::publish::{PATH, Published, Refusal, StrategyPublisher};
use crate::log::audit::Actor;

type Answer = Result<(StatusCode, Json<Published>), (StatusCode, Json<JsonRefusal>)>;

/// The route; it publishes one strategy after the other.
pub(crate) fn routes(publisher: StrategyPublisher) -> Router {
    Router::new().route(PATH, post(accept)).with_state(Arc::new(Mutex::new(publisher)))
}

async fn accept(
    State(publisher): State<Arc<Mutex<StrategyPublisher>>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer {
    let next: Strategy = serde_json::from_slice(&body).map_err(|error| {
        let what = format!("accept the strategy: {error}: send one record of models.strategy as JSON");
        JsonRefusal::answer(StatusCode::UNPROCESSABLE_ENTITY, what)
    })?;
    // It reads and appends, and waits for both.
    let published = tokio::task::spawn_blocking(move || {
        let mut publisher = publisher.lock().unwrap_or_else(PoisonError::into_inner);
        // Who and when is set here, not by the sender.
        let actor = Actor::of(&caller, &next.changed_by);
        // Who approved it, /api/requests alone says.
        let next = Strategy {
            changed_by: actor.name.clone(),
            changed_at: publisher.now_ms(),
            request_id: None,
            requested_by: None,
            approved_by: Vec::new(),
            ..next
        };
        publisher.publish(&next, &actor)
    });
    match published.await {
        Ok(Ok(published)) => Ok((StatusCode::CREATED, Json(published))),
        Ok(Err(refusal)) => {
            let status = status(&refusal);
            Err(JsonRefusal::answer(status, format!("{:#}", anyhow::Error::from(refusal))))
        }
        Err(_) => {
            Err(JsonRefusal::answer(StatusCode::SERVICE_UNAVAILABLE, "publish the strategy: shutting down"))
        }
    }
}

pub(super) fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::StrategyRefusal(StrategyRefusal::Lost { .. }) | Refusal::Late { .. } => StatusCode::CONFLICT,
        Refusal::StrategyRefusal(StrategyRefusal::Approvals(_)) => StatusCode::FORBIDDEN,
        Refusal::StrategyRefusal(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::Failed(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
