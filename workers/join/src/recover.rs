//! Taking a shard on: its changelog folded into cases, conflicts found, a new epoch claimed.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
};

use ombud_contract::records::RoutedComplaint;
use ombud_stream::Frontier;

use crate::{
    case::{Case, Last, Phase},
    cases::Cases,
    counts::Counts,
    early::Early,
    erased::Erased,
    event::Logged,
    limits::{CLOCKS_DIFFER_MS, Limits},
    position::Position,
    rules::Rules,
    shard::{Shard, State},
};

#[cfg(any(test, feature = "simulation"))]
use crate::mutation::Mutation;

/// The recovery of one shard: fold the changelog from [`Recovery::fold_from`] to its end, then [`Recovery::finish`].
#[derive(Debug)]
pub struct Recovery {
    limits: Limits,
    partition: i32,
    found: Position,
    epoch: i64,
    routed_next: i64,
    amend_ms: i64,
    folded: BTreeMap<Arc<str>, Folded>,
    foreign: u64,
    #[cfg(any(test, feature = "simulation"))]
    mutation: Option<Mutation>,
}

/// What the changelog says of one complaint.
#[derive(Debug)]
enum Folded {
    Routed {
        greatest: Last,
        appended_at: i64,
        /// Another route has the same revision, or a lesser one lies last.
        conflict: bool,
    },
    Erased {
        offset: i64,
        appended_at: i64,
        /// A route lies after the tombstone.
        conflict: bool,
    },
}

impl Recovery {
    /// Begins with the position that the group committed, or where configuration says that it starts: its epoch
    /// is 0 then. `routed_next` is where folding begins.
    pub fn new(limits: Limits, partition: i32, found: Position, routed_next: i64, rules: &dyn Rules) -> Self {
        Self {
            limits,
            partition,
            epoch: found.meta.epoch,
            found,
            routed_next,
            amend_ms: rules.longest_amend_ms(),
            folded: BTreeMap::new(),
            foreign: 0,
            #[cfg(any(test, feature = "simulation"))]
            mutation: None,
        }
    }

    /// Breaks a rule on purpose.
    #[cfg(any(test, feature = "simulation"))]
    #[must_use]
    pub fn breaking(self, mutation: Option<Mutation>) -> Self {
        Self { mutation, ..self }
    }

    /// Since when routed has to be read, whatever the position says: for as long as a complaint is remembered, and for
    /// what has a revision that the first raw record may not be above by its time.
    pub fn fold_since(found: &Position, now: i64, rules: &dyn Rules) -> i64 {
        let remembered = now - rules.longest_amend_ms();
        let clock = found.meta.clock;
        if clock == 0 { remembered } else { remembered.min(clock - CLOCKS_DIFFER_MS) }
    }

    /// Where routed has to be read from: `window` is the first offset since [`Recovery::fold_since`].
    pub fn fold_from(found: &Position, window: i64) -> i64 {
        found.meta.routed.min(window)
    }

    /// Takes in the next record of the changelog.
    pub fn fold(&mut self, offset: i64, appended_at: i64, body: Logged) {
        self.routed_next = offset + 1;
        let amend_ms = self.amend_ms;
        match body {
            Logged::Foreign => self.foreign += 1,
            Logged::Tombstone(id) => {
                self.folded.insert(id, Folded::Erased { offset, appended_at, conflict: false });
            }
            Logged::Route(record) => {
                self.epoch = self.epoch.max(record.writer_epoch);
                let id: Arc<str> = record.complaint_id.as_str().into();
                match self.folded.entry(id) {
                    Entry::Vacant(free) => {
                        free.insert(Folded::first(record, offset, appended_at));
                    }
                    Entry::Occupied(mut known) => {
                        known.get_mut().and(record, offset, appended_at, amend_ms);
                    }
                }
            }
        }
    }

    /// Notes that the changelog was read up to `next`, whatever lies behind its last record.
    pub fn reached(&mut self, next: i64) {
        self.routed_next = self.routed_next.max(next);
    }

