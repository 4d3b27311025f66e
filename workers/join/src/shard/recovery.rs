//! Taking a shard on: its changelog folded into cases, conflicts found, a new epoch claimed.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use ombud_contract::records::RoutedComplaint;

use crate::{
    counts::Counts,
    event::ChangelogRecord,
    limits::{CLOCKS_DIFFER_MS, JoinLimits},
    position::Position,
    rules::Rules,
    shard::{
        Shard,
        case::{Case, DurableRoute, Phase},
        cases::Cases,
        clock::LogClock,
        early::EarlyAnswers,
        erasures::Erasures,
        lease::Lease,
        marks::BulkMarks,
        offsets::Offsets,
        send_queue::SendQueue,
    },
};

/// The recovery of one shard: fold the changelog from [`Recovery::fold_from`] to its end, then [`Recovery::finish`].
#[derive(Debug)]
pub struct Recovery {
    limits: JoinLimits,
    partition: i32,
    found: Position,
    epoch: i64,
    routed_next: i64,
    amend_ms: i64,
    folded: BTreeMap<Arc<str>, FoldedCase>,
    foreign: u64,
}

/// What the changelog says about one complaint.
#[derive(Debug)]
enum FoldedCase {
    Routed {
        greatest: DurableRoute,
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
    pub fn new(
        limits: JoinLimits,
        partition: i32,
        found: Position,
        routed_next: i64,
        rules: &dyn Rules,
    ) -> Self {
        Self {
            limits,
            partition,
            epoch: found.meta.epoch,
            found,
            routed_next,
            amend_ms: rules.longest_amend_ms(),
            folded: BTreeMap::new(),
            foreign: 0,
        }
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
    pub fn fold(&mut self, offset: i64, appended_at: i64, body: ChangelogRecord) {
        self.routed_next = offset + 1;
        let amend_ms = self.amend_ms;
        match body {
            ChangelogRecord::Foreign => self.foreign += 1,
            ChangelogRecord::Tombstone(id) => {
                self.folded.insert(id, FoldedCase::Erased { offset, appended_at, conflict: false });
            }
            ChangelogRecord::Route(record) => {
                self.epoch = self.epoch.max(record.writer_epoch);
                let id: Arc<str> = record.complaint_id.as_str().into();
                match self.folded.entry(id) {
                    Entry::Vacant(free) => {
                        free.insert(FoldedCase::first(record, offset, appended_at));
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
        let meta = &self.found.meta;
        let mut shard = Shard {
            partition: self.partition,
            offsets: Offsets::resume(&self.found, self.routed_next, recovery_end),
            clock: LogClock::new(self.partition, meta.clock),
            marks: BulkMarks::resume(meta.marks.clone(), self.limits.bulk_mark_ms),
            cases: Cases::default(),
            early: EarlyAnswers::new(self.limits.early_cap),
            erasures: Erasures::default(),
            queue: SendQueue::default(),
            is_raw_paused: false,
            counts: Counts { foreign: self.foreign, ..Counts::default() },
            lease: Lease::claiming(self.found, self.epoch, now, &self.limits),
            limits: self.limits,
        };
        for (id, folded) in self.folded {
            shard.take_over(now, id, folded, rules);
        }
        shard
    }
}

impl FoldedCase {
    fn first(record: Arc<RoutedComplaint>, offset: i64, appended_at: i64) -> Self {
        Self::Routed { greatest: DurableRoute { record, offset }, appended_at, conflict: false }
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
                // Who reads the log holds whichever of two equals came first: only a greater one corrects that.
                *conflict = record.revision == greatest.record.revision && (*conflict || other);
                *greatest = DurableRoute { record, offset };
                *appended_at = at;
            }
        }
    }
}

impl Shard {
    fn take_over(&mut self, now: i64, id: Arc<str>, folded: FoldedCase, rules: &dyn Rules) {
        match folded {
            FoldedCase::Erased { offset, appended_at, conflict } => {
                self.erasures.note(&id, offset, appended_at);
                if conflict {
                    self.counts.repairs += 1;
                    self.queue.repair(&id);
                }
            }
            FoldedCase::Routed { greatest, appended_at, conflict } => {
                let case = Case::folded(greatest, appended_at, self.limits.partial_ms, rules);
                let over = matches!(case.phase, Phase::Closed { until } if until <= now);
                let outlived = case.greatest < self.clock.least_revision();
                if over && !conflict && outlived && case.raw_offset < self.lease.committed().raw {
                    return;
                }
                if conflict {
                    self.counts.repairs += 1;
                    self.queue.repair(&id);
                }
                self.cases.put(id, case);
            }
        }
    }
}
