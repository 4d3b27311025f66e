//! Complaints that a tombstone erased: nothing may follow the tombstone, or compaction would keep it.

use std::{collections::BTreeMap, sync::Arc};

use crate::shard::{Shard, Turn};

/// The newest tombstone of a complaint.
#[derive(Clone, Debug)]
struct Tombstone {
    appended_at: i64,
    offset: i64,
    /// A route lies after the tombstone, so another tombstone is on its way (`true`: with the producer).
    rewriting: Option<bool>,
}

/// Another tombstone for a complaint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rewrite {
    /// No other one was on its way.
    is_first: bool,
    /// It is sent now; otherwise it waits.
    is_sent: bool,
}

/// The erased complaints that are remembered.
#[derive(Debug, Default)]
pub(super) struct Erasures {
    tombstones: BTreeMap<Arc<str>, Tombstone>,
}

impl Erasures {
    pub(super) fn contains(&self, id: &str) -> bool {
        self.tombstones.contains_key(id)
    }

    /// A tombstone lies at `offset`.
    pub(super) fn note(&mut self, id: &Arc<str>, offset: i64, appended_at: i64) {
        let new = Tombstone { appended_at, offset, rewriting: None };
        let tombstone = self.tombstones.entry(Arc::clone(id)).or_insert(new);
        (tombstone.appended_at, tombstone.offset) = (appended_at, offset);
    }

    /// A route lies after the tombstone of a complaint. `None` where the complaint is not erased.
    pub(super) fn rewrite(&mut self, id: &Arc<str>, may_write: bool) -> Option<Rewrite> {
        let tombstone = self.tombstones.get_mut(id)?;
        if tombstone.rewriting == Some(true) {
            // The one in flight may lie before the route: another follows it.
            return Some(Rewrite { is_first: false, is_sent: false });
        }
        let is_first = tombstone.rewriting.is_none();
        tombstone.rewriting = Some(may_write);
        Some(Rewrite { is_first, is_sent: may_write })
    }

    /// Whether the producer has a tombstone of the complaint.
    fn is_in_flight(&self, id: &Arc<str>) -> bool {
        self.tombstones.get(id).is_some_and(|tombstone| tombstone.rewriting == Some(true))
    }

    /// The producer has it no more; whether another is needed.
    fn landed(&mut self, id: &Arc<str>, once_more: bool) {
        if let Some(tombstone) = self.tombstones.get_mut(id) {
            tombstone.rewriting = once_more.then_some(false);
        }
    }

    /// Forgets what was appended before `since`, unless another tombstone is on its way.
    pub(super) fn forget_before(&mut self, since: i64) {
        self.tombstones
            .retain(|_, tombstone| tombstone.appended_at >= since || tombstone.rewriting.is_some());
    }

    /// The lowest offset of those that were appended at `since` or later.
    pub(super) fn lowest_since(&self, since: i64) -> Option<i64> {
        let binding = self.tombstones.values().filter(|tombstone| tombstone.appended_at >= since);
        binding.map(|tombstone| tombstone.offset).min()
    }
}

impl Shard {
    /// Forgets all of a complaint. What it held needs no route any more.
    pub(super) fn erase(&mut self, turn: &mut Turn<'_>, id: &Arc<str>, offset: i64, appended_at: i64) {
        self.erasures.note(id, offset, appended_at);
        let Some(case) = self.cases.take(id) else { return };
        self.release(&case.unsettled_raw, &case.unsettled_answers);
        if case.newest().is_some_and(|newest| newest.offset > offset) {
            // Acknowledged only now, so the changelog was read past it already.
            self.erase_again(turn, id);
        }
        for item in case.pending {
            self.take_pending(turn, item);
        }
    }

    /// Writes the tombstone once more, because a route came after it.
    pub(super) fn erase_again(&mut self, turn: &mut Turn<'_>, id: &Arc<str>) {
        let may_write = self.lease.allows_writing(turn.now);
        let Some(rewrite) = self.erasures.rewrite(id, may_write) else { return };
        self.counts.erased_again += u64::from(rewrite.is_first);
        if rewrite.is_sent {
            self.queue.send(id, None, turn.out);
        } else {
            self.queue.wait(id);
        }
    }

    /// The tombstone is durable, or its attempt failed.
    pub(super) fn on_tombstone_answered(&mut self, id: &Arc<str>, is_durable: bool) {
        if !self.erasures.is_in_flight(id) {
            return;
        }
        self.queue.answered();
        let once_more = !is_durable || self.queue.is_waiting(id);
        if once_more {
            self.queue.wait(id);
        }
        self.erasures.landed(id, once_more);
    }

    /// Forgets tombstones that are old and that the commit is past: what was appended before one stays void.
    pub(super) fn forget_tombstones(&mut self, turn: &Turn<'_>) {
        let remembered_since = turn.now - turn.rules.longest_amend_ms();
        self.erasures.forget_before(remembered_since.min(self.offsets.nothing_older_than()));
    }
}
