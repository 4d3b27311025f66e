//! The console's routes, and what they need.

use std::sync::Arc;

use axum::{
    Json, Router,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    middleware::map_response,
    response::Response,
    routing::{get, post},
};
use ombud_contract::catalogue::Topic;
use ombud_intake::DateOrder;
use ombud_stream::{Clock, Sink};

use crate::{
    append::{Appender, Waiter},
    complaints, feedback,
    intake::KnownTeams,
    openapi,
    state::{Cases, OpenCases, RequestState},
};

/// What the routes need.
pub struct Console {
    /// Appends complaints and verdicts; deliveries go to [`crate::answer`].
    pub sink: Box<dyn Sink<Waiter>>,
    /// Has what was decided about a complaint.
    pub cases: OpenCases,
    /// Knows which teams there are.
    pub teams: KnownTeams,
    /// Stamps what comes without a time.
    pub clock: Arc<dyn Clock>,
    /// What all topics' names begin with.
    pub prefix: String,
    /// In which order the dates of requests are written; without it only those are read that show it themselves.
    pub dates: Option<DateOrder>,
}

impl Console {
    /// `POST /api/complaints`, `POST /api/feedback` and `GET /api/openapi.json`. The guard decides who may use them
    /// (`ombud_launch::guard`). They need a runtime of several threads.
    pub fn routes(self) -> Router {
        feedback::count_from_zero();
        let state = RequestState {
            appender: Appender::new(self.sink),
            cases: Cases::new(self.cases),
            teams: self.teams,
            clock: self.clock,
            dates: self.dates,
            raw: Topic::Raw.name(&self.prefix).into(),
            feedback: Topic::Feedback.name(&self.prefix).into(),
        };
        Router::new()
            .route("/api/complaints", post(complaints::accept))
            .route("/api/feedback", post(feedback::accept))
            .route("/api/openapi.json", get(|| async { Json(openapi::document()) }))
            .with_state(Arc::new(state))
            .layer(map_response(add_retry_after))
    }
}

/// Adds to every 503 when to try again: disks are checked for room, and brokers for an answer, more often than that.
async fn add_retry_after(mut answer: Response) -> Response {
    if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    answer
}
