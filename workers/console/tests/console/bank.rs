//! A console of a bank with two teams: its log, its worklist, leases in memory, and persons that a header names.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, header},
};
use ombud_console::{
    Console, DossierDesk, ExplainDesk, Follower, Trail, Waiter, WorklistProgress, answer, desk::ClaimLimits,
    pages::PageSources, read_clock, watch_lag,
};
use ombud_contract::{
    catalogue::Topic,
    codec,
    records::{AuditEntry, Feedback, Prediction, RawComplaint, RoutedComplaint, WorkEvent},
};
use ombud_launch::{
    config::{Inputs, load},
    guard::{FindPerson, Guard, People},
    health::Readiness,
};
use ombud_local::{Local, LocalWorklist, Options};
use ombud_store::{
    CaseStore, Leases, Row, Worklist, file_feedback, file_prediction, file_raw, file_routed, file_work,
};
use ombud_stream::{Clock, Delivery, ManualClock, Outgoing, Reader, Record, Sink, TopicPartition, Waiting};
use serde_json::Value;
use tower::ServiceExt as _;
use utoipa::openapi::OpenApi;

pub(crate) use crate::answered::{Answered, Page};
use crate::{
    doubles::{AuditBreaker, person},
    given::route,
    given_desks::GivenDesks,
    memory_leases::MemoryLeases,
    no_sources::no_sources,
};

pub(crate) const NOW: i64 = 1_709_300_000_000;
/// What the customer of c-1 wrote. No answer but its narrative has a word of it.
pub(crate) const NARRATIVE: &str = "Since my bereavement they charged me twice.";
/// What the model found in it. No answer but its evidence has it.
pub(crate) const CATEGORY: &str = "armed_forces";
/// How pages say it.
pub(crate) const CATEGORY_IN_WORDS: &str = "armed forces";
/// Names a person in a test: `anna/clerk/cards`.
pub(crate) const WHO: &str = "x-who";
/// `printf %s sesame-open | sha256sum`.
const DIGEST: &str = "10fd93e00c1bdccff1ba9cb6919df45fcd7264eb96f173c36eb6934e18e5ef86";

/// Whether what the model found is in it, as records or as pages say it.
pub(crate) fn names_category(text: &str) -> bool {
    text.contains(CATEGORY) || text.contains(CATEGORY_IN_WORDS)
}

/// The console and what it stands on. Ends when it is dropped.
pub(crate) struct Bank {
    pub(crate) local: Local,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) routes: Router,
    pub(crate) pages: Router,
    pub(crate) audit_is_broken: Arc<AtomicBool>,
    pub(crate) worklist: Arc<dyn Worklist>,
    pub(crate) desks: GivenDesks,
    progress: WorklistProgress,
    stopped: Arc<AtomicBool>,
    follower: Option<thread::JoinHandle<()>>,
    _dir: tempfile::TempDir,
}

impl Drop for Bank {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        if let Some(follower) = self.follower.take() {
            follower.join().unwrap();
        }
    }
}

/// The digest of what complaints say.
pub(crate) const INPUT: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// c-1 and c-3 lie with cards, c-2 with loans.
fn complaints() -> [RoutedComplaint; 3] {
    let of = |id: &str, team: &str| RoutedComplaint {
        complaint_id: id.into(),
        route_id: format!("r-{id}"),
        team: team.into(),
        input_sha256: INPUT.into(),
        customer_ref: Some("cust-1".into()),
        external_ref: Some(format!("crm-{id}")),
        ..route()
    };
    [of("c-1", "cards"), of("c-2", "loans"), of("c-3", "cards")]
}

fn original<T: codec::Record>(record: &T, offset: i64) -> Record {
    Record {
        source: TopicPartition::new(T::TOPIC.name(""), 0),
        offset,
        appended_at: NOW,
        key: None,
        value: Some(codec::encode(record).unwrap()),
        headers: Vec::new(),
        original: None,
    }
}

impl Bank {
    pub(crate) async fn open() -> Self {
        Self::open_with(no_sources()).await
    }

    /// With what pages ask beside the API.
    pub(crate) async fn open_with(sources: PageSources) -> Self {
        Self::build(sources, true).await
    }

    /// Where nobody explains and nobody signs.
    pub(crate) async fn open_without_desks() -> Self {
        Self::build(no_sources(), false).await
    }

