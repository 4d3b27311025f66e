//! One question at a time, few that wait, and nobody is answered who has not the secret.

use std::{sync::atomic::AtomicUsize, thread::JoinHandle};

use ombud_console::ExplainRefusal;
use tokio::{net::TcpListener, runtime::Runtime};

use super::*;
use crate::explaining::ExplainClient;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const POLL: Duration = Duration::from_millis(5);
const LONG: Duration = Duration::from_secs(60);

type Answer = Result<Vec<Explanation>, ExplainError>;

/// A port at which `answer` answers.
struct Service {
    state: Arc<ServiceState>,
    url: String,
    stop: Shutdown,
    answers: Option<JoinHandle<()>>,
    _runtime: Runtime,
}

impl Service {
    fn start(answer: impl FnMut(&mut Turn) -> Answer + Send + 'static) -> Self {
        let (turns, questions) = bounded(WAITING_MAX + 1);
        let state = Arc::new(ServiceState::new(SECRET.into(), turns));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = routes(Arc::clone(&state));
        runtime.spawn(async move { axum::serve(listener, app).await });
        let stop = Shutdown::default();
        let stopped = stop.clone();
        let answers = Some(thread::spawn(move || answer_all(&questions, &stopped, answer)));
        Self { state, url, stop, answers, _runtime: runtime }
    }

    fn client(&self, secret: &str, timeout: Duration) -> ExplainClient {
        ExplainClient::new(&self.url, secret.into(), timeout)
    }

    fn ask(&self) -> Result<Vec<Explanation>, ExplainRefusal> {
        self.client(SECRET, LONG).ask(question())
    }

    fn wait_for_seats(&self, free: usize) {
        while self.state.seats.available_permits() != free {
            thread::park_timeout(POLL);
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop.request();
        self.answers.take().unwrap().join().unwrap();
    }
}

fn question() -> Question {
    Question { issued_at_ms: 0, jobs: Vec::new(), models: Vec::new() }
}

#[test]
fn who_has_the_secret_is_answered_and_nobody_else() {
    let service = Service::start(|_| Ok(Vec::new()));
    assert_eq!(service.ask(), Ok(Vec::new()));
    let other = service.client("another secret, which is as long as it", LONG).ask(question());
    assert!(matches!(&other, Err(ExplainRefusal::Outage(why)) if why.starts_with("signature")), "{other:?}");
}

#[test]
fn one_is_answered_four_wait_and_who_comes_then_is_told_to_ask_again() {
    let (release, released) = bounded::<()>(0);
    let service = Service::start(move |_| {
        // Disconnected once the test is over.
        let _ = released.recv();
        Ok(Vec::new())
    });
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..=WAITING_MAX).map(|_| scope.spawn(|| service.ask())).collect();
        service.wait_for_seats(0);
        assert_eq!(service.ask(), Err(ExplainRefusal::Busy));
        drop(release);
        for one in waiting {
            assert_eq!(one.join().unwrap(), Ok(Vec::new()));
        }
    });
    assert_eq!(service.ask(), Ok(Vec::new()), "there is room again");
}

#[test]
fn nothing_is_computed_for_whoever_has_gone() {
    let (release, released) = bounded::<()>(0);
    let computed = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&computed);
    let service = Service::start(move |_| {
        let _ = released.recv();
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(Vec::new())
    });
    thread::scope(|scope| {
        let first = scope.spawn(|| service.ask());
        service.wait_for_seats(WAITING_MAX);
        let gone = service.client(SECRET, Duration::from_millis(100)).ask(question());
        assert!(matches!(gone, Err(ExplainRefusal::Outage(_))), "{gone:?}");
        service.wait_for_seats(WAITING_MAX);
        drop(release);
        assert_eq!(first.join().unwrap(), Ok(Vec::new()));
    });
    assert_eq!(service.ask(), Ok(Vec::new()));
    assert_eq!(computed.load(Ordering::SeqCst), 2, "the first and the last");
}

#[test]
fn why_there_is_no_explanation_reaches_whoever_asks_with_its_code() {
    let unknown = || ExplainError::UnknownLabel { label: "Snacks".into(), labels: vec!["Mortgage".into()] };
    let gone =
        || ExplainError::ModelGone { model_id: "m".into(), version: "v".into(), what: "nowhere".into() };
    let mut answers = vec![Err(ExplainError::Stopped), Err(gone()), Err(unknown())];
    let service = Service::start(move |_| answers.pop().unwrap_or(Ok(Vec::new())));
    let refused = service.ask();
    let is_said = |refused: &_| matches!(refused, Err(ExplainRefusal::Refused { code, error }) if code == "unknown-label" && error.contains("Mortgage"));
    assert!(is_said(&refused), "{refused:?}");
    assert!(matches!(service.ask(), Err(ExplainRefusal::ModelGone(why)) if why.contains("nowhere")));
    assert_eq!(service.ask(), Err(ExplainRefusal::Busy), "it stops, and another is asked next");
}
