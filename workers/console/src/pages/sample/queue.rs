//! Which complaints of the audit sample wait for a judge, in an order of their own; and what two readers said about those that were
//! read twice.
//!
//! The order is by a hash of the judge's name and the complaint's id. It says nothing about a complaint, it stays, and two judges
//! rarely begin with the same one.

use ombud_contract::{ids::row_sha256, work::Phase};
use ombud_launch::guard::Caller;
use ombud_measure::case::CaseWithVerdicts;
use ombud_store::{ItemFilter, ItemOrder, WorkItem};

use super::{
    agreement::Agreement,
    reading::{Reading, TASKS, is_read_twice, pair, readings},
};
use crate::{
    blind::{has_seen, is_judge_of},
    cases::FoundCase,
    refused::Problem,
    state::RequestState,
};

/// The complaints that are listed: whoever takes one gets the next in its place.
pub(super) const LISTED: usize = 20;
/// The most that are read of what waits.
const MOST_WAITING: usize = 4_000;
/// The most that are looked at of what is judged, the latest changed first.
const MOST_JUDGED: usize = 2_000;
/// The most cases that are opened for what two readers said.
const MOST_CASES: usize = 200;
/// What is hashed first.
const ORDER: &str = "sample-order";
/// A complaint that the customer took back teaches nothing.
const STATES: [Phase; 4] = [Phase::Open, Phase::Acknowledged, Phase::Waiting, Phase::Answered];

/// A complaint in a judge's list: what anybody could know who has only the letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SampleEntry {
    pub(super) complaint_id: String,
    /// When it counts as received, in milliseconds since 1970.
    pub(super) received_at: i64,
}

/// The audit sample before one judge.
pub(super) struct Sample {
    /// Nobody has judged them.
    pub(super) waiting: Vec<SampleEntry>,
    /// There are more.
    pub(super) is_cut: bool,
    /// Another person has judged them, and a second reader is wanted.
    pub(super) second: Vec<SampleEntry>,
    /// By task, in the order of [`TASKS`].
    pub(super) agreement: Vec<(&'static str, Agreement)>,
    /// Those of which two readers said different things.
    pub(super) differing: Vec<String>,
}

/// Whether `caller` may read it blind now: they have not asked what the models said, and nobody has judged it, or it is to be read
/// twice and one other person has read it.
pub(super) fn is_open_to(caller: &Caller, found: &FoundCase, case: &CaseWithVerdicts) -> bool {
    match &found.item {
        _ if has_seen(caller, &found.events) => false,
        Some(item) if item.state == Phase::Withdrawn => false,
        Some(item) if item.needs_human => true,
        Some(_) => wants_second(caller, &found.complaint_id, case),
        None => false,
    }
}

fn wants_second(caller: &Caller, complaint_id: &str, case: &CaseWithVerdicts) -> bool {
    let newest = case.routes.iter().max_by_key(|route| route.revision);
    let Some(newest) = newest.filter(|_| is_read_twice(complaint_id)) else { return false };
    // A verdict is on what went to a team of one's own.
    if !is_judge_of(caller, &newest.team) {
        return false;
    }
    let of_text: Vec<Reading> =
        readings(case).into_iter().filter(|reading| reading.input == newest.input_sha256).collect();
    matches!(&of_text[..], [one] if one.judge != caller.signature(""))
}

impl Sample {
    /// Blocks.
    pub(super) fn of(state: &RequestState, caller: &Caller) -> Result<Self, Problem> {
        let mut teams: Vec<String> = state.worklist.counts()?.into_iter().map(|(team, ..)| team).collect();
        teams.dedup();
        teams.retain(|team| is_judge_of(caller, team));
        let mut sample = Self {
            waiting: Vec::new(),
            is_cut: false,
            second: Vec::new(),
            agreement: Vec::new(),
            differing: Vec::new(),
        };
        if !teams.is_empty() {
            let all =
                ItemFilter { teams, audit_sample: true, states: STATES.to_vec(), ..ItemFilter::default() };
            let waiting = ItemFilter { needs_human: true, ..all.clone() };
            let (waiting, is_cut) = read(state, &waiting, ItemOrder::Received, MOST_WAITING)?;
            sample.is_cut = is_cut;
            sample.waiting = unseen(state, caller, entries(caller, waiting))?;
            sample.add_judged(state, caller, &all)?;
        }
        Ok(sample)
    }