    async fn build(sources: PageSources, has_desks: bool) -> Self {
        let desks = GivenDesks::default();
        let explain = Arc::clone(&desks.explain) as Arc<dyn ExplainDesk>;
        let dossiers = Arc::clone(&desks.dossiers) as Arc<dyn DossierDesk>;
        let dir = tempfile::tempdir().unwrap();
        let local = Local::open(dir.path(), Options::catalogue("", 1)).unwrap();
        let clock = Arc::new(ManualClock::at(NOW));
        let (sink, deliveries) = local.sink::<Waiter>(64);
        // Ends with the sink, which the routes own.
        thread::spawn(move || answer(&deliveries));
        let audit_is_broken = Arc::new(AtomicBool::new(false));
        let worklist = Arc::new(LocalWorklist::open(dir.path(), Arc::new(read_clock)).unwrap());
        let (progress, stopped) = (WorklistProgress::default(), Arc::new(AtomicBool::new(false)));
        let (view, leases, trail) = (local.view(), MemoryLeases::new(Arc::clone(&clock)), local.view());
        let console = Console {
            sink: Box::new(AuditBreaker(sink, Arc::clone(&audit_is_broken))),
            cases: Box::new(move || Ok(Box::new(view.cases().unwrap()) as Box<dyn CaseStore>)),
            teams: Arc::new(|_| Ok(Some(["cards", "loans"].map(str::to_owned).into()))),
            worklist: Arc::clone(&worklist) as Arc<dyn Worklist>,
            worklist_progress: progress.clone(),
            leases: Box::new(move || Ok(Box::new(leases.clone()) as Box<dyn Leases>)),
            limits: ClaimLimits::default(),
            trail: Box::new(move || {
                let mut reader = trail.reader().unwrap();
                let partition = TopicPartition::new(Topic::Audit.name(""), 0);
                let end = reader.end(&partition)?;
                Ok(Trail { reader: Box::new(reader), ends: vec![(partition, end)] })
            }),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            prefix: String::new(),
            dates: None,
            explain: has_desks.then_some(explain),
            dossiers: has_desks.then_some(dossiers),
        };
        let variables = vec![("OMBUD_HTTP__TOKENS__CARD-DESK".into(), DIGEST.into())];
        let mut http = load(&Inputs { variables, ..Inputs::default() }).unwrap().settings.http;
        http.scopes.insert("card-desk".into(), "read,work,feedback".into());
        let find: FindPerson =
            Arc::new(|headers| Ok(headers.get(WHO).map(|who| person(who.to_str().unwrap()))));
        let people = Some(People { find, is_shared: false });
        let guard = Guard::with_people(&http, None, people).unwrap();
        let served = console.with_pages(OpenApi::default(), sources);
        let routes = guard.around(served.api);
        let pages = guard.around_desk(served.pages, ombud_console::pages::refuse);

        let mut bank = Self {
            local,
            clock,
            routes,
            pages,
            audit_is_broken,
            worklist: Arc::clone(&worklist) as Arc<dyn Worklist>,
            desks,
            progress,
            stopped,
            follower: None,
            _dir: dir,
        };
        let [first, second, last] = complaints();
        bank.append(&first).await;
        let place = bank.append(&second).await;
        bank.file();
        bank.follow(worklist);
        bank.wait(place).await;
        // It is followed, so everything before has been read to its end.
        let place = bank.append(&last).await;
        bank.wait(place).await;
        bank
    }

    /// Lets time pass; what was appended before is in the worklist then.
    pub(crate) async fn advance(&self, ms: i64) {
        self.clock.advance(ms);
        let (mut reader, deadline) = (self.local.reader().unwrap(), Instant::now() + Duration::from_secs(30));
        loop {
            watch_lag(&self.progress, &mut reader, &*self.clock, &|_| true);
            if self.progress.lag(self.clock.now_ms()).records == 0 {
                return;
            }
            assert!(Instant::now() < deadline, "the worklist is not read");
            tokio::task::yield_now().await;
        }
    }

    /// What the archive has of c-1 and c-2.
    fn file(&self) {
        let mut cases = self.local.cases().unwrap();
        let evident = include_str!("../../../../schemas/complaints.predictions/examples/valid/evident.json");
        for (offset, route) in (0..).zip(complaints()) {
            let raw = RawComplaint::new(&route.complaint_id, NARRATIVE, NOW);
            let prediction = Prediction {
                complaint_id: route.complaint_id.clone(),
                input_sha256: route.input_sha256.clone(),
                ..serde_json::from_str(evident).unwrap()
            };
            cases.write(&file_raw(&raw, &original(&raw, offset))).unwrap();
            cases.write(&file_prediction(&prediction, &original(&prediction, offset))).unwrap();
            cases.write(&file_routed(&route, &original(&route, offset), &[])).unwrap();
        }
    }

    /// Has the archive keep what was done.
    pub(crate) fn archive_work(&self) {
        let rows: Vec<Row> =
            self.work().iter().flat_map(|event| file_work(event, &original(event, 0))).collect();
        self.local.cases().unwrap().write(&rows).unwrap();
    }

