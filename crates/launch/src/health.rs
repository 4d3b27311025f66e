//! The HTTP port: alive, ready, metrics, and whatever routes a role adds.
//!
//! GET /healthz -> 200 while the process lives     GET /readyz -> 200, or 503 with what is waited for; with remarks
//! GET /metrics -> Prometheus' text format, here or on a port of its own
//!
//! Whoever reaches the port may ask for these by any Host, for probes use addresses; no page of another site can read them.

use std::{collections::BTreeMap, io, net::SocketAddr, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
pub use ombud_stream::Readiness;
use serde::Serialize;
use tokio::{net::TcpListener, time::MissedTickBehavior};

use crate::{
    Error, config::Http, connections, requests, seats::Seats, shutdown::Shutdown, telemetry::Metrics,
};

/// How often recorded samples are folded into the histograms.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct ReadinessAnswer {
    ready: bool,
    waiting: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    remarks: BTreeMap<String, String>,
}

async fn readyz(State(readiness): State<Readiness>) -> impl IntoResponse {
    let waiting = readiness.waiting();
    let ready = waiting.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(ReadinessAnswer { ready, waiting, remarks: readiness.remarks() }))
}

async fn render(State(metrics): State<Metrics>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render())
}

/// For no page but our own.
async fn sealed(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    // Not as an image, a script or a style either.
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// How long clients may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the head of a request; and how long a connection may be kept without one.
    pub head: Duration,
    /// For requests that are under way when shutdown is asked for.
    pub drain: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        // Heads: longer than clients keep their connections, so that they close first.
        Self { head: Duration::from_secs(30), drain: Duration::from_secs(5) }
    }
}

/// The ports, taken but not yet served.
#[derive(Debug)]
pub struct Server {
    public: Port,
    /// Where metrics are served instead, where the settings name another port.
    metrics: Option<Port>,
    connections: usize,
    timeouts: Timeouts,
}

/// A port that is listened on.
#[derive(Debug)]
struct Port {
    listener: TcpListener,
    /// With the number that the system chose for port 0.
    address: SocketAddr,
}

impl Port {
    async fn listen(address: SocketAddr) -> Result<Self, Error> {
        let refused = |cause: io::Error| match cause.kind() {
            io::ErrorKind::AddrInUse => Error::PortInUse(address),
            _ => Error::Listen { address, cause },
        };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, address })
    }
}

impl Server {
    /// Takes the port, and that of the metrics where they have one.
    ///
    /// # Errors
    /// A port is in use, or an address is not this machine's.
    pub async fn bind(http: &Http) -> Result<Self, Error> {
        let public = Port::listen(http.address).await?;
        let metrics = match http.metrics_address.as_str() {
            "" => None,
            text => {
                let address = text.parse().map_err(|_| Error::MetricsAddress(text.to_owned()))?;
                Some(Port::listen(address).await?)
            }
        };
        Ok(Self { public, metrics, connections: http.connections, timeouts: Timeouts::default() })
    }

    /// With other timeouts than the default.
    #[must_use]
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self }
    }

    /// Where it listens: the settings' address, with the port that the system chose for port 0.
    pub fn address(&self) -> SocketAddr {
        self.public.address
    }

    /// Where metrics are served, where that is not at [`Self::address`].
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|port| port.address)
    }

    /// Serves `routes` beside health, readiness and metrics until shutdown; requests that are under way may finish.
    pub async fn serve(self, routes: Router, readiness: Readiness, metrics: Metrics, shutdown: Shutdown) {
        let scraped = Router::new().route("/metrics", get(render)).with_state(metrics.clone());
        let mut app = routes
            .route("/healthz", get(|| async { "alive\n" }))
            .merge(Router::new().route("/readyz", get(readyz)).with_state(readiness));
        let apart = match self.metrics {
            Some(port) => Some((port.listener, scraped)),
            None => {
                app = app.merge(scraped);
                None
            }
        };
        let on = |listener, app: Router| {
            let app = app.layer(middleware::map_response(sealed)).layer(middleware::from_fn(requests::count));
            let seats = Seats::new(self.connections);
            connections::serve(listener, app, seats, self.timeouts.head, shutdown.clone())
        };
        let public = on(self.public.listener, app);
        let served = async {
            match apart {
                Some((listener, scraped)) => {
                    tokio::join!(public, on(listener, scraped));
                }
                None => public.await,
            }
        };
        let overdue = async {
            shutdown.asked().await;
            tokio::time::sleep(self.timeouts.drain).await;
        };
        tokio::select! {
            () = served => {}
            () = overdue => {}
            never = keep_up(&metrics) => never,
        }
    }
}

/// Never ends: histograms would grow without bound where nobody scrapes.
async fn keep_up(metrics: &Metrics) -> ! {
    let mut interval = tokio::time::interval(UPKEEP_INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        metrics.upkeep();
    }
}
