//! `/api/requests`: changes that wait for another person, asked for, approved and closed over HTTP.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use ombud_console::{NotTaken, Refusals};
use ombud_launch::{JsonRefusal, guard::Caller};
use utoipa::OpenApi;

use super::{
    ApprovalDraft, ClosingDraft, PATH, RequestBook, RequestDraft, RequestView, refusal::RequestRefusal,
};
use crate::{log::audit::Actor, strategies::port::status as status_of};

/// The one book of a process: its API and its pages ask in turn.
pub(crate) type Book = Arc<Mutex<RequestBook>>;
type Answer<T> = Result<T, (StatusCode, Json<JsonRefusal>)>;

/// The routes. One request is answered after the other.
pub(crate) fn routes(book: Book) -> Router {
    Router::new()
        .route(PATH, get(list).post(ask))
        .route("/api/requests/{id}/approve", post(approve))
        .route("/api/requests/{id}/close", post(close))
        .with_state(book)
}

#[derive(OpenApi)]
#[openapi(paths(list, ask, approve, close))]
struct Document;

/// The OpenAPI document of these routes.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The changes that wait for another person, the oldest first.
#[utoipa::path(
    get,
    path = "/api/requests",
    operation_id = "list_requests",
    tag = "requests",
    responses(
        (status = 200, description = "Those that are open", body = Vec<RequestView>),
        Refusals,
    ),
    security(("token" = [])),
)]
async fn list(State(book): State<Book>) -> Answer<Json<Vec<RequestView>>> {
    answered(book, RequestBook::list).await.map(Json)
}

/// Ask for a change, which another person has to approve.
#[utoipa::path(
    post,
    path = "/api/requests",
    operation_id = "ask_for_change",
    tag = "requests",
    request_body = RequestDraft,
    responses(
        (status = 201, description = "It waits for approvals", body = RequestView),
        (status = 400, description = "No JSON", body = NotTaken),
        (status = 409, description = "Too many wait", body = NotTaken),
        Refusals,
    ),
    security(("token" = [])),
)]
async fn ask(
    State(book): State<Book>,
    Extension(caller): Extension<Caller>,
    body: axum::body::Bytes,
) -> Answer<(StatusCode, Json<RequestView>)> {
    let draft: RequestDraft = read(&body)?;
    let actor = Actor::of(&caller, &draft.by);
    let view = answered(book, move |book| book.ask(&draft, &actor)).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Approve a request that another has asked for; the approval that completes it publishes it.
#[utoipa::path(
    post,
    path = "/api/requests/{id}/approve",
    operation_id = "approve_change",
    tag = "requests",
    params(("id" = String, Path, description = "The request")),
    request_body = ApprovalDraft,
    responses(
        (status = 200, description = "It is approved, and published where that is enough", body = RequestView),
        (status = 400, description = "No JSON", body = NotTaken),
        (status = 409, description = "It is open no more, or stale, or came too late for its time", body = NotTaken),
        Refusals,
    ),
    security(("token" = [])),
)]
async fn approve(
    State(book): State<Book>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: axum::body::Bytes,
) -> Answer<Json<RequestView>> {
    let draft: ApprovalDraft = read(&body)?;
    let actor = Actor::of(&caller, &draft.by);
    answered(book, move |book| book.approve(&id, &actor, draft.from)).await.map(Json)
}

/// Refuse a request, or take one's own back.
#[utoipa::path(
    post,
    path = "/api/requests/{id}/close",
    operation_id = "close_request",
    tag = "requests",
    params(("id" = String, Path, description = "The request")),
    request_body = ClosingDraft,
    responses(
        (status = 200, description = "It is closed", body = RequestView),
        (status = 400, description = "No JSON", body = NotTaken),
        (status = 409, description = "It is open no more", body = NotTaken),
        Refusals,
    ),
    security(("token" = [])),
)]
async fn close(
    State(book): State<Book>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: axum::body::Bytes,
) -> Answer<Json<RequestView>> {
    let draft: ClosingDraft = read(&body)?;
    let actor = Actor::of(&caller, &draft.by);
    answered(book, move |book| book.close(&id, &actor)).await.map(Json)
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Answer<T> {
    serde_json::from_slice(body).map_err(|error| {
        let status = match error.is_data() {
            true => StatusCode::UNPROCESSABLE_ENTITY,
            false => StatusCode::BAD_REQUEST,
        };
        JsonRefusal::answer(status, format!("read the request: {error}"))
    })
}

/// What `act` gives. It asks the log and the store, and waits for both.
async fn answered<T: Send + 'static>(
    book: Book,
    act: impl FnOnce(&mut RequestBook) -> Result<T, RequestRefusal> + Send + 'static,
) -> Answer<T> {
    let acted =
        tokio::task::spawn_blocking(move || act(&mut book.lock().unwrap_or_else(PoisonError::into_inner)));
    match acted.await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(refusal)) => {
            Err(JsonRefusal::answer(status(&refusal), format!("{:#}", anyhow::Error::from(refusal))))
        }
        Err(_) => Err(JsonRefusal::answer(StatusCode::SERVICE_UNAVAILABLE, "answer: shutting down")),
    }
}

/// As which a refusal is answered, by the API and by pages.
pub(super) fn status(refusal: &RequestRefusal) -> StatusCode {
    match refusal {
        RequestRefusal::Unknown { .. } => StatusCode::NOT_FOUND,
        RequestRefusal::Own { .. } => StatusCode::FORBIDDEN,
        RequestRefusal::Ended { .. } | RequestRefusal::Stale { .. } | RequestRefusal::TooMany { .. } => {
            StatusCode::CONFLICT
        }
        RequestRefusal::Name { .. } | RequestRefusal::Change(_) => StatusCode::UNPROCESSABLE_ENTITY,
        RequestRefusal::Publish(refusal) => status_of(refusal),
    }
}
