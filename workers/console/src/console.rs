//! The console's routes, and what they need.

use std::sync::Arc;

use axum::{
    Extension, Router,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    middleware::map_response,
    response::Response,
    routing::{get, post},
};
use ombud_contract::catalogue::Topic;
use ombud_intake::DateOrder;
use ombud_store::Worklist;
use ombud_stream::{Clock, Sink};
use utoipa::openapi::OpenApi;

use crate::{
    append::{Appender, Waiter},
    audit::AuditLog,
    audit_page, cases, claims, complaints,
    desk::ClaimLimits,
    dossier,
    dossier_desk::DossierDesk,
    explain,
    explain_desk::ExplainDesk,
    feedback,
    intake::KnownTeams,
    me, openapi,
    pages::{self, PageSources, PageState},
    queues,
    refused::Problem,
    search,
    slow_lane::SlowLane,
    state::{Cases, OnDemand, OpenCases, OpenLeases, OpenTrail, RequestState},
    taxonomy, work,
    worklist::WorklistProgress,
};

/// What the routes need.
pub struct Console {
    /// Appends complaints and verdicts; deliveries go to [`crate::answer`].
    pub sink: Box<dyn Sink<Waiter>>,
    /// Has what was decided about a complaint.
    pub cases: OpenCases,
    /// What people have to do; kept by [`crate::Follower`].
    pub worklist: Arc<dyn Worklist>,
    /// How far it is.
    pub worklist_progress: WorklistProgress,
    /// Holds who works on what.
    pub leases: OpenLeases,
    /// How long they do.
    pub limits: ClaimLimits,
    /// Reads console.audit.
    pub trail: OpenTrail,
    /// Knows which teams there are.
    pub teams: KnownTeams,
    /// Stamps what comes without a time.
    pub clock: Arc<dyn Clock>,
    /// What all topics' names begin with.
    pub prefix: String,
    /// In which order the dates of requests are written; without it only those are read that show it themselves.
    pub dates: Option<DateOrder>,
    /// Explains answers; `None`: that is not available here.
    pub explain: Option<Arc<dyn ExplainDesk>>,
    /// Makes dossiers; `None`: that is not available here.
    pub dossiers: Option<Arc<dyn DossierDesk>>,
}

impl Console {
    /// The API as [`Self::routes_beside`] has it, and the pages over it.
    pub fn with_pages(self, others: OpenApi, sources: PageSources) -> ConsoleRoutes {
        let state = self.state();
        let pages = pages::routes(Arc::new(PageState::new(Arc::clone(&state), sources)));
        ConsoleRoutes { api: api(state, others), pages }
    }

    /// All that `GET /api/openapi.json` has. The guard decides who may use which (`ombud_launch::guard`); what depends on a
    /// complaint's team, each route asks its caller. They need a runtime of several threads.
    pub fn routes(self) -> Router {
        self.routes_beside(OpenApi::default())
    }

    /// The same; the document also describes what `others` does, which is served beside them.
    pub fn routes_beside(self, others: OpenApi) -> Router {
        api(self.state(), others)
    }

    fn state(self) -> Arc<RequestState> {
        feedback::count_from_zero();
        AuditLog::count_from_zero();
        let name = |topic: Topic| -> Arc<str> { topic.name(&self.prefix).into() };
        Arc::new(RequestState {
            appender: Appender::new(self.sink),
            audit: AuditLog::new(name(Topic::Audit), Arc::clone(&self.clock)),
            trail: self.trail,
            worklist: self.worklist,
            worklist_progress: self.worklist_progress,
            leases: OnDemand::new(self.leases),
            limits: self.limits,
            work: name(Topic::Work),
            routed: name(Topic::Routed),
            raw: name(Topic::Raw),
            feedback: name(Topic::Feedback),
            cases: Cases::new(self.cases),
            teams: self.teams,
            clock: self.clock,
            dates: self.dates,
            explain: self.explain,
            dossiers: self.dossiers,
            slow_lane: SlowLane::default(),
        })
    }
}

/// What a console serves.
pub struct ConsoleRoutes {
    /// Under `/api`.
    pub api: Router,
    /// For people: behind `Guard::around_desk`.
    pub pages: Router,
}

fn api(state: Arc<RequestState>, others: OpenApi) -> Router {
    let document = openapi::document().merge_from(others);
    Router::new()
        .route("/api/complaints", post(complaints::accept))
        .route("/api/feedback", post(feedback::accept))
        .route("/api/openapi.json", get(openapi::served).layer(Extension(document)))
        .route("/api/me", get(me::me))
        .route("/api/teams", get(me::teams))
        .route("/api/taxonomy", get(taxonomy::taxonomy))
        .route("/api/queues", get(queues::counts))
        .route("/api/queues/{team}", get(queues::page))
        .route("/api/queues/{team}/next", post(queues::next))
        .route("/api/leases/{complaint_id}", post(claims::lease))
        .route("/api/work", post(work::accept))
        .route("/api/search", get(search::search))
        .route("/api/complaints/{complaint_id}/explain", post(explain::answer))
        .route("/api/complaints/{complaint_id}/dossier", get(dossier::download))
        .route("/api/cases/{complaint_id}", get(cases::case))
        .route("/api/cases/{complaint_id}/narrative", get(cases::narrative))
        .route("/api/cases/{complaint_id}/evidence", get(cases::evidence))
        .route("/api/audit", get(audit_page::audit))
        .method_not_allowed_fallback(no_such_method)
        .with_state(state)
        .layer(map_response(add_retry_after))
}

async fn no_such_method() -> Problem {
    let error = "do this: GET /api/openapi.json has the methods of this path";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no-such-method", error)
}

/// Adds to every 503 when to try again: disks are checked for room, and brokers for an answer, more often than that.
async fn add_retry_after(mut answer: Response) -> Response {
    if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    answer
}
