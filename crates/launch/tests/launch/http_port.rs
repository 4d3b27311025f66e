//! What the HTTP port answers, and that it neither hides a conflict nor holds the exit.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{net::SocketAddr, time::Duration};

use axum::{Router, routing::post};
use ombud_launch::{
    Error,
    config::{Http, Settings},
    guard::Guard,
    health::{Readiness, Server, Timeouts},
    shutdown::Shutdown,
    telemetry::Metrics,
};
use ombud_stream::Waiting;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};

const JSON: &str = "content-type: application/json\r\n";
const HEAD_WITHOUT_BODY: &[u8] =
    b"POST /api/complaints HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n";

struct Port {
    address: SocketAddr,
    metrics: Option<SocketAddr>,
    readiness: Readiness,
    shutdown: Shutdown,
    served: JoinHandle<()>,
}

fn anywhere() -> Http {
    Http { address: SocketAddr::from(([127, 0, 0, 1], 0)), ..Settings::default().http }
}

/// One recorder for all tests of this process.
fn metrics() -> Metrics {
    static METRICS: std::sync::OnceLock<Metrics> = std::sync::OnceLock::new();
    METRICS.get_or_init(|| Metrics::install().unwrap()).clone()
}

async fn serve() -> Port {
    serve_with(&anywhere()).await
}

async fn serve_with(http: &Http) -> Port {
    let (timeouts, guard) = (Timeouts::default(), Guard::of(http, None).unwrap());
    serve_within(http, timeouts, guard).await
}

/// Heads, bodies and the end are waited for only as long.
async fn serve_in_a_hurry(bound: Duration) -> Port {
    let guard = Guard::of(&anywhere(), None).unwrap().with_body_timeout(bound);
    serve_within(&anywhere(), Timeouts { head: bound, drain: bound }, guard).await
}

#[expect(clippy::disallowed_methods, reason = "every test awaits the task or drops its runtime")]
async fn serve_within(http: &Http, timeouts: Timeouts, guard: Guard) -> Port {
    let server = Server::bind(http).await.unwrap().with_timeouts(timeouts);
    let (address, at) = (server.address(), server.metrics_address());
    let (readiness, shutdown) = (Readiness::default(), Shutdown::default());
    let echo = Router::new().route("/api/complaints", post(|body: String| async move { body }));
    let routes = guard.around(echo);
    let served = tokio::spawn(server.serve(routes, readiness.clone(), metrics(), shutdown.clone()));
    Port { address, metrics: at, readiness, shutdown, served }
}

async fn ask(address: SocketAddr, head: &str, body: &str) -> String {
    let length = body.len();
    let head = format!("{head} HTTP/1.1\r\nhost: localhost\r\n{JSON}connection: close\r\n");
    exchange(address, &format!("{head}content-length: {length}\r\n\r\n{body}")).await
}

