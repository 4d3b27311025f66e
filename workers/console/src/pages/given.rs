//! For tests of pages: a console whose log, worklist and operations are in memory, and whose persons a header names.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
    response::Response,
};
use ombud_contract::{
    catalogue::Topic,
    codec,
    records::{AuditEntry, Vulnerability},
    work::Phase,
};
use ombud_launch::{
    config::Settings,
    guard::{Caller, FindPerson, Guard, People, Person, PersonSource, Role, SignedIn, Teams},
    shutdown::Shutdown,
};
use ombud_models::{Description, StrategyChange};
use ombud_store::{
    CaseStore, DueCount, ItemFilter, ItemOrder, ItemPage, OpenCount, PageStart, WorkItem, Worklist,
    WorklistChange, WorklistPosition,
};
use ombud_stream::{ManualClock, Outage, Outgoing, Refused, Sink, TopicPartition};
use tower::ServiceExt as _;

use super::{
    ChangeDesk, ChangeRefusal, Examination, Known, OpenRequest, Operations, PageSources, RedrivenLetter,
    RolloutLog, SystemStatus,
};
use crate::{Console, Waiter, WorklistProgress, desk::ClaimLimits, worklist::PartitionProgress};

pub(crate) const NOW: i64 = 1_709_300_000_000;
/// Names a person: `anna/clerk/cards`, `*` for every team.
pub(crate) const WHO: &str = "x-who";

/// A log that keeps what is appended, unless it `is_full`.
#[derive(Clone, Default)]
pub(crate) struct MemoryLog {
    pub(crate) records: Arc<Mutex<Vec<Outgoing>>>,
    pub(crate) is_full: Arc<AtomicBool>,
}

impl Sink<Waiter> for MemoryLog {
    fn send(&mut self, record: Outgoing, token: Waiter) -> Result<(), Refused<Waiter>> {
        if self.is_full.load(Ordering::SeqCst) {
            let outage = Some(Outage::passing("append", "the disk is full"));
            return Err(Refused { record, token, outage });
        }
        let mut records = self.records.lock().unwrap();
        let place =
            (TopicPartition::new(Arc::clone(&record.topic), 0), i64::try_from(records.len()).unwrap());
        records.push(record);
        let _ = token.send(Ok(place));
        Ok(())
    }
}

/// A worklist of which there are counts and nothing else.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) open: Mutex<Vec<OpenCount>>,
    pub(crate) due: Mutex<Vec<DueCount>>,
    /// How often they were counted.
    pub(crate) counted: Mutex<u32>,
}

impl Worklist for Counts {
    fn apply(&self, _: &[WorklistChange], _: &[WorklistPosition]) -> Result<(), Outage> {
        Ok(())
    }

    fn positions(&self) -> Result<Vec<WorklistPosition>, Outage> {
        Ok(Vec::new())
    }

    fn page(
        &self,
        _: &ItemFilter,
        _: ItemOrder,
        _: Option<&PageStart>,
        _: usize,
    ) -> Result<ItemPage, Outage> {
        Ok(ItemPage { items: Vec::new(), next: None })
    }

    fn item(&self, _: &str) -> Result<Option<WorkItem>, Outage> {
        Ok(None)
    }

    fn search(&self, _: &str, _: usize) -> Result<Vec<WorkItem>, Outage> {
        Ok(Vec::new())
    }

    fn counts(&self) -> Result<Vec<(String, Phase, u64)>, Outage> {
        Ok(Vec::new())
    }

    fn open_counts(&self) -> Result<Vec<OpenCount>, Outage> {
        *self.counted.lock().unwrap() += 1;
        Ok(self.open.lock().unwrap().clone())
    }

    fn vulnerability_counts(&self) -> Result<Vec<(String, Vulnerability, u64)>, Outage> {
        Ok(Vec::new())
    }

    fn due_counts(&self, _: i64, _: i64) -> Result<Vec<DueCount>, Outage> {
        Ok(self.due.lock().unwrap().clone())
    }

    fn put_away(&self, _: i64, _: usize) -> Result<usize, Outage> {
        Ok(0)
    }

    fn is_damaged(&self) -> bool {
        false
    }

    fn clear(&self) -> Result<(), Outage> {
        Ok(())
    }
}

/// Says what a test has it say, and sends letters again that are among `letters`.
#[derive(Default)]
pub(crate) struct GivenOperations {
    pub(crate) status: Mutex<Option<SystemStatus>>,
    pub(crate) examination: Mutex<Examination>,
    pub(crate) fates: Mutex<Vec<RedrivenLetter>>,
    /// The ids that came to be sent.
    pub(crate) asked: Mutex<Vec<String>>,
    /// Whether `ombud doctor` was asked for.
    pub(crate) is_examined: AtomicBool,
}

impl Operations for GivenOperations {
    fn status(&self) -> Option<Known<SystemStatus>> {
        let status = self.status.lock().unwrap().clone();
        status.map(|what| Known { what, age: std::time::Duration::from_secs(2) })
    }

    fn examination(&self, ask: bool) -> Examination {
        self.is_examined.fetch_or(ask, Ordering::SeqCst);
        self.examination.lock().unwrap().clone()
    }

    fn redrive(
        &self,
        ids: &[String],
        record: &mut dyn FnMut(&[String]) -> Result<(), Outage>,
    ) -> Result<Vec<RedrivenLetter>, Outage> {
        let fates = self.fates.lock().unwrap().clone();
        let chosen: Vec<_> = fates.into_iter().filter(|letter| ids.contains(&letter.id)).collect();
        let sent = chosen.iter().filter(|letter| letter.fate == super::LetterFate::Sent);
        record(&sent.map(|letter| letter.id.clone()).collect::<Vec<_>>())?;
        self.asked.lock().unwrap().extend(ids.iter().cloned());
        Ok(chosen)
    }
}

