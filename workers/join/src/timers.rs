//! What time brings: deadlines, ages, the lease and the commit that renews it.

use std::sync::Arc;

use ombud_contract::records::Why;

use crate::{
    case::Phase,
    event::Effect,
    position::{Mark, Meta, Position},
    shard::{Asked, Shard, State, Turn, broken},
};

impl Shard {
    pub(crate) fn tick(&mut self, turn: &mut Turn<'_>) {
        if self.state == State::Live {
            if self.may_write(turn.now) {
                self.send_waiting(turn);
                self.fire_deadlines(turn);
            } else {
                self.counts.unleased += 1;
            }
            self.forget_the_old(turn.now);
        }
        if self.state != State::Revoked && self.asked.is_none() && turn.now >= self.next_commit_at {
            let position = self.position(turn.now);
            turn.out.push(Effect::Commit(position.clone()));
            self.asked = Some(Asked { at: turn.now, position });
        }
    }

    /// Routes what is overdue, once every prediction that was in the log by then has been looked at.
    fn fire_deadlines(&mut self, turn: &mut Turn<'_>) {
        let ignore_barrier = broken!(self, IgnoreBarrier);
        let mut ask = false;
        let mut fire: Vec<(Arc<str>, bool)> = Vec::new();
        for (deadline, id) in self.cases.due(turn.now) {
            let barrier = match self.cases.get(id).map(|case| &case.phase) {
                Some(Phase::Open { barrier, .. }) => *barrier,
                _ => None,
            };
            let seen = barrier.is_some_and(|barrier| self.predictions_next >= barrier);
            let capped = turn.now >= deadline + self.limits.hard_cap_ms;
            if seen || capped || ignore_barrier {
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

    /// Nothing is forgotten while raw is read again: it tells which of those records are routed already.
    fn forget_the_old(&mut self, now: i64) {
        if self.raw.next() < self.recovery_end {
            return;
        }
        while let Some((_, id)) = self.cases.first_to_expire().filter(|(until, _)| *until <= now).cloned() {
            self.counts.expired += 1;
            if let Some(case) = self.cases.take(&id) {
                self.outlive(case.greatest);
            }
        }
    }

    /// Forgets the oldest closed cases above the cap, but for those that a restart would need.
    fn make_room(&mut self) {
        let excess = self.cases.closed().saturating_sub(self.limits.closed_cap);
        for id in self.cases.forgettable(excess, self.committed.raw, self.least_revision()) {
            self.counts.evicted += 1;
            self.cases.take(&id);
        }
    }

    /// The commit is durable: the lease counts from when it was asked for.
    pub(crate) fn on_committed(&mut self, turn: &mut Turn<'_>) {
        let Some(Asked { at, position }) = self.asked.take() else { return };
        self.leased_from = Some(at);
        self.next_commit_at = at + self.limits.lease_ms / 3;
        if self.state == State::Claiming {
            self.state = State::Live;
            self.live_since = turn.now;
            let (raw, predictions) = (self.raw.next(), self.predictions_next);
            turn.out.push(Effect::Start { raw, predictions });
        }
        self.committed = position;
        if self.raw.next() >= self.recovery_end {
            self.make_room();
            self.forget_erased(turn);
        }
    }

    /// What may be committed at `now`; asked for by the shell when the shard is revoked.
    pub fn position(&mut self, now: i64) -> Position {
        self.settle_passed();
        let raw = self.raw.frontier();
        let oldest = self.unsettled_raw.get(&raw);
        let reread = oldest.map_or_else(|| self.reread_for(raw), |oldest| oldest.routed);
        let clock = oldest.map_or(self.clock, |oldest| oldest.clock);
        let pins = [self.cases.lowest_pin(), self.lowest_binding_tombstone()];
        let routed = pins.into_iter().flatten().fold(reread, i64::min);
        self.mark(now, raw);
        Position {
            raw,
            meta: Meta {
                epoch: self.epoch,
                predictions: self.predictions.frontier(),
                // A partial case that was folded from below is kept in memory and not pinned.
                routed: routed.max(self.committed.meta.routed),
                marks: self.marks.clone(),
                clock,
            },
        }
    }

    /// Where the route of the raw record at `offset` may lie at the earliest, when it is read now or later.
    pub(crate) fn reread_for(&self, offset: i64) -> i64 {
        if offset < self.recovery_end { self.inherited_rl } else { self.routed_next }
    }

    /// Notes how far raw had been read by now, while a bulk record may be waiting.
    fn mark(&mut self, now: i64, frontier: i64) {
        self.marks.retain(|mark| mark.offset > frontier);
        let next = self.raw.next();
        let due = self
            .marks
            .last()
            .is_none_or(|mark| next > mark.offset && now >= mark.read_at + self.limits.bulk_mark_ms);
        if due && self.newest_bulk >= frontier && next > frontier {
            self.marks.push(Mark { offset: next, read_at: now });
        }
    }
}