    /// Takes a complaint as a customer wrote it: routed, in the worklist and in the archive.
    pub(crate) async fn take(&self, raw: &RawComplaint, route: &RoutedComplaint, predictions: &[Prediction]) {
        let place = self.append(route).await;
        let mut cases = self.local.cases().unwrap();
        cases.write(&file_raw(raw, &original(raw, place.1))).unwrap();
        cases.write(&file_routed(route, &original(route, place.1), &[])).unwrap();
        for prediction in predictions {
            cases.write(&file_prediction(prediction, &original(prediction, place.1))).unwrap();
        }
        self.wait(place).await;
    }

    /// Has the archive keep the verdicts that were given.
    pub(crate) fn archive_verdicts(&self) {
        let rows: Vec<Row> = self
            .verdicts()
            .iter()
            .flat_map(|verdict| file_feedback(verdict, &original(verdict, 0)))
            .collect();
        self.local.cases().unwrap().write(&rows).unwrap();
    }

    async fn append<T: codec::Record>(&self, record: &T) -> (TopicPartition, i64) {
        let (mut sink, deliveries) = self.local.sink::<()>(8);
        let value = codec::encode(record).unwrap();
        let key = serde_json::to_value(record).unwrap()["complaint_id"].as_str().unwrap().to_owned();
        let topic = T::TOPIC.name("").into();
        sink.send(Outgoing::stamped(topic, None, Some(key.into()), value, "test", &[]), ()).unwrap();
        let Delivery { result, .. } = deliveries.recv().unwrap();
        result.unwrap()
    }

    fn follow(&mut self, view: Arc<LocalWorklist>) {
        let (reader, progress, stopped) =
            (Box::new(self.local.reader().unwrap()), self.progress.clone(), Arc::clone(&self.stopped));
        let clock = Arc::clone(&self.clock);
        self.follower = Some(thread::spawn(move || {
            let follower = Follower {
                view,
                reader,
                count: &mut |_| Ok(1),
                team_exists: &mut |_| Ok(true),
                prefix: "",
                clock: &*clock,
                progress,
                answered_days: 30,
            };
            let mut waiting = Waiting::at_once(&Readiness::default(), "worklist");
            follower.run(&|| stopped.load(Ordering::SeqCst), &mut waiting).unwrap();
        }));
    }

    async fn wait(&self, place: (TopicPartition, i64)) {
        let is_read = self.progress.wait_until(&[place], Duration::from_secs(30)).await;
        assert!(is_read, "the worklist is not read");
    }

    /// What is answered to `who`, a person such as `anna/clerk/cards`, a token such as `token:sesame-open`, or nobody.
    pub(crate) async fn ask(&self, who: &str, method: Method, path: &str, body: Option<Value>) -> Answered {
        self.ask_after(who, method, path, body, None).await
    }

    /// The same, where it brings what an answer to a write said.
    pub(crate) async fn ask_after(
        &self,
        who: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
        after: Option<&str>,
    ) -> Answered {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
        request = match who.strip_prefix("token:") {
            Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None if who.is_empty() => request,
            None => request.header(WHO, who),
        };
        if let Some(after) = after {
            request = request.header("ombud-after", after);
        }
        let body = match body {
            None => Body::empty(),
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
        };
        let answer = self.routes.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        Answered { status, headers, body }
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Answered {
        self.ask(who, Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, who: &str, path: &str, body: Value) -> Answered {
        self.ask(who, Method::POST, path, Some(body)).await
    }

    /// The page that is answered to `who`.
    pub(crate) async fn page(&self, who: &str, path: &str) -> Page {
        let request = Request::get(path).header(header::HOST, "localhost").header(WHO, who);
        self.answered_page(request.body(Body::empty()).unwrap()).await
    }

    /// What is answered to a form of `who`'s, such as `action=confirm&caused=no`.
    pub(crate) async fn send_form(&self, who: &str, path: &str, form: &str) -> Page {
        let request = Request::post(path)
            .header(header::HOST, "localhost")
            .header(header::ORIGIN, "http://localhost")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(WHO, who);
        self.answered_page(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    async fn answered_page(&self, request: Request<Body>) -> Page {
        let answer = self.pages.clone().oneshot(request).await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        Page { status, headers, text: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// The records of complaints.feedback.
    pub(crate) fn verdicts(&self) -> Vec<Feedback> {
        self.records()
    }

    /// The records of console.audit.
    pub(crate) fn audit(&self) -> Vec<AuditEntry> {
        self.records()
    }

    /// The records of complaints.work.
    pub(crate) fn work(&self) -> Vec<WorkEvent> {
        self.records()
    }

    fn records<T: codec::Record>(&self) -> Vec<T> {
        let partition = TopicPartition::new(T::TOPIC.name(""), 0);
        let records = self.local.reader().unwrap().fetch(&partition, 0, Duration::ZERO).unwrap().records;
        records.iter().map(|record| codec::decode(record.value.as_deref().unwrap()).unwrap()).collect()
    }
}
