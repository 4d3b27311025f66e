//! Whether the team that a verdict names is one: of the strategy in force, or of the one that routed the complaint.

use ombud_contract::{
    codec,
    records::{Feedback, RoutedComplaint},
};
use ombud_models::{ActiveStrategy, StrategyFeed};
use ombud_store::{CaseStore, Kind};
use ombud_stream::{Outage, Record};

/// How often the feed is read where it is too old; each time waits for 2 s at most.
const READINGS: usize = 5;

/// Whether the team that gets the complaint of `feedback` exists. `record` is where the verdict lies: a strategy that has
/// begun since counts as well, at `now_ms`, because its producer's clock may be late.
pub(crate) fn has_known_team(
    feedback: &Feedback,
    record: &Record,
    now_ms: i64,
    feed: &mut StrategyFeed,
    cases: &mut impl CaseStore,
) -> Result<bool, Outage> {
    let Some(team) = feedback.to_team.as_deref() else { return Ok(true) };
    for at in [record.appended_at.min(now_ms), now_ms] {
        match feed.in_force(|| at, READINGS)? {
            // Nobody has said which teams there are.
            None => return Ok(true),
            Some(strategy) if has(&strategy, team) => return Ok(true),
            Some(_) => {}
        }
    }
    let Some(route) = judged(feedback, cases)? else { return Ok(false) };
    let routed_by = feed.strategies().version(route.strategy_version);
    Ok(route.team == team
        || route.previous_team.as_deref() == Some(team)
        || routed_by.is_some_and(|strategy| has(strategy, team)))
}

fn has(strategy: &ActiveStrategy, team: &str) -> bool {
    strategy.routing.teams.contains_key(team)
}

/// The route that was judged, where it is archived and can be read.
fn judged(feedback: &Feedback, cases: &mut impl CaseStore) -> Result<Option<RoutedComplaint>, Outage> {
    let events = cases.case(&feedback.complaint_id)?;
    let route = events.iter().find(|event| event.kind == Kind::Routed && event.seq == feedback.revision);
    Ok(route.and_then(|event| codec::decode(&event.body).ok()))
}
