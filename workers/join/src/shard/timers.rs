//! What time brings: deadlines, ages, the lease and the commit that renews it.

use std::sync::Arc;

use ombud_contract::records::Why;

use crate::{
    event::Effect,
    position::{Meta, Position},
    shard::{Shard, Turn, case::Phase, lease::Renewal},
};

impl Shard {
    pub(super) fn tick(&mut self, turn: &mut Turn<'_>) {
        if self.lease.is_live() {
            if self.lease.allows_writing(turn.now) {
                self.send_waiting(turn);
                self.fire_deadlines(turn);
            } else {
                self.counts.unleased += 1;
            }
            self.forget_the_old(turn.now);
        }
        if self.lease.is_commit_due(turn.now) {
            let position = self.position(turn.now);
            turn.out.push(Effect::Commit(position.clone()));
            self.lease.request_commit(turn.now, position);
        }
    }

    /// Routes what is overdue, once every prediction that was in the log by then has been looked at.
    fn fire_deadlines(&mut self, turn: &mut Turn<'_>) {
        let mut ask = false;
        let mut fire: Vec<(Arc<str>, bool)> = Vec::new();
        for (deadline, id) in self.cases.due(turn.now) {
            let barrier = match self.cases.get(id).map(|case| &case.phase) {
                Some(Phase::Open { barrier, .. }) => *barrier,
                _ => None,
            };
            let seen = barrier.is_some_and(|barrier| self.offsets.predictions_next() >= barrier);
            let capped = turn.now >= deadline + self.limits.hard_cap_ms;
            if seen || capped {
                fire.push((Arc::clone(id), !seen));
            } else {
                ask |= barrier.is_none();
            }
        }
        if ask {
            turn.out.push(Effect::AskPredictionsEnd);
        }
        for (id, capped) in fire {
            if let Some(case) = self.cases.take(&id) {
                self.counts.hard_capped += u64::from(capped);
                self.emit(turn, id, case, Why::Deadline);
            }
        }
    }

    /// Nothing is forgotten while raw is read again: what is remembered shows which of those records are routed already.
    fn forget_the_old(&mut self, now: i64) {
        if self.offsets.is_rereading() {
            return;
        }
        while let Some((_, id)) = self.cases.first_to_expire().filter(|(until, _)| *until <= now).cloned() {
            self.counts.expired += 1;
            if let Some(case) = self.cases.take(&id) {
                self.clock.outlive(case.greatest);
            }
        }
    }

    /// Forgets the oldest closed cases above the cap, but for those that a restart would need.
    fn make_room(&mut self) {
        let excess = self.cases.closed().saturating_sub(self.limits.closed_cap);
        for id in self.cases.forgettable(excess, self.lease.committed().raw, self.clock.least_revision()) {
            self.counts.evicted += 1;
            self.cases.take(&id);
        }
    }

    /// The commit is durable. The claiming one makes the shard live, and each shows what may be forgotten.
    pub(super) fn on_committed(&mut self, turn: &mut Turn<'_>) {
        let Some(renewal) = self.lease.commit_acked(turn.now) else { return };
        if renewal == Renewal::Claimed {
            let (raw, predictions) = (self.offsets.raw_next(), self.offsets.predictions_next());
            turn.out.push(Effect::Start { raw, predictions });
        }
        if !self.offsets.is_rereading() {
            self.make_room();
            self.forget_tombstones(turn);
        }
    }

    /// What may be committed at `now`; asked for by the loop when the shard is revoked.
    pub fn position(&mut self, now: i64) -> Position {
        self.offsets.settle_passed();
        let raw = self.offsets.raw_frontier();
        let binding = self.erasures.lowest_since(self.offsets.nothing_older_than());
        let pins = [self.cases.lowest_pin(), binding];
        let routed = pins.into_iter().flatten().fold(self.offsets.least_routed(), i64::min);
        Position {
            raw,
            meta: Meta {
                epoch: self.lease.epoch(),
                predictions: self.offsets.predictions_frontier(),
                // A partial case that was folded from below is kept in memory and not pinned.
                routed: routed.max(self.lease.committed().meta.routed),
                marks: self.marks.update(now, raw, self.offsets.raw_next()),
                clock: self.offsets.clock_at_frontier(self.clock.now()),
            },
        }
    }
}
