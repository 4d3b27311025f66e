//! What the HTTP port answers, and that it neither hides a conflict nor holds the exit.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::net::SocketAddr;

use axum::{Router, routing::post};
use ombud_launch::{
    Error,
    config::Http,
    health::{Readiness, Server},
    shutdown::Shutdown,
    telemetry::Metrics,
};
use ombud_stream::Waiting;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};

struct Port {
    address: SocketAddr,
    readiness: Readiness,
    shutdown: Shutdown,
    served: JoinHandle<Result<(), Error>>,
}

fn anywhere() -> Http {
    Http {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        body_bytes: 1_024,
        ..ombud_launch::config::Settings::default().http
    }
}

/// One recorder for all tests of this process.
fn metrics() -> Metrics {
    static METRICS: std::sync::OnceLock<Metrics> = std::sync::OnceLock::new();
    METRICS.get_or_init(|| Metrics::install().unwrap()).clone()
}

#[expect(clippy::disallowed_methods, reason = "every test awaits the task or drops its runtime")]
async fn serve() -> Port {
    let server = Server::bind(&anywhere()).await.unwrap();
    let address = server.address();
    let (readiness, shutdown) = (Readiness::default(), Shutdown::default());
    let routes = Router::new().route("/api/complaints", post(|body: String| async move { body }));
    let served = tokio::spawn(server.serve(routes, readiness.clone(), metrics(), shutdown.clone()));
    Port { address, readiness, shutdown, served }
}

async fn ask(address: SocketAddr, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request =
        format!("{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn not_ready_until_every_part_is_and_says_what_it_waits_for() {
    let port = serve().await;
    let mut infer = Waiting::at_once(&port.readiness, "infer");
    let mut join = Waiting::at_once(&port.readiness, "join");
    infer.wait_for("models to be loaded");
    join.wait_for("its shards");
    join.over();

    let answer = ask(port.address, "GET /readyz", "").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.ends_with(r#"{"ready":false,"waiting":{"infer":"models to be loaded"}}"#), "{answer}");
    assert!(ask(port.address, "GET /healthz", "").await.starts_with("HTTP/1.1 200"));

    infer.over();
    let answer = ask(port.address, "GET /readyz", "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    infer.wait_for("partitions");
    let answer = ask(port.address, "GET /readyz", "").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}

#[tokio::test]
async fn a_remark_is_said_of_a_process_that_is_ready_all_the_same() {
    let port = serve().await;
    port.readiness.remark("join", "partitions wait");
    let answer = ask(port.address, "GET /readyz", "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let said = r#"{"ready":true,"waiting":{},"remarks":{"join":"partitions wait"}}"#;
    assert!(answer.ends_with(said), "{answer}");
    port.readiness.forget_remark("join");
    let answer = ask(port.address, "GET /readyz", "").await;
    assert!(answer.ends_with(r#"{"ready":true,"waiting":{}}"#), "{answer}");
}

#[tokio::test]
async fn metrics_are_served_as_text() {
    let port = serve().await;
    metrics::counter!("ombud_test_total").increment(2);
    let answer = ask(port.address, "GET /metrics", "").await;
    assert!(answer.contains("ombud_test_total 2"), "{answer}");
}

#[tokio::test]
async fn a_role_adds_routes_and_too_large_a_body_is_refused() {
    let port = serve().await;
    assert!(
        ask(port.address, "POST /api/complaints", "they charged me twice")
            .await
            .ends_with("charged me twice")
    );
    let answer = ask(port.address, "POST /api/complaints", &"x".repeat(2_000)).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn a_port_in_use_is_refused_with_the_mend() {
    let port = serve().await;
    let refused = Server::bind(&Http { address: port.address, ..anywhere() }).await.unwrap_err();
    assert!(matches!(refused, Error::PortInUse(_)));
    assert!(refused.to_string().contains("OMBUD_HTTP__ADDRESS"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_finishes_does_not_hold_the_exit() {
    let port = serve().await;
    let mut slow = TcpStream::connect(port.address).await.unwrap();
    slow.write_all(b"POST /api/complaints HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n").await.unwrap();
    port.shutdown.request();
    port.served.await.unwrap().unwrap();
}