    fn add_judged(&mut self, state: &RequestState, caller: &Caller, all: &ItemFilter) -> Result<(), Problem> {
        let (items, _) = read(state, all, ItemOrder::Changed, MOST_JUDGED)?;
        let twice = |item: &WorkItem| !item.needs_human && is_read_twice(&item.complaint_id);
        let mut said: Vec<[Option<(String, String)>; TASKS.len()]> = Vec::new();
        let mut wanted = Vec::new();
        for item in items.into_iter().filter(twice).take(MOST_CASES) {
            let case = state.cases.find(&item.complaint_id)?;
            let readings = readings(&case);
            if let Some((first, second)) = pair(&readings) {
                let pairs =
                    TASKS.map(|task| first.labels.get(task).cloned().zip(second.labels.get(task).cloned()));
                if pairs.iter().flatten().any(|(first, second)| first != second) {
                    self.differing.push(item.complaint_id.clone());
                }
                said.push(pairs);
            } else if wants_second(caller, &item.complaint_id, &case) {
                wanted.push(item);
            }
        }
        self.second = entries(caller, wanted);
        self.agreement = TASKS
            .into_iter()
            .enumerate()
            .map(|(at, task)| {
                let pairs: Vec<(&str, &str)> = said
                    .iter()
                    .filter_map(|pairs| pairs[at].as_ref())
                    .map(|(first, second)| (first.as_str(), second.as_str()))
                    .collect();
                (task, Agreement::of(&pairs))
            })
            .collect();
        Ok(())
    }
}

/// Up to `most` items, and whether there are more. At once: each page would look through all that was not drawn again.
fn read(
    state: &RequestState,
    filter: &ItemFilter,
    order: ItemOrder,
    most: usize,
) -> Result<(Vec<WorkItem>, bool), Problem> {
    let page = state.worklist.page(filter, order, None, most)?;
    Ok((page.items, page.next.is_some()))
}

/// In the judge's own order, without anything that a model had a part in.
fn entries(caller: &Caller, items: Vec<WorkItem>) -> Vec<SampleEntry> {
    let entry =
        |item: WorkItem| SampleEntry { complaint_id: item.complaint_id, received_at: item.received_at };
    let mut entries: Vec<SampleEntry> = items.into_iter().map(entry).collect();
    entries.sort_by_cached_key(|entry| turn(caller.signature(""), &entry.complaint_id));
    entries
}

/// `entries` without those of which `caller` has asked what the models said, as far as a list shows them. Blocks.
fn unseen(
    state: &RequestState,
    caller: &Caller,
    entries: Vec<SampleEntry>,
) -> Result<Vec<SampleEntry>, Problem> {
    let mut unseen = Vec::with_capacity(entries.len());
    for entry in entries {
        if unseen.len() > LISTED || !has_seen(caller, &state.cases.events(&entry.complaint_id)?) {
            unseen.push(entry);
        }
    }
    Ok(unseen)
}

/// Where a complaint stands in a judge's order.
fn turn(judge: &str, complaint_id: &str) -> [u8; 32] {
    row_sha256(&[ORDER, judge, complaint_id].map(|part| Some(part.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_judge_has_an_order_of_their_own_and_it_stays() {
        let order = |judge: &str| {
            let mut ids: Vec<String> = (0..50).map(|number| format!("c-{number}")).collect();
            ids.sort_by_cached_key(|id| turn(judge, id));
            ids
        };
        assert_eq!(order("ann"), order("ann"));
        assert_ne!(order("ann")[..5], order("bob")[..5]);
        assert_ne!(order("ann"), (0..50).map(|number| format!("c-{number}")).collect::<Vec<_>>());
    }

    #[test]
    fn a_tenth_is_read_twice() {
        let twice = (0..10_000).filter(|number| is_read_twice(&format!("c-{number}"))).count();
        assert!((900..1_100).contains(&twice), "{twice}");
    }
}
