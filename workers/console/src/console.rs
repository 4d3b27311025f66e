//! The console's routes, and what they stand on.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Json, Router,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    middleware::map_response,
    response::Response,
    routing::{get, post},
};
use ombud_contract::catalogue::Topic;
use ombud_intake::DateOrder;
use ombud_store::CaseStore;
use ombud_stream::{Clock, Outage, Sink};

use crate::{
    append::{Appender, Told},
    complaints,
    complete::KnownCase,
    feedback, openapi,
    take::KnownTeams,
};

/// Opens the case store. Called when it is needed first, and again until it answers: it may be down at the start.
pub type OpenCases = Box<dyn Fn() -> Result<Box<dyn CaseStore>, Outage> + Send>;

/// What the routes stand on.
pub struct Console {
    /// Appends complaints and verdicts; what becomes of them goes to [`crate::answer`].
    pub sink: Box<dyn Sink<Told>>,
    /// Tells what was decided of a complaint.
    pub cases: OpenCases,
    /// Tells which teams there are.
    pub teams: KnownTeams,
    /// Stamps what comes without a time.
    pub clock: Arc<dyn Clock>,
    /// What all topics' names begin with.
    pub prefix: String,
    /// In which order the dates of requests are written; without it only those are read that tell it themselves.
    pub dates: Option<DateOrder>,
}

/// The same, shared by all requests.
pub(crate) struct Desk {
    pub(crate) appender: Appender,
    cases: Mutex<Cases>,
    pub(crate) teams: KnownTeams,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dates: Option<DateOrder>,
    pub(crate) raw: Arc<str>,
    pub(crate) feedback: Arc<str>,
}

impl Console {
    /// `POST /api/complaints`, `POST /api/feedback` and `GET /api/openapi.json`. Who may use them is the guard's to say
    /// (`ombud_launch::guard`); they need a runtime of several threads.
    pub fn routes(self) -> Router {
        feedback::count_from_zero();
        let desk = Desk {
            appender: Appender::new(self.sink),
            cases: Mutex::new(Cases { open: self.cases, store: None }),
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
            .with_state(Arc::new(desk))
            .layer(map_response(say_when_again))
    }
}

/// Whoever is told "not now" is told when to come again: a disk is asked for room, and brokers for an answer, more often.
async fn say_when_again(mut answer: Response) -> Response {
    if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    answer
}

/// The store, once it is open.
struct Cases {
    open: OpenCases,
    store: Option<Box<dyn CaseStore>>,
}

impl Desk {
    /// The case of a complaint. Blocks: to be called where that may be.
    pub(crate) fn case(&self, complaint_id: &str) -> Result<KnownCase, Outage> {
        let mut cases = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        let cases = &mut *cases;
        let store = match &mut cases.store {
            Some(store) => store,
            none => none.insert((cases.open)()?),
        };
        Ok(KnownCase::of(&store.case(complaint_id)?))
    }
}
