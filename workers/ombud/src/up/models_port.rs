//! `POST /api/models`: adds a version that lies on the shelf to the registry, or retires one.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use ombud_models::ModelStore;
use ombud_stream::{Clock, Sink};
use serde::Serialize;

use crate::{
    models::{
        PATH,
        change::{Change, Changed, Changing},
    },
    publish::Publisher,
    world::View,
};

/// What the port changes the registry with.
pub(crate) struct Port<S> {
    pub(crate) view: View,
    pub(crate) shelf: ModelStore,
    pub(crate) prefix: String,
    pub(crate) clock: Arc<dyn Clock>,
    /// One change at a time: each is made of what the registry says before it.
    pub(crate) publisher: Mutex<Publisher<S>>,
}

#[derive(Serialize)]
struct Refusal {
    error: String,
}

/// The route.
pub(crate) fn routes<S: Sink<()> + 'static>(port: Port<S>) -> Router {
    Router::new().route(PATH, post(change::<S>)).with_state(Arc::new(port))
}

async fn change<S: Sink<()> + 'static>(
    State(port): State<Arc<Port<S>>>,
    Json(change): Json<Change>,
) -> Result<Json<Changed>, (StatusCode, Json<Refusal>)> {
    let made = tokio::task::block_in_place(|| {
        let mut publisher = port.publisher.lock().unwrap_or_else(PoisonError::into_inner);
        let Port { view, shelf, prefix, clock, .. } = &*port;
        let changing = Changing { view, shelf, prefix, clock: Arc::clone(clock), by: "ombud models" };
        changing.make(&change, &mut publisher)
    });
    let refuse = |error: anyhow::Error| {
        (StatusCode::UNPROCESSABLE_ENTITY, Json(Refusal { error: format!("{error:#}") }))
    };
    made.map(Json).map_err(refuse)
}
