//! `ombud explain --serve`: explains what whoever has the secret asks, one question at a time, at a low priority. It reads no
//! log and no store: all but the weights comes with the question.
//!
//! POST /explain -> a seat -> the body -> its signature -> [more than wait: 503] -> the thread that computes -> the answer

use std::{
    fs,
    io::{Read as _, Write},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use axum::{
    Json, Router,
    body::to_bytes,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
    routing::post,
};
use crossbeam_channel::{Receiver, Sender, bounded};
use metrics::{counter, histogram};
use ombud_explain::{ExplainError, Explainer, Explanation, OpenModels};
use ombud_launch::{
    config::{Loaded, Secret, Settings},
    health::Readiness,
    shutdown::{Shutdown, SignalWatch},
    telemetry::Metrics,
};
use ombud_models::{ModelStore, Stop};
use ombud_stream::{Clock, SystemClock};
use ombud_torch::LIBTORCH_VERSION;
use rustix::process::setpriority_process;
use tokio::sync::{Semaphore, TryAcquireError, oneshot};
use tracing::info;

use super::{
    Crew,
    port::{listen, report_waits},
};
use crate::{
    Done,
    explaining::{Answered, PATH, Question, SIGNATURE, ShelfModels, Unsigned, WireRefusal, verified},
    strategies::first_start::shelve,
};

/// A thirtieth of the core of somebody who decides: an explanation waits for everything else, and still ends within two minutes
/// beside a saturated infer, which lower priorities (17, 19) miss on some machines.
const NICENESS: i32 = 15;
/// How many questions wait beside the one that is answered: each may take seconds, and whoever waits for longer than a minute has
/// gone.
const WAITING_MAX: usize = 4;
/// The largest question. Three tasks of the longest narrative, each with a strategy as large as a record may be, are less.
const BODY_BYTES_MAX: usize = 16 << 20;
/// How many bodies are read at once, for their memory.
const READING_MAX: usize = 8;
/// How long a body may take to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// When to ask again where too many wait, in seconds.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("5");
/// What the count of explanations is split by, beside codes of [`ExplainError`].
const RESULTS: [&str; 5] = ["explained", "busy", "refused", "gone", "abandoned"];

/// Explains until it is stopped. `is_child`: by the end of its input, too, and it prints where it listens.
pub(crate) fn serve_explanations(loaded: &Loaded, is_child: bool, out: &mut impl Write) -> Result<Done> {
    let settings: &Settings = &loaded.settings;
    ensure!(
        !settings.explain.secret.is_empty(),
        "serve explanations: set explain.secret_file (OMBUD_EXPLAIN__SECRET_FILE) to the file of the secret that whoever asks has; \
         `openssl rand -hex 32` makes one"
    );
    info!(version = env!("CARGO_PKG_VERSION"), changed = loaded.changed(), "started");
    let shutdown = Shutdown::default();
    let _signals = SignalWatch::start(shutdown.clone())?;
    let metrics = Metrics::install()?;
    count_from_zero();
    if !is_child {
        // As infer does: the models that came with the program are on the shelf before anybody asks for them. A child's shelf is that
        // of its `up`.
        shelve(&settings.models, &ModelStore::new(settings.data.join("models")))?;
    }
    give_way()?;
    thread::scope(|scope| {
        let mut crew = Crew::new(scope, shutdown.clone(), false);
        let readiness = Readiness::default();
        let started = start(&mut crew, settings, readiness.clone(), metrics).and_then(|address| {
            crew.next_turn();
            report_waits(&mut crew, readiness)?;
            if is_child {
                writeln!(out, "{address}")?;
                out.flush()?;
                end_with_input(shutdown.clone())?;
            }
            Ok(())
        });
        if started.is_ok() {
            shutdown.wait(Duration::MAX);
            info!("stopping");
        }
        crew.stop(started)
    })?;
    Ok(Done::Well)
}

/// Lets everything else go first: computing, and where memory is short.
fn give_way() -> Result<()> {
    setpriority_process(None, NICENESS).context("take a low priority")?;
    // A system without this file chooses itself.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    Ok(())
}

/// Requests `shutdown` once whoever started this process has gone, however that ended.
fn end_with_input(shutdown: Shutdown) -> Result<()> {
    let until_end = move || {
        let mut nothing = [0; 64];
        while std::io::stdin().read(&mut nothing).is_ok_and(|read| read > 0) {}
        shutdown.request();
    };
    thread::Builder::new().name("input".to_owned()).spawn(until_end).context("watch the input")?;
    Ok(())
}

fn start<'scope>(
    crew: &mut Crew<'scope, '_>,
    settings: &Settings,
    readiness: Readiness,
    metrics: Metrics,
) -> Result<SocketAddr> {
    let (turns, questions) = bounded(WAITING_MAX + 1);
    let shutdown = crew.shutdown().clone();
    let stopping = shutdown.clone();
    let models = ShelfModels::of(settings, Stop::when(move || stopping.requested()));
    let mut explainer = Explainer { models, libtorch: LIBTORCH_VERSION.to_owned(), stop: Stop::never() };
    crew.start("explain", move |stop| {
        answer_all(&questions, stop, |turn| {
            let (shutdown, has_gone) = (shutdown.clone(), Arc::clone(&turn.has_gone));
            explainer.stop = Stop::when(move || shutdown.requested() || has_gone.load(Ordering::Relaxed));
            explainer.models.know(std::mem::take(&mut turn.question.models));
            explain(&mut explainer, &turn.question)
        });
        Ok(())
    })?;
    let state = Arc::new(ServiceState::new(settings.explain.secret.clone(), turns));
    listen(crew, settings, routes(state), readiness, metrics)
}

