use std::{sync::atomic::Ordering, time::Duration};

use axum::{
    body::BodyDataStream,
    http::{Method, StatusCode, header},
};
use futures_util::StreamExt as _;
use ombud_launch::{
    config::Settings,
    health::{Readiness, Server},
    telemetry::Metrics,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use crate::pages::given::{GivenPages, WHO};

const CLERK: &str = "anna/clerk/cards";
/// No event comes for as long; a heartbeat does not come yet.
const QUIET: Duration = Duration::from_secs(10);

/// A browser's end of a stream.
struct Browser(BodyDataStream);

impl Browser {
    async fn open(desk: &GivenPages, who: &str) -> Self {
        let answer = desk.ask(who, Method::GET, "/events", None).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        Self(answer.into_body().into_data_stream())
    }

    /// What comes next; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        let chunk = self.0.next().await?.unwrap();
        Some(String::from_utf8(chunk.to_vec()).unwrap())
    }

    /// The next event of queues.
    async fn queues(&mut self) -> Value {
        loop {
            let text = self.next().await.unwrap();
            if text.lines().any(|line| line == "event: queues") {
                let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
                return serde_json::from_str(data).unwrap();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_browser_gets_the_counts_of_the_teams_that_its_person_sees_and_of_no_other() {
    let desk = GivenPages::open(8);
    desk.count(&[("cards", 3, 1), ("loans", 9, 1)]);
    let mut anna = Browser::open(&desk, CLERK).await;
    let cards = json!({ "open": 3, "due_today": 0, "overdue": 0 });
    assert_eq!(anna.queues().await, json!({ "teams": { "cards": cards }, "changed": [] }));
    let mut aud = Browser::open(&desk, "aud/auditor/").await;
    assert_eq!(aud.queues().await["teams"].as_object().unwrap().len(), 2);
    // Who has no work to see gets none.
    let mut mo = Browser::open(&desk, "mo/model-owner/*").await;
    assert_eq!(mo.queues().await["teams"], json!({}));

    desk.count(&[("cards", 3, 1), ("loans", 10, 2)]);
    assert_eq!(aud.queues().await["changed"], json!(["loans"]));
    assert!(timeout(QUIET, anna.next()).await.is_err(), "another team's work is nothing to her");
    desk.count(&[("loans", 10, 2)]);
    let gone = anna.queues().await;
    assert_eq!((&gone["teams"]["cards"]["open"], &gone["changed"]), (&0.into(), &json!(["cards"])));
}

#[tokio::test(start_paused = true)]
async fn what_changes_within_a_second_is_one_event_and_is_counted_once_for_all() {
    let desk = GivenPages::open(8);
    desk.count(&[("cards", 0, 0)]);
    let (mut one, mut other) = (Browser::open(&desk, CLERK).await, Browser::open(&desk, CLERK).await);
    one.queues().await;
    other.queues().await;
    let changes = async {
        for number in 1..=100 {
            desk.count(&[("cards", number, 0)]);
            sleep(Duration::from_millis(50)).await;
        }
    };
    let read = async |browser: &mut Browser| {
        let mut opens = Vec::new();
        while let Ok(event) = timeout(QUIET, browser.queues()).await {
            opens.push(event["teams"]["cards"]["open"].as_u64().unwrap());
        }
        opens
    };
    let ((), one, other) = tokio::join!(changes, read(&mut one), read(&mut other));
    assert!(one.len() <= 7 && one.last() == Some(&100), "{one:?}");
    assert_eq!(one, other);
    let counted = *desk.worklist.counted.lock().unwrap();
    assert!(counted <= 9, "{counted} counts");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_has_nothing_to_say_beats_every_fifteen_seconds() {
    let desk = GivenPages::open(8);
    let mut anna = Browser::open(&desk, CLERK).await;
    anna.queues().await;
    for _ in 0..3 {
        let began = Instant::now();
        assert!(anna.next().await.unwrap().starts_with(':'));
        assert!((14..=16).contains(&began.elapsed().as_secs()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_the_process_at_once_and_with_the_session_within_a_minute() {
    let desk = GivenPages::open(8);
    let mut anna = Browser::open(&desk, CLERK).await;
    anna.queues().await;
    let began = Instant::now();
    desk.is_out.store(true, Ordering::SeqCst);
    while anna.next().await.is_some() {}
    assert!(began.elapsed() <= Duration::from_secs(60));

    desk.is_out.store(false, Ordering::SeqCst);
    let mut anna = Browser::open(&desk, CLERK).await;
    anna.queues().await;
    let began = Instant::now();
    desk.shutdown.request();
    assert_eq!(anna.next().await, None);
    assert!(began.elapsed() < Duration::from_millis(1));
    assert_eq!(Browser::open(&desk, CLERK).await.next().await, None, "it is stopping");
}

#[tokio::test(start_paused = true)]
async fn as_many_streams_are_open_as_may_be_and_one_that_is_left_makes_room() {
    let desk = GivenPages::open(2);
    let (one, mut other) = (Browser::open(&desk, CLERK).await, Browser::open(&desk, CLERK).await);
    let refused = desk.ask(CLERK, Method::GET, "/events", None).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    drop(one);
    Browser::open(&desk, CLERK).await.queues().await;
    other.queues().await;
}

#[tokio::test]
async fn fifty_streams_leave_room_for_requests_and_hold_no_shutdown() {
    let desk = GivenPages::open(200);
    desk.count(&[("cards", 1, 1)]);
    let mut http = Settings::default().http;
    http.address = ([127, 0, 0, 1], 0).into();
    // Half of them are of streams.
    http.connections = 100;
    let server = Server::bind(&http).await.unwrap();
    let address = server.address();
    let served = server.serve(
        desk.pages.clone(),
        Readiness::default(),
        Metrics::install().unwrap(),
        desk.shutdown.clone(),
    );
    let browse = async {
        let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{WHO}: {CLERK}\r\n");
        let mut streams = Vec::new();
        for _ in 0..50 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(format!("{}\r\n", get("/events")).as_bytes()).await.unwrap();
            streams.push(stream);
        }
        for stream in &mut streams {
            let mut text = String::new();
            while !text.contains("event: queues") {
                let mut part = [0; 4_096];
                let length = stream.read(&mut part).await.unwrap();
                assert!(length > 0, "{text}");
                text += std::str::from_utf8(&part[..length]).unwrap();
            }
        }
        for _ in 0..200 {
            let mut asking = TcpStream::connect(address).await.unwrap();
            asking
                .write_all(format!("{}connection: close\r\n\r\n", get("/health")).as_bytes())
                .await
                .unwrap();
            let mut answer = String::new();
            asking.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        }
        desk.shutdown.request();
        let began = Instant::now();
        for stream in &mut streams {
            stream.read_to_end(&mut Vec::new()).await.unwrap();
        }
        began
    };
    let ((), began) = tokio::join!(served, browse);
    // It is cut after five.
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}
