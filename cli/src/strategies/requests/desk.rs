//! Changes of the strategy as pages ask for them: what `/api/requests` and the commands do, by the same book.

use std::{
    sync::{Mutex, MutexGuard, PoisonError, TryLockError},
    time::{Duration, Instant},
};

use ombud_console::pages::{ChangeDesk, ChangeRefusal, OpenRequest, RolloutLog};
use ombud_launch::{config::Settings, guard::Caller};
use ombud_models::{Description, ModelStore, StrategyChange};
use ombud_stream::Outage;

use super::{
    Book, RequestBook, RequestDraft, RequestStatus, RequestView, port::status, refusal::RequestRefusal,
};
use crate::log::audit::Actor;

/// Pages show a log that was read within this time: several ask for it to answer one key. Whoever changes something is held
/// against the log itself.
const FRESH: Duration = Duration::from_secs(2);
/// While somebody else reads or publishes, pages show what was read within this time.
const USABLE: Duration = Duration::from_secs(30);

/// The book of this process, and the shelves of models that it can read.
pub(crate) struct StrategyDesk {
    book: Book,
    /// The log, and when it was read.
    read: Mutex<Option<(Instant, RolloutLog)>>,
    /// Its own, and the one that hosts share where there is one.
    shelves: Vec<ModelStore>,
}

impl StrategyDesk {
    /// Of `book`; `settings` say where models lie.
    pub(crate) fn new(book: Book, settings: &Settings) -> Self {
        let shared = Some(&settings.shared_models).filter(|shared| !shared.as_os_str().is_empty());
        let own = ModelStore::new(settings.data.join("models"));
        Self {
            book,
            read: Mutex::default(),
            shelves: std::iter::once(own).chain(shared.map(ModelStore::new)).collect(),
        }
    }

    fn read(&self) -> MutexGuard<'_, Option<(Instant, RolloutLog)>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log as it was read at most `age` ago.
    fn read_within(&self, age: Duration) -> Option<RolloutLog> {
        self.read().as_ref().filter(|(at, _)| at.elapsed() < age).map(|(_, log)| log.clone())
    }

    fn done<T>(
        &self,
        act: impl FnOnce(&mut RequestBook) -> Result<T, RequestRefusal>,
    ) -> Result<T, ChangeRefusal> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let done = act(&mut book);
        // Whoever changed something sees it on the next page.
        *self.read() = None;
        done.map_err(refused)
    }
}

fn refused(refusal: RequestRefusal) -> ChangeRefusal {
    ChangeRefusal { status: status(&refusal), text: format!("{:#}", anyhow::Error::from(refusal)) }
}

impl ChangeDesk for StrategyDesk {
    fn log(&self) -> Result<RolloutLog, Outage> {
        if let Some(log) = self.read_within(FRESH) {
            return Ok(log);
        }
        let mut book = match self.book.try_lock() {
            Ok(book) => book,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => match self.read_within(USABLE) {
                Some(log) => return Ok(log),
                None => self.book.lock().unwrap_or_else(PoisonError::into_inner),
            },
        };
        let began = Instant::now();
        let log = book.log().map_err(|error| match error.downcast() {
            Ok(outage) => outage,
            Err(error) => Outage::passing("read the strategies and the models", error),
        })?;
        let log = RolloutLog { strategies: log.strategies, registry: log.registry };
        *self.read() = Some((began, log.clone()));
        Ok(log)
    }

    fn requests(&self) -> Result<Vec<OpenRequest>, ChangeRefusal> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(book.list().map_err(refused)?.into_iter().map(open_request).collect())
    }

    fn description(&self, model_id: &str, version: &str) -> Option<Description> {
        self.shelves.iter().find_map(|shelf| shelf.description(model_id, version))
    }

    fn ask(
        &self,
        change: StrategyChange,
        reason: Option<String>,
        by: &Caller,
    ) -> Result<String, ChangeRefusal> {
        let (draft, actor) = signed(change, reason, by);
        Ok(self.done(|book| book.ask(&draft, &actor))?.request_id)
    }

    fn publish(
        &self,
        change: StrategyChange,
        reason: Option<String>,
        base: i64,
        by: &Caller,
    ) -> Result<i64, ChangeRefusal> {
        let (draft, actor) = signed(change, reason, by);
        self.done(|book| book.publish(&draft, base, &actor))
    }

    fn approve(&self, id: &str, from: Option<i64>, by: &Caller) -> Result<Option<i64>, ChangeRefusal> {
        let actor = Actor::of(by, "");
        Ok(self.done(|book| book.approve(id, &actor, from))?.strategy_version)
    }

    fn close(&self, id: &str, by: &Caller) -> Result<(), ChangeRefusal> {
        let actor = Actor::of(by, "");
        self.done(|book| book.close(id, &actor)).map(drop)
    }
}

fn signed(change: StrategyChange, reason: Option<String>, by: &Caller) -> (RequestDraft, Actor) {
    (RequestDraft { change, reason, by: String::new() }, Actor::of(by, ""))
}

fn open_request(view: RequestView) -> OpenRequest {
    OpenRequest {
        request_id: view.request_id,
        requested_by: view.requested_by,
        requested_at: view.requested_at,
        reason: view.reason,
        base_version: view.base_version,
        change: serde_json::from_value(view.change).ok(),
        approved_by: view.approved_by,
        approvals_needed: view.approvals_needed,
        is_stale: view.state == RequestStatus::Stale,
        problem: view.problem,
        differences: view.differences,
    }
}
