//! Who gets past the guard of /api, and that it is not forgotten where others can reach the port.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::net::SocketAddr;

use axum::{
    Extension, Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
    routing::any,
};
use ombud_launch::{
    Error,
    config::{Http, Inputs, Settings, load},
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

/// Status, and how the route would sign a change that `ann` asks for.
async fn ask(guard: &Guard, method: Method, path: &str, token: Option<&str>) -> (StatusCode, String) {
    let sign = |caller: Option<Extension<Caller>>| async move { caller.unwrap().signature("ann").to_owned() };
    let routes = guard.around(Router::new().route("/api/{*path}", any(sign)));
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
    request = request.header(header::CONTENT_TYPE, "application/json");
    if let Some(value) = token {
        request = request.header(header::AUTHORIZATION, value);
    }
    let answer = routes.oneshot(request.body(Body::from("{}")).unwrap()).await.unwrap();
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), 4_096).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn post(guard: &Guard, token: Option<&str>) -> (StatusCode, String) {
    ask(guard, Method::POST, "/api/complaints", token).await
}

#[tokio::test]
async fn the_right_token_passes_and_signs_by_its_name() {
    let other = "0".repeat(64);
    let guard = Guard::of(&http("127.0.0.1:0", &[("crm", &other), ("desk", SHA256)], false), None).unwrap();
    for scheme in ["Bearer", "bearer"] {
        let answer = post(&guard, Some(&format!("{scheme} {TOKEN}"))).await;
        assert_eq!(answer, (StatusCode::OK, "desk".to_owned()));
    }
}

#[tokio::test]
async fn a_wrong_or_missing_token_is_refused_with_the_mend_and_without_the_token() {
    let guard = Guard::of(&http("127.0.0.1:0", &[("desk", SHA256)], false), None).unwrap();
    let wrong = format!("Bearer {TOKEN}s");
    let hash = format!("Bearer {SHA256}");
    for shown in
        [None, Some("Bearer"), Some("Bearer "), Some("Basic abc"), Some(TOKEN), Some(&wrong), Some(&hash)]
    {
        let (status, body) = post(&guard, shown).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{shown:?}");
        assert!(body.contains("Authorization: Bearer") && !body.contains(TOKEN), "{body}");
    }
}

/// Rows: who asks. Columns: POST complaints, feedback, strategy, models, and GET.
#[tokio::test]
async fn each_token_opens_its_scopes_and_nothing_else() {
    let digest = |token: &str| hex::encode(<sha2::Sha256 as sha2::Digest>::digest(token));
    let settings = |tokens: bool| {
        let mut http = Settings::default().http;
        let scopes =
            [("usual", None), ("sender", Some("complaints")), ("releaser", Some("strategy, models"))];
        for (name, listed) in scopes.into_iter().filter(|_| tokens) {
            http.tokens.insert(name.to_owned(), digest(&format!("{name}-7c41")).as_str().into());
            if let Some(listed) = listed {
                http.scopes.insert(name.to_owned(), listed.to_owned());
            }
        }
        http
    };
    let guarded = Guard::of(&settings(true), Some("operator-7c41")).unwrap();
    let open = Guard::of(&settings(false), Some("operator-7c41")).unwrap();
    let table: [(&Guard, Option<&str>, [u16; 5]); 9] = [
        (&guarded, None, [401, 401, 401, 401, 401]),
        (&guarded, Some("stranger"), [401, 401, 401, 401, 401]),
        (&guarded, Some("usual"), [200, 200, 403, 403, 200]),
        (&guarded, Some("sender"), [200, 403, 403, 403, 403]),
        (&guarded, Some("releaser"), [403, 403, 200, 200, 403]),
        (&guarded, Some("operator"), [200, 200, 200, 200, 200]),
        (&open, None, [200, 200, 401, 401, 200]),
        (&open, Some("stranger"), [200, 200, 401, 401, 200]),
        (&open, Some("operator"), [200, 200, 200, 200, 200]),
    ];
    let columns = [
        (Method::POST, "/api/complaints"),
        (Method::POST, "/api/feedback"),
        (Method::POST, "/api/strategy"),
        (Method::POST, "/api/models"),
        (Method::GET, "/api/openapi.json"),
    ];
    for (guard, who, statuses) in table {
        let token = who.map(|who| format!("Bearer {who}-7c41"));
        for ((method, path), expected) in columns.clone().into_iter().zip(statuses) {
            let (status, said) = ask(guard, method, path, token.as_deref()).await;
            assert_eq!(status, expected, "{who:?} {path}: {said}");
            let signed = match who {
                Some("operator") => "ann",
                Some("stranger") | None => "nobody",
                Some(name) => name,
            };
            assert!(expected != 200 || said == signed, "{who:?} {path}: {said}");
            assert!(expected != 403 || said.contains("http.scopes."), "{said}");
        }
    }
    // A path that no scope is named after is nobody's.
    let operator = Some("Bearer operator-7c41");
    assert_eq!(ask(&open, Method::POST, "/api/secrets", operator).await.0, StatusCode::NOT_FOUND);
}

#[test]
fn scopes_and_teams_of_no_token_are_refused() {
    let mut http = Settings::default().http;
    http.scopes.insert("crm".into(), "read".into());
    let refused = Guard::of(&http, None).err().unwrap();
    assert!(refused.to_string().contains("there is no http.tokens.crm"), "{refused}");
    let mut http = Settings::default().http;
    http.teams.insert("crm".into(), "card-services".into());
    let refused = Guard::of(&http, None).err().unwrap();
    assert!(refused.to_string().contains("there is no http.tokens.crm"), "{refused}");
}

/// So the chart shuts the API of the pod in which people run commands.
#[tokio::test]
async fn a_digest_of_no_token_lets_nobody_in_though_the_port_is_open() {
    let nobodys = "0".repeat(64);
    let mut settings = http("0.0.0.0:8080", &[("shut", &nobodys), ("card_desk", &nobodys)], true);
    settings.scopes.insert("card_desk".into(), "complaints,read".into());
    let guard = Guard::of(&settings, None).unwrap();
    let digest = format!("Bearer {nobodys}");
    for shown in [None, Some("Bearer "), Some(digest.as_str())] {
        for (method, path) in [(Method::POST, "/api/complaints"), (Method::GET, "/api/openapi.json")] {
            let (status, _) = ask(&guard, method, path, shown).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{path} {shown:?}");
        }
    }
}

#[tokio::test]
async fn without_tokens_this_machine_is_let_in_and_an_address_for_others_is_refused() {
    let guard = Guard::of(&http("127.0.0.1:0", &[], false), None).unwrap();
    assert_eq!(post(&guard, None).await, (StatusCode::OK, "nobody".to_owned()));
    assert!(Guard::of(&http("[::1]:8080", &[], false), None).is_ok());

    let everywhere: SocketAddr = "0.0.0.0:8080".parse().unwrap();
    let refused = Guard::of(&http("0.0.0.0:8080", &[], false), None).err().unwrap();
    assert!(matches!(refused, Error::Unguarded(address) if address == everywhere), "{refused}");
    assert!(refused.to_string().contains("http.tokens"), "{refused}");
    assert!(Guard::of(&http("0.0.0.0:8080", &[], true), None).is_ok(), "who says so is believed");
    assert!(Guard::of(&http("0.0.0.0:8080", &[("desk", SHA256)], false), None).is_ok());
}
