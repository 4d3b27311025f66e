//! The HTTP port: alive, ready, metrics, and whatever routes a role adds.
//!
//! GET /healthz -> 200 while the process lives     GET /readyz -> 200, or 503 with what is waited for; with remarks
//! GET /metrics -> Prometheus' text format

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use serde::Serialize;
use tokio::{net::TcpListener, time::MissedTickBehavior};

use crate::{Error, config::Http, shutdown::Shutdown, telemetry::Metrics};

/// How long requests that are under way may take after shutdown was asked for.
const DRAIN: Duration = Duration::from_secs(5);
const UPKEEP: Duration = Duration::from_secs(5);

/// What the process still waits for before it may be sent work; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<RwLock<BTreeMap<String, String>>>, Remarks);

/// What is to be said of parts that are ready all the same.
type Remarks = Arc<RwLock<BTreeMap<String, String>>>;

impl Readiness {
    /// `part` is not ready, because of `reason` (a state such as "loading models", never personal data).
    pub fn wait_for(&self, part: &str, reason: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(part.to_owned(), reason.to_owned());
    }

    /// `part` is ready.
    pub fn ready(&self, part: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(part);
    }

    /// Says `what` of `part` beside readiness, which it does not change: something that no other process would do better.
    pub fn remark(&self, part: &str, what: &str) {
        self.1.write().unwrap_or_else(PoisonError::into_inner).insert(part.to_owned(), what.to_owned());
    }

    /// Nothing is to be said of `part` any more.
    pub fn forget_remark(&self, part: &str) {
        self.1.write().unwrap_or_else(PoisonError::into_inner).remove(part);
    }

    /// What is said of parts beside readiness.
    pub fn remarks(&self) -> BTreeMap<String, String> {
        self.1.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Parts that are waited for, with the reason of each; empty when the process is ready.
    pub fn waiting(&self) -> BTreeMap<String, String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[derive(Serialize)]
struct Answer {
    ready: bool,
    waiting: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    remarks: BTreeMap<String, String>,
}

async fn readyz(State(readiness): State<Readiness>) -> impl IntoResponse {
    let waiting = readiness.waiting();
    let ready = waiting.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Answer { ready, waiting, remarks: readiness.remarks() }))
}

async fn render(State(metrics): State<Metrics>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render())
}

/// The port, taken but not yet served.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    body_bytes: usize,
}

impl Server {
    /// Takes the port.
    ///
    /// # Errors
    /// The port is in use, or the address is not this machine's.
    pub async fn bind(http: &Http) -> Result<Self, Error> {
        let refused = |cause: io::Error| match cause.kind() {
            io::ErrorKind::AddrInUse => Error::PortInUse(http.address),
            _ => Error::Listen { address: http.address, cause },
        };
        let listener = TcpListener::bind(http.address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, address, body_bytes: http.body_bytes })
    }

    /// Where it listens: the settings' address, with the port that the system chose for port 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves `routes` beside health, readiness and metrics until shutdown; requests that are under way may finish.
    ///
    /// # Errors
    /// The listener broke.
    pub async fn serve(
        self,
        routes: Router,
        readiness: Readiness,
        metrics: Metrics,
        shutdown: Shutdown,
    ) -> Result<(), Error> {
        let app = routes
            .layer(DefaultBodyLimit::max(self.body_bytes))
            .route("/healthz", get(|| async { "alive\n" }))
            .merge(Router::new().route("/readyz", get(readyz)).with_state(readiness))
            .merge(Router::new().route("/metrics", get(render)).with_state(metrics.clone()));
        let asked = shutdown.clone();
        let served =
            axum::serve(self.listener, app).with_graceful_shutdown(async move { asked.asked().await });
        let overdue = async {
            shutdown.asked().await;
            tokio::time::sleep(DRAIN).await;
        };
        tokio::select! {
            done = served.into_future() => done.map_err(Error::Serve),
            () = overdue => Ok(()),
            never = keep_up(&metrics) => never,
        }
    }
}

/// Never ends: histograms would grow without bound where nobody scrapes.
async fn keep_up(metrics: &Metrics) -> ! {
    let mut interval = tokio::time::interval(UPKEEP);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        metrics.upkeep();
    }
}
