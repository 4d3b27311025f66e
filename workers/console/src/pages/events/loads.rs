//! What teams have to do, counted once for all streams that want to know, and at most once a second.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ombud_store::{DueCount, OpenCount, Worklist};
use ombud_stream::Outage;
use tokio::{
    sync::Mutex,
    task::JoinError,
    time::{Instant, sleep_until},
};

use crate::state::RequestState;

/// Counts of a process are this far apart: so much later may something be on the screen.
const COUNT_INTERVAL: Duration = Duration::from_secs(1);
/// And after a count that took long, at least so many times as long: counting takes a twentieth of one core. Over 100,000 open
/// items it takes some 20 ms, and three times as long where everything else is at work.
const REST: u32 = 20;
/// A count that is older says nothing: what was not due is due by now.
const LASTS: Duration = Duration::from_secs(30);
const DAY_MS: i64 = 86_400_000;

/// How much a team has to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TeamLoad {
    pub(super) open: u64,
    pub(super) due_today: u64,
    pub(super) overdue: u64,
    /// Another number says that something about it has changed.
    mark: i64,
}

/// By team.
pub(super) type Loads = BTreeMap<String, TeamLoad>;

/// The newest count.
#[derive(Default)]
pub(super) struct LoadBoard(Mutex<Option<Count>>);

struct Count {
    /// Of the view of which it is, or of a later one.
    edition: u64,
    began: Instant,
    /// No other begins before.
    next: Instant,
    loads: Arc<Loads>,
}

impl LoadBoard {
    /// What teams have to do by the view of `edition` or a later one, and by which.
    pub(super) async fn loads(
        &self,
        state: &Arc<RequestState>,
        edition: u64,
    ) -> Result<(u64, Arc<Loads>), Outage> {
        // Whoever waits for another's count finds it there.
        let mut newest = self.0.lock().await;
        if let Some(count) = &*newest {
            if count.edition >= edition && count.began.elapsed() < LASTS {
                return Ok((count.edition, Arc::clone(&count.loads)));
            }
            sleep_until(count.next).await;
        }
        let (began, of) = (Instant::now(), Arc::clone(state));
        let counted = tokio::task::spawn_blocking(move || {
            // Before the question: what comes meanwhile is counted again.
            let (edition, now) = (of.worklist_progress.edition(), of.clock.now_ms());
            count(&*of.worklist, now).map(|loads| (edition, loads))
        });
        let failed = |error: JoinError| Outage::passing("count what teams have to do", error.to_string());
        let (edition, loads) = counted.await.unwrap_or_else(|error| Err(failed(error)))?;
        let loads = Arc::new(loads);
        let next = began + COUNT_INTERVAL.max(began.elapsed() * REST);
        *newest = Some(Count { edition, began, next, loads: Arc::clone(&loads) });
        Ok((edition, loads))
    }
}

fn count(worklist: &dyn Worklist, now: i64) -> Result<Loads, Outage> {
    let open = worklist.open_counts()?.into_iter();
    let load = |OpenCount { team, open, mark }| (team, TeamLoad { open, mark, ..TeamLoad::default() });
    let mut loads: Loads = open.map(load).collect();
    // What is due is the last moment in time: one that ends the day is due today.
    for DueCount { team, overdue, due_soon } in worklist.due_counts(now, day_end(now))? {
        if let Some(load) = loads.get_mut(&team) {
            (load.overdue, load.due_today) = (overdue, due_soon);
        }
    }
    Ok(loads)
}

/// The end of the day of `now`, in UTC: as pages show moments.
fn day_end(now: i64) -> i64 {
    now - now.rem_euclid(DAY_MS) + DAY_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight() {
        assert_eq!([0, 1, DAY_MS - 1, DAY_MS, -1].map(day_end), [DAY_MS, DAY_MS, DAY_MS, 2 * DAY_MS, 0]);
    }
}