struct NoChanges;

impl ChangeDesk for NoChanges {
    fn log(&self) -> Result<RolloutLog, Outage> {
        Err(Outage::passing("read models.strategy", "there is none"))
    }

    fn requests(&self) -> Result<Vec<OpenRequest>, ChangeRefusal> {
        unreachable!("no page of these tests lists requests")
    }

    fn description(&self, _: &str, _: &str) -> Option<Description> {
        None
    }

    fn ask(&self, _: StrategyChange, _: Option<String>, _: &Caller) -> Result<String, ChangeRefusal> {
        unreachable!("no page of these tests asks for a change")
    }

    fn publish(
        &self,
        _: StrategyChange,
        _: Option<String>,
        _: i64,
        _: &Caller,
    ) -> Result<i64, ChangeRefusal> {
        unreachable!("no page of these tests publishes a change")
    }

    fn approve(&self, _: &str, _: Option<i64>, _: &Caller) -> Result<Option<i64>, ChangeRefusal> {
        unreachable!("no page of these tests approves a change")
    }

    fn close(&self, _: &str, _: &Caller) -> Result<(), ChangeRefusal> {
        unreachable!("no page of these tests closes a request")
    }
}

/// The pages behind their guard, and what they stand on.
pub(crate) struct GivenPages {
    pub(crate) pages: Router,
    pub(crate) log: MemoryLog,
    pub(crate) worklist: Arc<Counts>,
    pub(crate) progress: WorklistProgress,
    pub(crate) operations: Arc<GivenOperations>,
    pub(crate) shutdown: Shutdown,
    /// Whoever a header names has signed out.
    pub(crate) is_out: Arc<AtomicBool>,
}

impl GivenPages {
    /// Where at most `streams` streams are open.
    pub(crate) fn open(streams: usize) -> Self {
        let (log, worklist, operations) = (MemoryLog::default(), Arc::default(), Arc::default());
        let (progress, shutdown) = (WorklistProgress::default(), Shutdown::default());
        let is_out = Arc::new(AtomicBool::new(false));
        let absent = || Outage::passing("open it", "there is none in this test");
        let console = Console {
            sink: Box::new(log.clone()),
            cases: Box::new(move || Err::<Box<dyn CaseStore>, _>(absent())),
            worklist: Arc::clone(&worklist) as Arc<dyn Worklist>,
            worklist_progress: progress.clone(),
            leases: Box::new(move || Err(absent())),
            limits: ClaimLimits::default(),
            trail: Box::new(move || Err(absent())),
            teams: Arc::new(|_| Ok(Some(["cards", "loans"].map(str::to_owned).into()))),
            clock: Arc::new(ManualClock::at(NOW)),
            prefix: String::new(),
            dates: None,
            explain: None,
            dossiers: None,
        };
        let sources = PageSources {
            changes: Arc::new(NoChanges),
            operations: Arc::clone(&operations) as Arc<dyn Operations>,
            alike: Arc::default(),
            quality: Arc::default(),
            shutdown: shutdown.clone(),
            event_streams: streams,
        };
        let gone = Arc::clone(&is_out);
        let find: FindPerson = Arc::new(move |headers: &HeaderMap| {
            let who = headers.get(WHO).filter(|_| !gone.load(Ordering::SeqCst));
            Ok(who.map(|who| person(who.to_str().unwrap())))
        });
        let people = Some(People { find, is_shared: false });
        let guard = Guard::with_people(&Settings::default().http, None, people).unwrap();
        let pages = console.with_pages(utoipa::openapi::OpenApi::default(), sources).pages;
        let pages = guard.around_desk(pages, super::refuse);
        Self { pages, log, worklist, progress, operations, shutdown, is_out }
    }

    /// What each team has open, with a mark; the worklist says that it has more.
    pub(crate) fn count(&self, open: &[(&str, u64, i64)]) {
        let counts = open.iter().map(|(team, open, mark)| OpenCount {
            team: (*team).to_owned(),
            open: *open,
            mark: *mark,
        });
        *self.worklist.open.lock().unwrap() = counts.collect();
        self.progress.advance([(TopicPartition::new("t", 0), PartitionProgress::default())]);
    }

    pub(crate) async fn ask(&self, who: &str, method: Method, path: &str, form: Option<&str>) -> Response {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
        if !who.is_empty() {
            request = request.header(WHO, who);
        }
        if form.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let body = form.map_or_else(Body::empty, |form| Body::from(form.to_owned()));
        self.pages.clone().oneshot(request.body(body).unwrap()).await.unwrap()
    }

    /// The page at `path`.
    pub(crate) async fn read(&self, who: &str, path: &str) -> (StatusCode, String) {
        text(self.ask(who, Method::GET, path, None).await).await
    }

    /// The records of console.audit.
    pub(crate) fn audit(&self) -> Vec<AuditEntry> {
        let records = self.log.records.lock().unwrap();
        let audit = records.iter().filter(|record| *record.topic == *Topic::Audit.name(""));
        audit.map(|record| codec::decode(record.value.as_deref().unwrap()).unwrap()).collect()
    }
}

pub(crate) async fn text(answer: Response) -> (StatusCode, String) {
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn person(who: &str) -> SignedIn {
    let [name, roles, teams] = who.split('/').collect::<Vec<_>>()[..] else { panic!("{who}") };
    let teams = if teams == "*" { Teams::All } else { Teams::listed(teams) };
    let roles = roles.split(',').map(|role| Role::named(role).unwrap()).collect();
    SignedIn { person: Person { name: name.into(), roles, teams }, source: PersonSource::Session }
}
