//! Which teams there are, for whatever takes verdicts: read from the log when it is needed.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ombud_console::KnownTeams;
use ombud_contract::catalogue::Topic;
use ombud_models::StrategyFeed;
use ombud_stream::{Clock, Outage};

use crate::log::backend::{READER, View};

/// How long one read of models.strategy may take.
const STRATEGY_TIMEOUT: Duration = Duration::from_secs(1);
/// How often it is read where the last answer is too old.
const READ_ATTEMPTS: usize = 3;

/// The teams that the log's strategies name; `prefix` is what all topics' names begin with.
pub(crate) fn known_teams(view: View, prefix: &str, clock: Arc<dyn Clock>) -> KnownTeams {
    let topic = Topic::Strategy.name(prefix);
    let feed: Mutex<Option<StrategyFeed>> = Mutex::new(None);
    Arc::new(move |version| {
        let mut feed = feed.lock().unwrap_or_else(PoisonError::into_inner);
        // Opened when it is needed first: the log may be down at the start.
        let feed = match &mut *feed {
            Some(feed) => feed,
            none => {
                let reader = view.reader_within(READER, STRATEGY_TIMEOUT).map_err(unread)?;
                none.insert(StrategyFeed::new(reader, &topic, Arc::clone(&clock)))
            }
        };
        teams(feed, version, &*clock)
    })
}

/// Whether any strategy so far has a team of a name; every name where no strategy is published.
pub(crate) fn team_exists(
    view: View,
    prefix: &str,
    clock: Arc<dyn Clock>,
) -> impl FnMut(&str) -> Result<bool, Outage> {
    let topic = Topic::Strategy.name(prefix);
    let mut feed: Option<StrategyFeed> = None;
    move |team| {
        let feed = match &mut feed {
            Some(feed) => feed,
            none => {
                let reader = view.reader_within(READER, STRATEGY_TIMEOUT).map_err(unread)?;
                none.insert(StrategyFeed::new(reader, &topic, Arc::clone(&clock)))
            }
        };
        if feed.in_force(|| clock.now_ms(), READ_ATTEMPTS)?.is_none() {
            return Ok(true);
        }
        Ok(feed.strategies().iter().any(|strategy| strategy.routing.teams.contains_key(team)))
    }
}

/// Those of the strategy in force and of that of `version`; `None` where no strategy is published.
fn teams(
    feed: &mut StrategyFeed,
    version: i64,
    clock: &dyn Clock,
) -> Result<Option<BTreeSet<String>>, Outage> {
    let Some(in_force) = feed.in_force(|| clock.now_ms(), READ_ATTEMPTS)? else { return Ok(None) };
    let routed_by = feed.strategies().version(version);
    let strategies = [Some(&in_force), routed_by].into_iter().flatten();
    Ok(Some(strategies.flat_map(|one| one.routing.teams.keys().cloned()).collect()))
}

fn unread(error: anyhow::Error) -> Outage {
    match error.downcast() {
        Ok(outage) => outage,
        Err(error) => Outage::passing("read models.strategy", error),
    }
}
