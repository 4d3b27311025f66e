//! Who gets past the guard of /api, and that it is not forgotten where others can reach the port.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::net::SocketAddr;

use axum::{
    Extension, Router,
    body::Body,
    http::{Request, StatusCode, header},
    routing::get,
};
use ombud_launch::{
    Error,
    config::{Http, Inputs, load},
    guard::{Caller, Guard},
};
use tower::ServiceExt as _;

const TOKEN: &str = "correct-horse-battery-staple";
/// `printf %s correct-horse-battery-staple | sha256sum`
const SHA256: &str = "87cbebfeebc05f7c54ac9336c4b4bbec831227a641951a4bde7edd56020f8590";

fn http(address: &str, tokens: &[(&str, &str)], open: bool) -> Http {
    let mut variables = vec![("OMBUD_HTTP__ADDRESS".into(), address.into())];
    variables.extend(tokens.iter().map(|(name, sha256)| {
        (format!("OMBUD_HTTP__TOKENS__{}", name.to_uppercase()).into(), (*sha256).into())
    }));
    variables.push(("OMBUD_HTTP__OPEN".into(), open.to_string().into()));
    load(&Inputs { variables, ..Inputs::default() }).unwrap().settings.http
}

/// Status, and whom the route saw.
async fn ask(guard: &Guard, authorization: Option<&str>) -> (StatusCode, String) {
    let whom =
        |Extension(Caller(name)): Extension<Caller>| async move { name.as_deref().unwrap_or("-").to_owned() };
    let routes = guard.around(Router::new().route("/api/x", get(whom)));
    let mut request = Request::get("/api/x");
    if let Some(value) = authorization {
        request = request.header(header::AUTHORIZATION, value);
    }
    let answer = routes.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), 4_096).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn the_right_token_passes_and_tells_whose_it_is() {
    let other = "0".repeat(64);
    let guard = Guard::of(&http("127.0.0.1:0", &[("crm", &other), ("desk", SHA256)], false)).unwrap();
    for scheme in ["Bearer", "bearer"] {
        let answer = ask(&guard, Some(&format!("{scheme} {TOKEN}"))).await;
        assert_eq!(answer, (StatusCode::OK, "desk".to_owned()));
    }
}

#[tokio::test]
async fn a_wrong_or_missing_token_is_refused_with_the_mend_and_without_the_token() {
    let guard = Guard::of(&http("127.0.0.1:0", &[("desk", SHA256)], false)).unwrap();
    let wrong = format!("Bearer {TOKEN}s");
    let hash = format!("Bearer {SHA256}");
    for shown in
        [None, Some("Bearer"), Some("Bearer "), Some("Basic abc"), Some(TOKEN), Some(&wrong), Some(&hash)]
    {
        let (status, body) = ask(&guard, shown).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{shown:?}");
        assert!(body.contains("Authorization: Bearer") && !body.contains(TOKEN), "{body}");
    }
}

#[tokio::test]
async fn without_tokens_this_machine_is_let_in_and_an_address_for_others_is_refused() {
    let guard = Guard::of(&http("127.0.0.1:0", &[], false)).unwrap();
    assert_eq!(ask(&guard, None).await, (StatusCode::OK, "-".to_owned()));
    assert!(Guard::of(&http("[::1]:8080", &[], false)).is_ok());

    let everywhere: SocketAddr = "0.0.0.0:8080".parse().unwrap();
    let refused = Guard::of(&http("0.0.0.0:8080", &[], false)).err().unwrap();
    assert!(matches!(refused, Error::Unguarded(address) if address == everywhere), "{refused}");
    assert!(refused.to_string().contains("http.tokens"), "{refused}");
    assert!(Guard::of(&http("0.0.0.0:8080", &[], true)).is_ok(), "who says so is believed");
    assert!(Guard::of(&http("0.0.0.0:8080", &[("desk", SHA256)], false)).is_ok());
}
