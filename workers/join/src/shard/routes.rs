//! Routes on their way: decided once, written while leased, the same bytes on every attempt, settled when durable.

use std::{mem, sync::Arc};

use ombud_contract::records::Why;

use crate::{
    revision,
    shard::{
        Shard, Turn,
        case::{Case, DurableRoute, Phase},
        compose::Writer,
    },
};

impl Shard {
    /// Decides the next route of `case` and sends it, now or with the next lease.
    pub(super) fn emit(&mut self, turn: &mut Turn<'_>, id: Arc<str>, mut case: Box<Case>, why: Why) {
        let Some(revision) = self.next_revision(&case) else {
            // So many routes of one submission are a fault elsewhere; the next submission begins a new count.
            self.counts.exhausted += 1;
            return self.close(turn, id, case);
        };
        (case.greatest, case.submitted) = (revision, None);
        let writer = Writer { partition: self.partition, epoch: self.lease.epoch(), now: turn.now, revision };
        let record = writer.compose(&id, &case, why, turn.rules);
        self.counts.route(why);
        case.phase = Phase::Emitting { record: Arc::new(record), in_flight: false };
        self.send(turn, id, case);
    }

    /// The revision of the next route of `case`; `None` where the numbers of its submission are used up.
    fn next_revision(&self, case: &Case) -> Option<i64> {
        match case.submitted {
            Some(ms) => Some(revision::first(ms, case.greatest, self.partition)),
            None => revision::next(case.greatest, self.partition),
        }
    }

    fn send(&mut self, turn: &mut Turn<'_>, id: Arc<str>, mut case: Box<Case>) {
        if let Phase::Emitting { record, in_flight } = &mut case.phase {
            *in_flight = self.lease.allows_writing(turn.now);
            if *in_flight {
                self.queue.send(&id, Some(Arc::clone(record)), turn.out);
            } else {
                self.queue.wait(&id);
            }
        }
        self.cases.put(id, case);
    }

    /// Sends what waits for a lease or for another attempt.
    pub(super) fn send_waiting(&mut self, turn: &mut Turn<'_>) {
        for id in self.queue.take_waiting() {
            if self.erasures.contains(&id) {
                self.erase_again(turn, &id);
            } else if let Some(case) = self.cases.take(&id) {
                self.send(turn, id, case);
            }
        }
        for id in self.queue.take_repairs() {
            if self.erasures.contains(&id) {
                self.erase_again(turn, &id);
            } else if let Some(case) = self.cases.take(&id) {
                match case.phase {
                    Phase::Closed { .. } => self.emit(turn, id, case, Why::Reconciled),
                    // A newer route is on its way, and will be the greatest and the last.
                    Phase::Open { .. } | Phase::Emitting { .. } => self.cases.put(id, case),
                }
            }
        }
        self.queue.send_waiting_letters(turn.out);
    }

    /// The route is durable: what it rests on settles, and what waited for it is taken up.
    pub(super) fn on_acked(&mut self, turn: &mut Turn<'_>, id: &Arc<str>, offset: i64) {
        if self.erasures.contains(id) {
            return self.on_tombstone_answered(id, true);
        }
        let Some(mut case) = self.cases.take(id) else { return };
        let Phase::Emitting { record, in_flight: true } = &case.phase else {
            return self.cases.put(Arc::clone(id), case);
        };
        self.queue.answered();
        case.routed = Some(DurableRoute { record: Arc::clone(record), offset });
        self.close(turn, Arc::clone(id), case);
    }

    fn close(&mut self, turn: &mut Turn<'_>, id: Arc<str>, mut case: Box<Case>) {
        let partial = case.routed.as_ref().is_some_and(|last| !last.record.missing_tasks.is_empty());
        if !partial {
            // They stand in the last record.
            case.decisions = Vec::new();
        }
        let remembered = if partial { self.limits.partial_ms } else { case.plan.amend_ms };
        case.phase = Phase::Closed { until: turn.now + remembered };
        self.release(&mem::take(&mut case.unsettled_raw), &mem::take(&mut case.unsettled_answers));
        let pending = mem::take(&mut case.pending);
        self.cases.put(id, case);
        for item in pending {
            self.take_pending(turn, item);
        }
    }

    /// The route may have been appended, or not: the same bytes again on the next tick.
    pub(super) fn on_failed(&mut self, id: &Arc<str>) {
        self.counts.retried += 1;
        if self.erasures.contains(id) {
            return self.on_tombstone_answered(id, false);
        }
        let Some(mut case) = self.cases.take(id) else { return };
        if let Phase::Emitting { in_flight, .. } = &mut case.phase
            && mem::replace(in_flight, false)
        {
            self.queue.answered();
            self.queue.wait(id);
        }
        self.cases.put(Arc::clone(id), case);
    }
}