/// What is waited for, and by whom.
struct Turn {
    question: Question,
    /// Whoever asked does not wait any more.
    has_gone: Arc<AtomicBool>,
    reply: oneshot::Sender<Result<Vec<Explanation>, ExplainError>>,
}

/// Answers one question after the other, until `stop`.
fn answer_all(
    questions: &Receiver<Turn>,
    stop: &Shutdown,
    mut answer: impl FnMut(&mut Turn) -> Result<Vec<Explanation>, ExplainError>,
) {
    loop {
        let mut turn = crossbeam_channel::select! {
            recv(questions) -> turn => match turn {
                Ok(turn) => turn,
                Err(_) => return,
            },
            recv(stop.channel()) -> _ => return,
        };
        if turn.has_gone.load(Ordering::Relaxed) {
            counter!("ombud_explanations_total", "result" => "abandoned").increment(1);
            continue;
        }
        let answered = answer(&mut turn);
        // Whoever asked may have gone meanwhile.
        let _ = turn.reply.send(answered);
    }
}

fn explain<M: OpenModels>(
    explainer: &mut Explainer<M>,
    question: &Question,
) -> Result<Vec<Explanation>, ExplainError> {
    let began = Instant::now();
    let explained = explainer.explain_all(&question.jobs);
    histogram!("ombud_explain_seconds").record(began.elapsed());
    let result = match &explained {
        Ok(_) => "explained",
        Err(ExplainError::ModelGone { .. }) => "gone",
        Err(ExplainError::Stopped) => "abandoned",
        Err(error) => error.code(),
    };
    counter!("ombud_explanations_total", "result" => result).increment(1);
    explained
}

fn count_from_zero() {
    for result in RESULTS {
        counter!("ombud_explanations_total", "result" => result).increment(0);
    }
}

/// What a request needs.
struct ServiceState {
    secret: Secret,
    turns: Sender<Turn>,
    reading: Semaphore,
    /// One that is answered, and those that wait.
    seats: Arc<Semaphore>,
}

