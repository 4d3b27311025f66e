//! All cases of a shard, found by complaint, by deadline, by age and by what they pin in the changelog.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::shard::case::{Case, Phase};

/// The cases and their indexes. A case is changed by taking it out and putting it back, so no index can lag.
#[derive(Debug, Default)]
pub(super) struct Cases {
    /// Boxed: a tree moves what it holds when it grows, and a case is large.
    all: BTreeMap<Arc<str>, Box<Case>>,
    deadlines: BTreeSet<(i64, Arc<str>)>,
    expiries: BTreeSet<(i64, Arc<str>)>,
    pins: BTreeSet<(i64, Arc<str>)>,
}

impl Cases {
    pub(super) fn get(&self, id: &str) -> Option<&Case> {
        self.all.get(id).map(Box::as_ref)
    }

    pub(super) fn take(&mut self, id: &Arc<str>) -> Option<Box<Case>> {
        let case = self.all.remove(id)?;
        match case.phase {
            Phase::Open { deadline, .. } => self.deadlines.remove(&(deadline, Arc::clone(id))),
            Phase::Closed { until } => self.expiries.remove(&(until, Arc::clone(id))),
            Phase::Emitting { .. } => false,
        };
        if let Some(offset) = case.pin() {
            self.pins.remove(&(offset, Arc::clone(id)));
        }
        Some(case)
    }

    pub(super) fn put(&mut self, id: Arc<str>, case: impl Into<Box<Case>>) {
        let case = case.into();
        match case.phase {
            Phase::Open { deadline, .. } => self.deadlines.insert((deadline, Arc::clone(&id))),
            Phase::Closed { until } => self.expiries.insert((until, Arc::clone(&id))),
            Phase::Emitting { .. } => false,
        };
        if let Some(offset) = case.pin() {
            self.pins.insert((offset, Arc::clone(&id)));
        }
        self.all.insert(id, case);
    }

    /// Open cases whose deadline has passed, the longest overdue first.
    pub(super) fn due(&self, now: i64) -> impl Iterator<Item = &(i64, Arc<str>)> {
        self.deadlines.iter().take_while(move |(deadline, _)| *deadline <= now)
    }

    /// Notes how far predictions reached when the deadline of these cases had passed.
    pub(super) fn set_barriers(&mut self, end: i64, as_of: i64) {
        for (_, id) in self.deadlines.iter().take_while(|(deadline, _)| *deadline <= as_of) {
            if let Some(Phase::Open { barrier, .. }) = self.all.get_mut(id).map(|case| &mut case.phase) {
                barrier.get_or_insert(end);
            }
        }
    }

    /// The closed case that is forgotten first, with the time.
    pub(super) fn first_to_expire(&self) -> Option<&(i64, Arc<str>)> {
        self.expiries.first()
    }

    /// Up to `excess` closed cases, oldest first, that no restart reads again: their raw record lies below `raw`. And
    /// whose next submission is greater by its time alone: what they have is below `revision`.
    pub(super) fn forgettable(&self, excess: usize, raw: i64, revision: i64) -> Vec<Arc<str>> {
        let below = |case: &Case| case.raw_offset < raw && case.greatest < revision;
        let forgettable = |id: &&Arc<str>| self.get(id).is_some_and(below);
        self.expiries.iter().map(|(_, id)| id).filter(forgettable).take(excess).cloned().collect()
    }

    /// The lowest changelog offset that an amendment may still need.
    pub(super) fn lowest_pin(&self) -> Option<i64> {
        self.pins.first().map(|(offset, _)| *offset)
    }

    /// The raw offset and the deadline of every open case.
    #[cfg(any(test, feature = "simulation"))]
    pub(super) fn open_rounds(&self) -> impl Iterator<Item = (i64, i64)> {
        self.deadlines.iter().filter_map(|(deadline, id)| Some((self.all.get(id)?.raw_offset, *deadline)))
    }

    pub(super) fn open(&self) -> usize {
        self.deadlines.len()
    }

    pub(super) fn closed(&self) -> usize {
        self.expiries.len()
    }
}
