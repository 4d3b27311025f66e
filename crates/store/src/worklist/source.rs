//! What an item is made of: the newest route of a complaint, the verdicts on it, and what was done. Pure; every order of
//! arrival ends alike, and what comes again changes nothing.
//!
//! A complaint may lie in two partitions of complaints.routed. Of each partition the newest route counts; a record without
//! a value takes back those of its own partition, as the joiner of that partition does. Within a partition the log's order
//! is kept by whoever reads it.

use std::collections::BTreeMap;

use ombud_contract::{
    records::{Clock, Vulnerability, WorkEvent, WorkKind},
    work::{Phase, Work},
};
use serde::{Deserialize, Serialize};

use super::{
    ItemClock, WorkItem, WorklistChange, by_id,
    corrections::{Corrections, VerdictSummary},
    route_summary::RouteSummary,
};

/// How a clock stands after the work that was done. `crates/models` says it; the console brings both together.
pub type ReadClock = dyn Fn(&Clock, &Work) -> ItemClock + Send + Sync;

/// All that is known of one complaint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ItemSource {
    /// The newest route of each partition.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "by_id")]
    pub routes: BTreeMap<i32, RouteSummary>,
    /// Every verdict, by its id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "by_id")]
    pub verdicts: BTreeMap<String, VerdictSummary>,
    /// Everything that was done, by its id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "by_id")]
    pub work: BTreeMap<String, WorkEvent>,
}

impl ItemSource {
    /// Takes one change of this complaint.
    pub fn take(&mut self, change: &WorklistChange) {
        match change {
            WorklistChange::Route(route) => {
                let route = RouteSummary::of(route);
                let known = self.routes.get(&route.partition);
                if known.is_none_or(|known| route.is_newer_than(known)) {
                    self.routes.insert(route.partition, route);
                }
            }
            WorklistChange::Erased { partition, .. } => {
                self.routes.remove(partition);
                if self.routes.is_empty() {
                    *self = Self::default();
                }
            }
            WorklistChange::Verdict(feedback) => {
                let verdict = VerdictSummary::of(feedback);
                keep(&mut self.verdicts, verdict.feedback_id.clone(), verdict, |one, other| one > other);
            }
            WorklistChange::Work(event) => {
                // As the fold has it.
                let is_earlier =
                    |one: &WorkEvent, other: &WorkEvent| (one.done_at, one) < (other.done_at, other);
                keep(&mut self.work, event.work_id.clone(), (**event).clone(), is_earlier);
            }
        }
    }

    /// Nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The item, where the complaint is routed.
    pub fn item(&self, complaint_id: &str, read_clock: &ReadClock) -> Option<WorkItem> {
        let newest = self.routes.values().reduce(|one, other| match other.is_newer_than(one) {
            true => other,
            false => one,
        })?;
        Some(self.item_of(complaint_id, newest, read_clock))
    }

    fn item_of(&self, complaint_id: &str, route: &RouteSummary, read_clock: &ReadClock) -> WorkItem {
        let newest = route.newest();
        let submission_from = newest.submission_from;
        let events: Vec<WorkEvent> = self.work.values().cloned().collect();
        let work = Work::fold(&events, Some(newest));
        let corrections = Corrections::of(self.verdicts.values(), submission_from);
        let clocks = clocks(route, &work, read_clock);
        let due = clocks.iter().filter(|clock| clock.met_at.is_none()).map(|clock| clock.due).min();
        let decided = self.verdicts.values().map(|verdict| (verdict.revision, verdict.decided_at));
        let done = self.work.values().map(|event| (event.revision, event.done_at));
        let since = decided.chain(done).filter(|(revision, _)| *revision >= submission_from);
        let changed_at = since.map(|(_, at)| at).fold(route.routed_at, i64::max);
        let vulnerability: Vulnerability = corrections.vulnerability.unwrap_or(route.vulnerability);
        let corrected =
            |by_people: Option<&str>, said: &Option<String>| by_people.map(str::to_owned).or(said.clone());
        WorkItem {
            complaint_id: complaint_id.to_owned(),
            team: corrections.team.unwrap_or(&route.team).to_owned(),
            state: state(work.phase, corrections.is_no_complaint),
            due,
            clocks,
            revision: route.revision,
            route_id: route.route_id.clone(),
            priority: route.priority,
            vulnerability,
            vulnerability_judged: corrections.vulnerability.is_some()
                // To confirm POSSIBLE says neither yes nor no.
                || (corrections.flag_is_confirmed && vulnerability != Vulnerability::Possible),
            needs_human: route.needs_human && !corrections.is_judged,
            human_reasons: route.human_reasons.clone(),
            audit_sample: route.audit_sample,
            product: corrected(corrections.product, &route.product),
            issue: corrected(corrections.issue, &route.issue),
            legal_entity: route.legal_entity.clone(),
            customer_ref: route.customer_ref.clone(),
            external_ref: route.external_ref.clone(),
            received_at: route.received_at,
            changed_at,
            out_of_order: u32::try_from(work.out_of_order()).unwrap_or(u32::MAX),
            claimed_by: work.claimed_by.map(|(actor, _)| actor),
        }
    }
}

/// Keeps `new` under `id`. Other producers write these topics too: of two records with one id, the same stays whichever came
/// first.
fn keep<T>(known: &mut BTreeMap<String, T>, id: String, new: T, stays: impl Fn(&T, &T) -> bool) {
    if known.get(&id).is_none_or(|old| stays(&new, old)) {
        known.insert(id, new);
    }
}

fn state(phase: Phase, is_no_complaint: bool) -> Phase {
    if is_no_complaint && phase.is_open() { Phase::Answered } else { phase }
}

/// The clocks that the route names; of one from before there were rules, its two moments.
fn clocks(route: &RouteSummary, work: &Work, read_clock: &ReadClock) -> Vec<ItemClock> {
    if route.withdrawn {
        return Vec::new();
    }
    let old = [("resolve_by", route.resolve_by), ("final_response_by", route.final_response_by)];
    let old = old.into_iter().filter_map(|(name, due)| Some(old_clock(name, due?, work)));
    old.chain(route.clocks.iter().map(|clock| read_clock(clock, work))).collect()
}

/// A moment by which the complaint had to be answered; nothing extends it.
fn old_clock(name: &str, due: i64, work: &Work) -> ItemClock {
    let answers = |kind: WorkKind| matches!(kind, WorkKind::FinalResponse | WorkKind::SummaryResolution);
    ItemClock {
        name: name.to_owned(),
        due,
        met_at: work.done().find(|(kind, _)| answers(*kind)).map(|(_, at)| at),
        rule: String::new(),
        calendar: None,
        beyond_calendar: false,
    }
}

#[cfg(test)]
mod tests;