fn routes(state: Arc<ServiceState>) -> Router {
    Router::new().route(PATH, post(asked)).with_state(state)
}

/// Tells the thread that computes when whoever asked has gone: this future is dropped then.
struct Presence(Arc<AtomicBool>);

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn asked(State(state): State<Arc<ServiceState>>, headers: HeaderMap, request: Request) -> Response {
    let question = match state.question(&headers, request).await {
        Ok(question) => question,
        Err(refused) => return refused,
    };
    let _seat = match Arc::clone(&state.seats).try_acquire_owned() {
        Ok(seat) => seat,
        Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => return busy(),
    };
    let presence = Presence(Arc::default());
    let (reply, answered) = oneshot::channel();
    if state.turns.try_send(Turn { question, has_gone: Arc::clone(&presence.0), reply }).is_err() {
        return stopping();
    }
    match answered.await {
        Ok(Ok(explanations)) => Json(Answered { explanations }).into_response(),
        Ok(Err(error)) => unexplained(&error),
        // The thread has ended with the question in its hands.
        Err(_) => stopping(),
    }
}

impl ServiceState {
    fn new(secret: Secret, turns: Sender<Turn>) -> Self {
        let seats = Arc::new(Semaphore::new(WAITING_MAX + 1));
        Self { secret, turns, reading: Semaphore::new(READING_MAX), seats }
    }

    /// The question of a request, read and verified.
    async fn question(&self, headers: &HeaderMap, request: Request) -> Result<Question, Response> {
        let Ok(_reading) = self.reading.acquire().await else { return Err(stopping()) };
        let body = tokio::time::timeout(BODY_TIMEOUT, to_bytes(request.into_body(), BODY_BYTES_MAX)).await;
        let body = match body {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => {
                let error =
                    format!("read the question: it is larger than {BODY_BYTES_MAX} bytes, or broke off");
                return Err(refused(StatusCode::PAYLOAD_TOO_LARGE, "too-large", error));
            }
            Err(_) => {
                let error = format!("read the question: it took longer than {BODY_TIMEOUT:?}");
                return Err(refused(StatusCode::REQUEST_TIMEOUT, "too-slow", error));
            }
        };
        let signed = headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        verified(&self.secret, signed, &body, SystemClock.now_ms()).map_err(|error| match error {
            Unsigned::Signature => refused(StatusCode::UNAUTHORIZED, "signature", error.to_string()),
            Unsigned::Age => refused(StatusCode::UNAUTHORIZED, "too-old", error.to_string()),
            Unsigned::Form => refused(StatusCode::BAD_REQUEST, "other-version", error.to_string()),
        })
    }
}

fn refused(status: StatusCode, code: &str, error: String) -> Response {
    counter!("ombud_explanations_total", "result" => "refused").increment(1);
    refusal(status, code, error)
}

fn refusal(status: StatusCode, code: &str, error: String) -> Response {
    (status, Json(WireRefusal { code: code.to_owned(), error })).into_response()
}

fn busy() -> Response {
    counter!("ombud_explanations_total", "result" => "busy").increment(1);
    let error = format!("explain this now: {WAITING_MAX} questions wait already; ask again");
    ask_again(refusal(StatusCode::SERVICE_UNAVAILABLE, "busy", error))
}

fn stopping() -> Response {
    let error = "explain this now: the process stops; ask again".to_owned();
    ask_again(refusal(StatusCode::SERVICE_UNAVAILABLE, "stopping", error))
}

fn ask_again(mut answer: Response) -> Response {
    answer.headers_mut().insert(RETRY_AFTER, ASK_AGAIN);
    answer
}

fn unexplained(error: &ExplainError) -> Response {
    let status = match error {
        ExplainError::ModelGone { .. } => StatusCode::NOT_FOUND,
        ExplainError::Model { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        ExplainError::Stopped => return stopping(),
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    refusal(status, error.code(), error.to_string())
}

#[cfg(test)]
mod tests;
