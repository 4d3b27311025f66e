//! What teams are called, as the strategy in force says: pages show names, records have ids.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use tokio::task::spawn_blocking;

use super::PageState;

/// How long names are shown before they are looked up again: a team is renamed once in years.
const FRESH_MS: i64 = 10_000;

/// The name of each team by its id. A team without a name is called by its id.
#[derive(Clone, Debug, Default)]
pub(crate) struct TeamNames(Arc<BTreeMap<String, String>>);

impl TeamNames {
    /// What `team` is called.
    pub(crate) fn of<'a>(&'a self, team: &'a str) -> &'a str {
        self.0.get(team).map_or(team, |name| name)
    }
}

/// The names that were looked up last.
#[derive(Debug, Default)]
pub(crate) struct KnownNames(RwLock<Option<(i64, TeamNames)>>);

impl KnownNames {
    /// The names now. Where the strategy can't be read, those of before.
    pub(crate) async fn now(pages: &Arc<PageState>) -> TeamNames {
        let now_ms = pages.api.clock.now_ms();
        let known = pages.names.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some((at, names)) if now_ms.abs_diff(at) < FRESH_MS as u64 => return names,
            _ => {}
        }
        let asked = Arc::clone(pages);
        let read = spawn_blocking(move || {
            let log = asked.sources.changes.log().ok()?;
            let in_force = log.strategies.at(now_ms)?;
            Some(TeamNames(Arc::new(in_force.routing.teams.clone().into_iter().collect())))
        });
        let Some(names) = read.await.ok().flatten() else {
            return known.map(|(_, names)| names).unwrap_or_default();
        };
        *pages.names.0.write().unwrap_or_else(PoisonError::into_inner) = Some((now_ms, names.clone()));
        names
    }
}
