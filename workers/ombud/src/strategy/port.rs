//! `POST /api/strategy`: the next strategy, whole, as JSON; answered when every worker will take it.

#![cfg_attr(
    not(feature = "torch"),
    allow(dead_code, reason = "only `up` serves the HTTP port of the embedded log, and it runs models")
)]

use std::sync::{Arc, Mutex, PoisonError};

use axum::{Extension, Json, Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use ombud_contract::records::Strategy;
use ombud_launch::guard::Caller;
use ombud_models::Unfit;
use serde::Serialize;

use super::publish::{Desk, PATH, Published, Refusal};

#[derive(Serialize)]
struct Refused {
    error: String,
}

type Answer = Result<(StatusCode, Json<Published>), (StatusCode, Json<Refused>)>;

/// The route, publishing at `desk`, one strategy after the other.
pub(crate) fn routes(desk: Desk) -> Router {
    Router::new().route(PATH, post(accept)).with_state(Arc::new(Mutex::new(desk)))
}

async fn accept(
    State(desk): State<Arc<Mutex<Desk>>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer {
    let next: Strategy = serde_json::from_slice(&body).map_err(|error| {
        let what = format!("accept the strategy: {error}: send one record of models.strategy as JSON");
        refuse(StatusCode::UNPROCESSABLE_ENTITY, what)
    })?;
    // It reads and appends, and waits for both.
    let published = tokio::task::spawn_blocking(move || {
        let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
        // Who and when is ours to say, not the sender's.
        let changed_by = caller.signature(&next.changed_by).to_owned();
        let next = Strategy { changed_by, changed_at: desk.now_ms(), ..next };
        desk.publish(&next)
    });
    match published.await {
        Ok(Ok(published)) => Ok((StatusCode::CREATED, Json(published))),
        Ok(Err(refusal)) => {
            let status = status(&refusal);
            Err(refuse(status, format!("{:#}", anyhow::Error::from(refusal))))
        }
        Err(_) => Err(refuse(StatusCode::SERVICE_UNAVAILABLE, "publish the strategy: shutting down")),
    }
}

fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::Unfit(Unfit::Lost { .. }) | Refusal::Late { .. } => StatusCode::CONFLICT,
        Refusal::Unfit(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::Failed(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn refuse(status: StatusCode, error: impl ToString) -> (StatusCode, Json<Refused>) {
    (status, Json(Refused { error: error.to_string() }))
}
