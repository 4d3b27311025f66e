//! A complaint that a tombstone erased: nothing may follow the tombstone, or compaction would keep it.

use std::sync::Arc;

use crate::{
    event::Effect,
    limits::CLOCKS_DIFFER_MS,
    shard::{Shard, Turn, broken},
};

/// An erased complaint.
#[derive(Clone, Debug)]
pub(crate) struct Erased {
    /// When the newest tombstone was appended.
    pub(crate) since: i64,
    /// Where that one lies.
    pub(crate) offset: i64,
    /// A route lies after the tombstone, so another tombstone is on its way (`true`: with the producer).
    pub(crate) rewriting: Option<bool>,
}

impl Shard {
    /// Forgets all of a complaint. What it held needs no route any more.
    pub(crate) fn erase(&mut self, turn: &mut Turn<'_>, id: &Arc<str>, offset: i64, appended_at: i64) {
        let entry = Erased { since: appended_at, offset, rewriting: None };
        let entry = self.erased.entry(Arc::clone(id)).or_insert(entry);
        (entry.since, entry.offset) = (appended_at, offset);
        let Some(case) = self.cases.take(id) else { return };
        self.release(&case.held_raw, &case.held_answers);
        if case.last().is_some_and(|last| last.offset > offset) {
            // Acknowledged only now, so the tail has passed it already.
            self.erase_again(turn, id);
        }
        for waiting in case.pending {
            self.take_waiting(turn, waiting);
        }
    }

    /// Writes the tombstone once more, because a route came after it.
    pub(crate) fn erase_again(&mut self, turn: &mut Turn<'_>, id: &Arc<str>) {
        if broken!(self, NoSecondTombstone) {
            return;
        }
        let may_write = self.may_write(turn.now);
        let Some(erased) = self.erased.get_mut(id) else { return };
        if erased.rewriting == Some(true) {
            // The one in flight may lie before the route: another follows it.
            self.unsent.insert(Arc::clone(id));
            return;
        }
        self.counts.erased_again += u64::from(erased.rewriting.is_none());
        erased.rewriting = Some(may_write);
        if may_write {
            self.in_flight += 1;
            turn.out.push(Effect::Route { complaint_id: Arc::clone(id), record: None });
        } else {
            self.unsent.insert(Arc::clone(id));
        }
    }

    /// Forgets tombstones that are old and that the commit is past: what was appended before one stays void.
    pub(crate) fn forget_erased(&mut self, turn: &Turn<'_>) {
        let before = (turn.now - turn.rules.longest_amend_ms()).min(self.oldest_unsettled_at());
        self.erased.retain(|_, erased| erased.since >= before || erased.rewriting.is_some());
    }

    /// The first tombstone that makes raw records void which are not settled yet.
    pub(crate) fn lowest_binding_tombstone(&self) -> Option<i64> {
        let oldest = self.oldest_unsettled_at();
        self.erased.values().filter(|erased| erased.since >= oldest).map(|erased| erased.offset).min()
    }

    /// No raw record that is unsettled or unread was appended before, though the log's clock may have gone back.
    fn oldest_unsettled_at(&self) -> i64 {
        let oldest = self.unsettled_raw.get(&self.raw.frontier());
        oldest.map_or(self.newest_raw_at, |oldest| oldest.appended_at).saturating_sub(CLOCKS_DIFFER_MS)
    }

    /// The tombstone is durable, or its attempt failed.
    pub(crate) fn on_tombstone_answered(&mut self, id: &Arc<str>, durable: bool) {
        let Some(erased) = self.erased.get_mut(id).filter(|erased| erased.rewriting == Some(true)) else {
            return;
        };
        self.in_flight -= 1;
        let once_more = !durable || self.unsent.contains(id);
        erased.rewriting = once_more.then_some(false);
        if once_more {
            self.unsent.insert(Arc::clone(id));
        }
    }
}
