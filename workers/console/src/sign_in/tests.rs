//! Signing in over HTTP, by forms and by a proxy's headers: what a browser keeps, what ends a session, and what no other page and
//! no stolen cookie can do.

use std::{thread, time::Duration};

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
    routing::any,
};
use ombud_contract::{catalogue::Topic, codec, records::AuditEntry};
use ombud_launch::{
    config::Settings,
    guard::{Caller, Guard, ROUTES, Right, Role},
};
use ombud_local::{Local, Options};
use ombud_stream::{Reader as _, TopicPartition};
use tower::ServiceExt as _;

use super::{Entrance, EntranceParts, given::GivenDesk};
use crate::append::{Waiter, answer};

const PASSWORD: &str = "correct horse battery";
const PROXY_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// One replica of a console: its port, and its entrance.
struct Replica {
    entrance: Entrance,
    routes: Router,
}

/// Replicas over one store and one log.
struct World {
    desk: GivenDesk,
    local: Local,
    settings: Settings,
}

impl World {
    fn new() -> Self {
        let desk = GivenDesk::new();
        let local = Local::open(desk.folder.path(), Options::catalogue("", 1)).unwrap();
        Self { desk, local, settings: Settings::default() }
    }

    /// A replica that starts now. `/api` answers by whom a change is signed.
    fn replica(&self) -> Replica {
        let (sink, deliveries) = self.local.sink::<Waiter>(64);
        // Ends with the sink, which the entrance owns.
        thread::spawn(move || answer(&deliveries));
        let parts = EntranceParts {
            sink: Box::new(sink),
            sessions: self.desk.sessions(),
            users: Some(self.desk.users()),
            clock: self.desk.time(),
        };
        let entrance = Entrance::of(&self.settings, parts).unwrap().unwrap();
        let guard = Guard::with_people(&self.settings.http, None, Some(entrance.people())).unwrap();
        let sign = |Extension(caller): Extension<Caller>| async move {
            format!("{} {} {}", caller.signature(""), caller.source(), caller.roles_text().join("+"))
        };
        let routes = guard.around(Router::new().route("/api/{*path}", any(sign)));
        let routes = routes.merge(guard.around_pages(entrance.pages()));
        Replica { entrance, routes }
    }

    /// A replica whose owner has a password.
    fn with_owner(&self) -> Replica {
        let replica = self.replica();
        let local = replica.entrance.local().unwrap();
        let link = replica.entrance.first_link().unwrap().unwrap();
        local.set_password(&link, PASSWORD).unwrap();
        replica
    }

    fn deeds(&self) -> Vec<(String, String, String)> {
        let partition = TopicPartition::new(Topic::Audit.name(""), 0);
        let records = self.local.reader().unwrap().fetch(&partition, 0, Duration::ZERO).unwrap().records;
        let entries = records.iter().map(|record| codec::decode(record.value.as_deref().unwrap()).unwrap());
        entries.map(|entry: AuditEntry| (entry.actor, entry.action, entry.source)).collect()
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    /// The session's cookie, as the browser keeps it.
    fn cookie(&self) -> String {
        let set = self.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
        set.split(';').next().unwrap().to_owned()
    }
}

impl Replica {
    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost:8080");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.routes.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await;
        let answer = answer.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    async fn sign_in_with(&self, headers: &[(&str, &str)], password: &str) -> Answer {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let body = format!("name=owner&password={}", password.replace(' ', "+"));
        self.ask(Method::POST, "/sign-in", &[&[form], headers].concat(), &body).await
    }

