//! One browser's stream.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc, time::Duration};

use axum::response::sse::Event;
use ombud_launch::guard::{Caller, Recheck};
use serde::Serialize;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep, sleep_until},
};
use tracing::debug;

use super::{
    super::PageState,
    loads::{LoadBoard, Loads, TeamLoad},
};
use crate::worklist::WorklistChanges;

/// A proxy closes what is silent for longer, and a browser that is gone is noticed by it.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);
/// How often it is asked whether the caller may still know. Then what has become due by itself is counted, too.
const RECHECK_INTERVAL: Duration = Duration::from_secs(60);
/// After how long a browser opens a stream again that has ended.
const RETRY: Duration = Duration::from_secs(3);
/// The event's name.
const QUEUES: &str = "queues";

/// How much a team has to do, as a browser gets it.
#[derive(Serialize)]
struct Figures {
    open: u64,
    due_today: u64,
    overdue: u64,
}

#[derive(Serialize)]
struct Queues<'a> {
    teams: BTreeMap<&'a str, Figures>,
    changed: Vec<&'a str>,
}

/// A stream that is open.
pub(super) struct EventStream {
    state: Arc<PageState>,
    board: Arc<LoadBoard>,
    caller: Caller,
    recheck: Recheck,
    changes: WorklistChanges,
    /// What was sent last, by team; `None` before the first event.
    sent: Option<Loads>,
    /// The edition of the worklist that was counted last.
    counted: u64,
    /// The edition that is to be counted.
    wanted: Option<u64>,
    recheck_at: Instant,
    heartbeat_at: Instant,
    _place: OwnedSemaphorePermit,
}

impl EventStream {
    pub(super) fn new(
        state: Arc<PageState>,
        board: Arc<LoadBoard>,
        caller: Caller,
        recheck: Recheck,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let (now, progress) = (Instant::now(), &state.api.worklist_progress);
        let (changes, wanted) = (progress.changes(), Some(progress.edition()));
        Self {
            state,
            board,
            caller,
            recheck,
            changes,
            sent: None,
            counted: 0,
            wanted,
            recheck_at: now + RECHECK_INTERVAL,
            heartbeat_at: now + HEARTBEAT_INTERVAL,
            _place: place,
        }
    }

    /// What is sent next, and the stream behind it; `None` at its end.
    pub(super) async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        let shutdown = self.state.sources.shutdown.clone();
        let event = tokio::select! {
            biased;
            () = shutdown.asked() => None,
            event = self.event() => event,
        };
        event.map(|event| (Ok(event), self))
    }

    async fn event(&mut self) -> Option<Event> {
        loop {
            tokio::select! {
                biased;
                () = sleep_until(self.heartbeat_at) => {
                    self.heartbeat_at = Instant::now() + HEARTBEAT_INTERVAL;
                    return Some(Event::default().comment(""));
                }
                () = sleep_until(self.recheck_at) => {
                    self.recheck_at = Instant::now() + RECHECK_INTERVAL;
                    self.caller = self.recheck.caller().await?;
                    self.wanted = Some(self.counted);
                }
                // Under way, it is not restarted by what comes meanwhile.
                loads = count(&self.board, &self.state, self.wanted) => {
                    self.wanted = None;
                    let Some((edition, loads)) = loads else { continue };
                    self.counted = edition;
                    if let Some(event) = self.event_of(&loads) {
                        self.heartbeat_at = Instant::now() + HEARTBEAT_INTERVAL;
                        return Some(event);
                    }
                }
                edition = self.changes.after(self.counted), if self.wanted.is_none() => {
                    self.wanted = Some(edition);
                }
            }
        }
    }

    /// The event of `loads`; nothing where the caller knows all of it.
    fn event_of(&mut self, loads: &Loads) -> Option<Event> {
        let seen = loads.iter().filter(|(team, _)| self.caller.sees(team));
        let mut now: Loads = seen.map(|(team, load)| (team.clone(), load.clone())).collect();
        // A team that has nothing open any more is in no count.
        for team in self.sent.iter().flat_map(BTreeMap::keys).filter(|team| self.caller.sees(team)) {
            now.entry(team.clone()).or_default();
        }
        let before = self.sent.replace(now);
        let now = self.sent.as_ref()?;
        let changed: Vec<&str> = match &before {
            None => Vec::new(),
            Some(before) => {
                let teams = now.iter().filter(|(team, load)| before.get(*team) != Some(*load));
                teams.map(|(team, _)| team.as_str()).collect()
            }
        };
        if before.is_some() && changed.is_empty() {
            return None;
        }
        let figures =
            |load: &TeamLoad| Figures { open: load.open, due_today: load.due_today, overdue: load.overdue };
        let teams = now.iter().map(|(team, load)| (team.as_str(), figures(load))).collect();
        let event = Event::default().event(QUEUES).retry(RETRY).json_data(Queues { teams, changed });
        event.inspect_err(|error| debug!(%error, "an event was not written")).ok()
    }
}

/// What teams have to do by the edition that is `wanted` or a later one, and by which; never, where none is.
async fn count(board: &LoadBoard, state: &PageState, wanted: Option<u64>) -> Option<(u64, Arc<Loads>)> {
    let Some(edition) = wanted else { return std::future::pending().await };
    match board.loads(&state.api, edition).await {
        Ok(counted) => Some(counted),
        Err(outage) => {
            // Whoever keeps the worklist reports it.
            debug!(%outage, "the queues were not counted");
            sleep(RETRY).await;
            None
        }
    }
}