/// All that is answered to `request`, whether or not all of it is taken.
async fn exchange(address: SocketAddr, request: &str) -> String {
    let (mut reading, mut writing) = TcpStream::connect(address).await.unwrap().into_split();
    let mut answer = Vec::new();
    // Either ends with an error where the other end was closed over what it had not read.
    let write = async { drop(writing.write_all(request.as_bytes()).await) };
    let read = async { drop(reading.read_to_end(&mut answer).await) };
    tokio::join!(write, read);
    String::from_utf8(answer).unwrap()
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
async fn a_port_in_use_is_refused_with_the_mend() {
    let port = serve().await;
    let refused = Server::bind(&Http { address: port.address, ..anywhere() }).await.unwrap_err();
    assert!(matches!(refused, Error::PortInUse(_)));
    assert!(refused.to_string().contains("OMBUD_HTTP__ADDRESS"), "{refused}");
}

#[tokio::test]
async fn a_client_that_never_finishes_does_not_hold_the_exit() {
    let port = serve_in_a_hurry(Duration::from_millis(300)).await;
    let mut slow = TcpStream::connect(port.address).await.unwrap();
    slow.write_all(HEAD_WITHOUT_BODY).await.unwrap();
    port.shutdown.request();
    port.served.await.unwrap();
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_its_connection_and_a_body_that_does_not_come_is_answered_with_408() {
    let port = serve_in_a_hurry(Duration::from_millis(300)).await;
    let mut answer = String::new();
    let mut half = TcpStream::connect(port.address).await.unwrap();
    half.write_all(b"GET /healthz HTTP/1.1\r\nhost: x").await.unwrap();
    half.read_to_string(&mut answer).await.unwrap();
    assert!(!answer.contains("alive"), "{answer}");

    let mut slow = TcpStream::connect(port.address).await.unwrap();
    slow.write_all(HEAD_WITHOUT_BODY).await.unwrap();
    slow.write_all(b"half").await.unwrap();
    let mut answer = vec![0; 4_096];
    let length = slow.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("within 300ms"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_is_answered_beside_any_number_of_requests_that_never_end() {
    let http = Http { connections: 16, ..anywhere() };
    let port = serve_with(&http).await;
    let mut held = Vec::new();
    for number in 0..145 {
        let mut half = TcpStream::connect(port.address).await.unwrap();
        let begun: &[u8] =
            if number % 2 == 0 { b"GET /healthz HTTP/1.1\r\nhost: x\r\n" } else { HEAD_WITHOUT_BODY };
        // One that has had to make room already may refuse it.
        let _ = half.write_all(begun).await;
        held.push(half);
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        let request = format!("GET {path}");
        let asked = ask(port.address, &request, "");
        let answer = tokio::time::timeout(std::time::Duration::from_secs(2), asked).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
    // A system that comes meanwhile is served, too.
    let answer = ask(port.address, "POST /api/complaints", "\"they charged me twice\"").await;
    assert!(answer.ends_with("\"they charged me twice\""), "{answer}");
    drop(held);
}

#[tokio::test]
async fn health_is_told_to_any_host_and_to_no_page_of_another_site() {
    let port = serve().await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        for host in ["10.1.2.3:8080", "evil.example", "ombud"] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\norigin: http://evil.example\r\n");
            let answer = exchange(port.address, &format!("{request}connection: close\r\n\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{path} {host}: {answer}");
            assert!(answer.contains("cross-origin-resource-policy: same-origin\r\n"), "{answer}");
            assert!(answer.contains("x-content-type-options: nosniff\r\n"), "{answer}");
            assert!(!answer.contains("access-control-"), "{answer}");
        }
    }
}

#[tokio::test]
async fn metrics_may_have_a_port_of_their_own() {
    let port = serve_with(&Http { metrics_address: "127.0.0.1:0".into(), ..anywhere() }).await;
    let metrics = port.metrics.unwrap();
    let answer = ask(port.address, "GET /metrics", "").await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(ask(metrics, "GET /metrics", "").await.starts_with("HTTP/1.1 200"));
    for path in ["GET /healthz", "POST /api/complaints"] {
        let answer = ask(metrics, path, "").await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    assert!(ask(port.address, "GET /healthz", "").await.starts_with("HTTP/1.1 200"));
    let wrong = Server::bind(&Http { metrics_address: "9090".into(), ..anywhere() }).await.unwrap_err();
    assert!(wrong.to_string().contains("http.metrics_address"), "{wrong}");
}

#[tokio::test]
async fn a_body_of_two_mebibytes_is_taken_and_one_byte_more_is_not() {
    let most = 2 << 20;
    let port = serve_with(&Http { body_bytes: most, ..anywhere() }).await;
    let json = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    let answer = ask(port.address, "POST /api/complaints", &json(most)).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{}", &answer[..100]);
    for head in ["content-length: 2097153", "transfer-encoding: chunked"] {
        let request = format!("POST /api/complaints HTTP/1.1\r\nhost: localhost\r\n{JSON}{head}\r\n\r\n");
        let body =
            if head.ends_with("chunked") { format!("200001\r\n{}", json(most + 1)) } else { String::new() };
        let answer = exchange(port.address, &format!("{request}{body}")).await;
        assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("http.body_bytes"), "{answer}");
    }
}