    async fn sign_in(&self) -> String {
        let answer = self.sign_in_with(&[], PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        answer.cookie()
    }

    /// Who a request with `cookie` is.
    async fn who(&self, cookie: &str) -> Answer {
        self.ask(Method::GET, "/api/me", &[("cookie", cookie)], "").await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_password_opens_a_session_and_a_sign_out_ends_it_for_whoever_has_its_cookie() {
    let world = World::new();
    let replica = world.with_owner();
    let answer = replica.sign_in_with(&[], PASSWORD).await;
    let set = answer.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
    assert!(set.starts_with("ombud=") && set.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{set}");
    let cookie = answer.cookie();
    let who = replica.who(&cookie).await;
    let roles = "approver+auditor+clerk+lead+model-owner+operator+specialist";
    assert_eq!((who.status, who.body), (StatusCode::OK, format!("owner session {roles}")));
    let page = replica.ask(Method::GET, "/sign-in", &[("cookie", &cookie)], "").await;
    assert!(page.body.contains("owner") && page.body.contains("Sign out"), "{}", page.body);

    let out = replica.ask(Method::POST, "/sign-out", &[("cookie", &cookie)], "").await;
    assert_eq!(out.status, StatusCode::OK);
    assert_eq!(out.cookie(), "ombud=", "the browser forgets it");
    // Whoever kept a copy has nothing.
    assert_eq!(
        replica.ask(Method::GET, "/api/audit", &[("cookie", &cookie)], "").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert!(!replica.who(&cookie).await.body.contains("owner"));
    let deeds: Vec<_> = world.deeds().into_iter().map(|(actor, action, _)| (actor, action)).collect();
    let expected = ["signed-in", "signed-out"].map(|action| ("owner".to_owned(), action.to_owned()));
    assert_eq!(deeds, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_sign_in_leads_back_to_the_page_that_asked_for_it_and_to_no_other_site() {
    let world = World::new();
    let replica = world.with_owner();
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (back, leads_to) in [
        ("/teams/cards%3Ftab=mine", "/teams/cards?tab=mine"),
        ("//evil.example/teams", "/"),
        ("https://evil.example/", "/"),
        ("/%5Cevil.example", "/"),
        ("/sign-in", "/"),
        ("", "/"),
    ] {
        let page = replica.ask(Method::GET, &format!("/sign-in?back={back}"), &[], "").await;
        let is_kept = page.body.contains(&format!(r#"name="back" value="{leads_to}""#));
        assert_eq!(is_kept, leads_to != "/", "{back}: {}", page.body);
        let body = format!("name=owner&password={}&back={back}", PASSWORD.replace(' ', "+"));
        let answer = replica.ask(Method::POST, "/sign-in", &[form], &body).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{back}");
        assert_eq!(answer.headers.get(header::LOCATION).unwrap(), leads_to, "{back}");
    }
    // A mistake forgets it not.
    let wrong = replica.ask(Method::POST, "/sign-in", &[form], "name=owner&password=x&back=/desk").await;
    assert!(wrong.body.contains(r#"name="back" value="/desk""#), "{}", wrong.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_sign_in_speaks_the_language_that_was_chosen_or_the_browser_asks_for() {
    let world = World::new();
    let replica = world.with_owner();
    let spanish = ("accept-language", "es-ES,es;q=0.9");
    for (headers, tag, word) in [
        (&[][..], "en", "Password"),
        (&[spanish], "es", "Contraseña"),
        (&[spanish, ("cookie", "ombud-look=en.keys.system")], "en", "Password"),
    ] {
        let page = replica.ask(Method::GET, "/sign-in", headers, "").await.body;
        assert!(page.contains(&format!(r#"<html lang="{tag}">"#)) && page.contains(word), "{page}");
    }
    let form = ("content-type", "application/x-www-form-urlencoded");
    let wrong = replica.ask(Method::POST, "/sign-in", &[form, spanish], "name=owner&password=x").await;
    assert!(wrong.body.contains("no van juntos") && wrong.body.contains(r#"role="alert""#), "{}", wrong.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_id_that_was_set_before_the_sign_in_is_worth_nothing_after_it() {
    let world = World::new();
    let replica = world.with_owner();
    let planted = format!("ombud={}", "a".repeat(64));
    let answer = replica.sign_in_with(&[("cookie", &planted)], PASSWORD).await;
    let cookie = answer.cookie();
    assert_ne!(cookie, planted);
    assert!(!replica.who(&planted).await.body.contains("owner"));
    // Nor the session that this browser had: a sign-in ends it.
    let next = replica.sign_in_with(&[("cookie", &cookie)], PASSWORD).await.cookie();
    assert!(!replica.who(&cookie).await.body.contains("owner"));
    assert!(replica.who(&next).await.body.contains("owner"));
    // Two of one name: one of them may be somebody else's.
    let both = format!("{next}; {planted}");
    assert!(!replica.who(&both).await.body.contains("owner"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_rolling_restart_signs_nobody_out_and_a_sign_out_counts_on_every_replica() {
    let world = World::new();
    let first = world.with_owner();
    let cookie = first.sign_in().await;
    let second = world.replica();
    assert!(second.who(&cookie).await.body.contains("owner"));
    drop(first);
    let third = world.replica();
    drop(second);
    let fourth = world.replica();
    assert!(third.who(&cookie).await.body.contains("owner"));
    third.ask(Method::POST, "/sign-out", &[("cookie", &cookie)], "").await;
    assert!(!fourth.who(&cookie).await.body.contains("owner"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn no_page_of_another_site_signs_anybody_in_or_out() {
    let world = World::new();
    let replica = world.with_owner();
    let cookie = replica.sign_in().await;
    for foreign in [
        &[("origin", "http://evil.example")][..],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", "http://evil.localhost")],
    ] {
        let answer = replica.sign_in_with(foreign, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{foreign:?}");
        assert!(answer.headers.get(header::SET_COOKIE).is_none());
        let headers = [foreign, &[("cookie", cookie.as_str())]].concat();
        assert_eq!(replica.ask(Method::POST, "/sign-out", &headers, "").await.status, StatusCode::FORBIDDEN);
        let json = [&headers[..], &[("content-type", "application/json")]].concat();
        assert_eq!(replica.ask(Method::POST, "/api/work", &json, "{}").await.status, StatusCode::FORBIDDEN);
    }
    let own =
        [("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin"), ("cookie", cookie.as_str())];
    let json = [&own[..], &[("content-type", "application/json")]].concat();
    assert_eq!(replica.ask(Method::POST, "/api/work", &json, "{}").await.status, StatusCode::OK);
    assert!(replica.who(&cookie).await.body.contains("owner"), "nobody signed them out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn guesses_wait_and_say_nothing_of_who_is_known() {
    let world = World::new();
    let replica = world.with_owner();
    for _ in 0..5 {
        let answer = replica.sign_in_with(&[], "wrong horse battery").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    let wait = replica.sign_in_with(&[], PASSWORD).await;
    assert_eq!(wait.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(wait.headers.get(header::RETRY_AFTER).unwrap(), "1");
    world.desk.advance(Duration::from_secs(1));
    replica.sign_in().await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let nobody = replica.ask(Method::POST, "/sign-in", &[form], "name=nobody-here&password=x").await;
    let wrong = replica.sign_in_with(&[], "x").await;
    assert_eq!((nobody.status, nobody.body), (wrong.status, wrong.body));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_link_is_looked_at_as_often_as_one_likes_and_sets_one_password() {
    let world = World::new();
    let replica = world.replica();
    let secret = replica.entrance.first_link().unwrap().unwrap();
    let page = format!("/sign-in/link?token={secret}");
    for _ in 0..2 {
        assert_eq!(replica.ask(Method::GET, &page, &[], "").await.status, StatusCode::OK);
    }
    let form = ("content-type", "application/x-www-form-urlencoded");
    let choose = async |password: &str| {
        let body = format!("token={secret}&name=owner&password={password}");
        replica.ask(Method::POST, "/sign-in/link", &[form], &body).await.status
    };
    assert_eq!(choose("short").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(choose("correct+horse+battery").await, StatusCode::SEE_OTHER);
    assert_eq!(choose("another+good+password").await, StatusCode::NOT_FOUND);
    assert_eq!(replica.ask(Method::GET, &page, &[], "").await.status, StatusCode::NOT_FOUND);
    replica.sign_in().await;
    assert_eq!(world.deeds()[0], ("owner".into(), "password-set".into(), "link".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_answer_tells_the_browser_to_keep_nothing_and_to_frame_nothing() {
    let world = World::new();
    let replica = world.with_owner();
    for path in ["/sign-in", "/api/me", "/api/nowhere", "/oidc/start"] {
        let answer = replica.ask(Method::GET, path, &[], "").await;
        let value = |name: &str| answer.headers.get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(value("cache-control"), "no-store", "{path}");
        assert_eq!(value("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(value("x-frame-options"), "DENY", "{path}");
        let policy = value("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn whom_a_proxy_names_needs_no_cookie_and_everybody_else_is_nobody() {
    let mut world = World::new();
    world.settings.sign_in.proxy_secret = PROXY_SECRET.into();
    world.settings.sign_in.roles.insert("clerk".into(), "cards".into());
    world.settings.http.public_url = "https://ombud.bank.example".into();
    let replica = world.replica();
    let host = ("x-forwarded-groups", "cards");
    let named = [("x-ombud-proxy-secret", PROXY_SECRET), ("x-forwarded-user", "u-17"), host];
    let answer = replica.ask(Method::GET, "/api/queues", &named, "").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "u-17 proxy clerk"));
    assert_eq!(replica.ask(Method::GET, "/api/audit", &named, "").await.status, StatusCode::FORBIDDEN);
    // What a browser could send by itself names nobody; and though the port is on loopback, it is not open to who comes through.
    for path in ["/api/queues", "/api/me"] {
        assert_eq!(
            replica.ask(Method::GET, path, &named[1..], "").await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    // Over TLS a cookie is this host's alone.
    let link = replica.entrance.first_link().unwrap().unwrap();
    replica.entrance.local().unwrap().set_password(&link, PASSWORD).unwrap();
    let set = replica.sign_in_with(&[], PASSWORD).await;
    let set = set.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap().to_owned();
    assert!(set.starts_with("__Host-ombud=") && set.contains("; Secure"), "{set}");
}

/// Every route of the table, for each role alone, over a session: it is let in exactly where the table says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn each_role_opens_what_the_table_gives_it_and_nothing_else() {
    let mut world = World::new();
    world.settings.sign_in.proxy_secret = PROXY_SECRET.into();
    for role in Role::ALL {
        world.settings.sign_in.roles.insert(role.name().into(), format!("g-{}", role.name()));
    }
    let replica = world.replica();
    let mut refused = 0;
    for role in Role::ALL.map(Some).into_iter().chain([None]) {
        let group = role.map_or("g-none".to_owned(), |role| format!("g-{}", role.name()));
        let headers = [
            ("x-ombud-proxy-secret", PROXY_SECRET),
            ("x-forwarded-user", "u-17"),
            ("x-forwarded-groups", &group),
            ("content-type", "application/json"),
        ];
        for route in ROUTES {
            let path = route.path.replace(['{', '}', '*'], "");
            let status = replica.ask(route.method.clone(), &path, &headers, "{}").await.status;
            let may =
                route.right == Right::Know || role.is_some_and(|role| route.right.roles().contains(&role));
            let expected = if may { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(status, expected, "{role:?} {} {path}", route.method);
            refused += usize::from(!may);
        }
    }
    assert!(refused > 80, "{refused}");
}