    /// The shard, which asks for its claiming commit with the first tick. `recovery_end` is the end of raw: what
    /// lies below may have been routed by an earlier owner.
    pub fn finish(self, now: i64, recovery_end: i64, rules: &dyn Rules) -> Shard {
        #[cfg(any(test, feature = "simulation"))]
        let (found, epoch) = mutated(self.mutation, self.found, self.epoch);
        #[cfg(not(any(test, feature = "simulation")))]
        let (found, epoch) = (self.found, self.epoch + 1);
        let meta = &found.meta;
        let mut shard = Shard {
            partition: self.partition,
            epoch,
            state: State::Claiming,
            leased_from: None,
            fenced: false,
            asked: None,
            next_commit_at: now,
            inherited_rl: meta.routed,
            recovery_end,
            live_since: now,
            raw: Frontier::new(found.raw),
            predictions: Frontier::new(meta.predictions),
            predictions_next: meta.predictions,
            routed_next: self.routed_next,
            unsettled_raw: BTreeMap::new(),
            answered: BTreeMap::new(),
            in_hand: BTreeSet::new(),
            cases: Cases::default(),
            erased: BTreeMap::new(),
            early: Early::new(self.limits.early_cap),
            unsent: BTreeSet::new(),
            repairs: BTreeSet::new(),
            letters: BTreeMap::new(),
            unsent_letters: BTreeSet::new(),
            in_flight: 0,
            newest_bulk: meta.marks.last().map_or(-1, |mark| mark.offset - 1),
            newest_raw_at: i64::MIN,
            clock: meta.clock,
            marks: meta.marks.clone(),
            paused: false,
            counts: Counts { foreign: self.foreign, ..Counts::default() },
            committed: found,
            limits: self.limits,
            #[cfg(any(test, feature = "simulation"))]
            mutation: self.mutation,
        };
        for (id, folded) in self.folded {
            shard.take_over(now, id, folded, rules);
        }
        shard
    }
}

#[cfg(any(test, feature = "simulation"))]
fn mutated(mutation: Option<Mutation>, mut found: Position, epoch: i64) -> (Position, i64) {
    if mutation == Some(Mutation::SkipPredictions) {
        found.meta.predictions += 4;
    }
    let same = mutation == Some(Mutation::SameEpoch);
    (found, if same { epoch } else { epoch + 1 })
}

impl Folded {
    fn first(record: Arc<RoutedComplaint>, offset: i64, appended_at: i64) -> Self {
        Self::Routed { greatest: Last { record, offset }, appended_at, conflict: false }
    }

    /// A later record of the same complaint.
    fn and(&mut self, record: Arc<RoutedComplaint>, offset: i64, at: i64, amend_ms: i64) {
        match self {
            // While an erased complaint is remembered nobody begins a round: this route was under way.
            Self::Erased { appended_at, conflict, .. } if at < *appended_at + amend_ms => *conflict = true,
            Self::Erased { .. } => *self = Self::first(record, offset, at),
            Self::Routed { greatest, appended_at, conflict } => {
                if record.revision < greatest.record.revision {
                    *conflict = true;
                    return;
                }
                let other = record.route_id != greatest.record.route_id;
                // Who reads the log holds whichever of two equals came first: only a greater one mends that.
                *conflict = record.revision == greatest.record.revision && (*conflict || other);
                *greatest = Last { record, offset };
                *appended_at = at;
            }
        }
    }
}

impl Shard {
    fn take_over(&mut self, now: i64, id: Arc<str>, folded: Folded, rules: &dyn Rules) {
        match folded {
            Folded::Erased { offset, appended_at, conflict } => {
                self.erased.insert(Arc::clone(&id), Erased { since: appended_at, offset, rewriting: None });
                if conflict {
                    self.counts.repairs += 1;
                    self.repairs.insert(id);
                }
            }
            Folded::Routed { greatest, appended_at, conflict } => {
                let case = Case::folded(greatest, appended_at, self.limits.partial_ms, rules);
                let over = matches!(case.phase, Phase::Closed { until } if until <= now);
                let outlived = case.greatest < self.least_revision();
                if over && !conflict && outlived && case.raw_offset < self.committed.raw {
                    return;
                }
                if conflict {
                    self.counts.repairs += 1;
                    self.repairs.insert(Arc::clone(&id));
                }
                self.cases.put(id, case);
            }
        }
    }
}
