//! What is counted of every request: method, path and status, and how long its answer took.
//!
//! A path is counted as the route that took it, with `{id}` in place of an id, and whatever no route took under one name:
//! a client can't make labels.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::Method,
    middleware::Next,
    response::Response,
};
use metrics::{counter, histogram};

/// In place of a path that no route has, and of a method that none takes.
const OTHER: &str = "other";

/// Counts `request` and its answer.
pub(crate) async fn count(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or(OTHER, MatchedPath::as_str).to_owned();
    let method = method(request.method());
    let began = Instant::now();
    let answer = next.run(request).await;
    let status = answer.status().as_u16().to_string();
    histogram!("ombud_http_request_seconds", "path" => path.clone()).record(began.elapsed().as_secs_f64());
    counter!("ombud_http_requests_total", "method" => method, "path" => path, "status" => status)
        .increment(1);
    answer
}

fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, http::StatusCode, middleware, routing::get};
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tower::ServiceExt as _;

    use super::*;

    #[test]
    fn a_request_is_counted_by_its_route_and_what_no_route_takes_under_one_name() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let rendered = recorder.handle();
        let app = Router::new()
            .route("/cases/{id}", get(|| async { StatusCode::NO_CONTENT }))
            .layer(middleware::from_fn(count));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        metrics::with_local_recorder(&recorder, || {
            for (method, path) in [
                ("GET", "/cases/c-1"),
                ("GET", "/cases/c-2"),
                ("GET", "/nowhere/at/all"),
                ("BREW", "/cases/c-1"),
            ] {
                let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
                runtime.block_on(app.clone().oneshot(request)).unwrap();
            }
        });
        let text = rendered.render();
        for counted in [
            r#"ombud_http_requests_total{method="GET",path="/cases/{id}",status="204"} 2"#,
            r#"ombud_http_requests_total{method="GET",path="other",status="404"} 1"#,
            r#"ombud_http_requests_total{method="other",path="/cases/{id}",status="405"} 1"#,
        ] {
            assert!(text.contains(counted), "{counted}: {text}");
        }
        assert!(!text.contains("c-1"), "{text}");
    }
}
