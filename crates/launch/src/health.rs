//! The HTTP port: alive, ready, metrics, and whatever routes a role adds.
//!
//! GET /healthz -> 200 while the process lives     GET /readyz -> 200, or 503 with what is waited for; with remarks
//! GET /metrics -> Prometheus' text format

use std::{collections::BTreeMap, io, net::SocketAddr, time::Duration};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
pub use ombud_stream::Readiness;
use serde::Serialize;
use tokio::{net::TcpListener, time::MissedTickBehavior};

use crate::{Error, config::Http, shutdown::Shutdown, telemetry::Metrics};

/// How long requests that are under way may take after shutdown was asked for.
const DRAIN: Duration = Duration::from_secs(5);
const UPKEEP: Duration = Duration::from_secs(5);

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
