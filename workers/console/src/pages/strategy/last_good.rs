//! Which version to go back to when the newest one does harm.

use ombud_contract::records::Strategy;
use ombud_models::{ActiveStrategy, Signature, Strategies, StrategyChange};

use super::has_served;
use crate::pages::RolloutLog;

/// The newest version before the newest of all that decided complaints, was not itself gone back from, names models that
/// may serve, and needs nobody else to be gone back to. `None` where there is no such version.
pub(super) fn last_good<'a>(log: &'a RolloutLog, by: &str, now_ms: i64) -> Option<&'a ActiveStrategy> {
    let all: Vec<&ActiveStrategy> = log.strategies.iter().map(AsRef::as_ref).collect();
    let was_left = left(&all);
    let (_, older) = all.split_last()?;
    older.iter().zip(&was_left).rev().find_map(|(older, was_left)| {
        let is_good = !was_left
            && has_served(&log.strategies, older, now_ms)
            && goes_back_alone(log, older.record.version, by, now_ms);
        is_good.then_some(*older)
    })
}

/// Of each version, whether it was gone back from: the one after it says again what one before it said. That one was not
/// gone back from itself, or somebody tries the same again.
fn left(all: &[&ActiveStrategy]) -> Vec<bool> {
    let mut left: Vec<bool> = Vec::with_capacity(all.len());
    for at in 0..all.len() {
        let is_again = |next: &&ActiveStrategy| {
            let mut before = all[..at].iter().zip(&left);
            before.any(|(older, left)| !left && is_alike(&older.record, &next.record))
        };
        let is_left = all.get(at + 1).is_some_and(is_again);
        left.push(is_left);
    }
    left
}

/// Whether both say the same, but for how many approvals they ask for.
fn is_alike(one: &Strategy, other: &Strategy) -> bool {
    let bounds = |of: &Strategy| (of.deadline_ms, of.amend_window_ms, of.audit_basis_points);
    bounds(one) == bounds(other) && one.tasks == other.tasks && one.routing == other.routing
}

/// Whether a version can be gone back to by one person alone.
fn goes_back_alone(log: &RolloutLog, version: i64, by: &str, now_ms: i64) -> bool {
    let RolloutLog { strategies, registry } = log;
    let signature = Signature { by: by.to_owned(), reason: None, now_ms, from: None };
    let change = StrategyChange::RollBack { to: Some(version) };
    let next = change.next(strategies, registry, &signature);
    next.is_ok_and(|next| strategies.gate_request(&next, registry, now_ms) == Ok(0))
}

/// Whether a version ever decided a complaint and is not the newest, so that one can go back to it.
pub(super) fn can_be_gone_back_to(strategies: &Strategies, version: &ActiveStrategy, now_ms: i64) -> bool {
    let newest = strategies.newest().map(|newest| newest.record.version);
    newest != Some(version.record.version) && has_served(strategies, version, now_ms)
}
