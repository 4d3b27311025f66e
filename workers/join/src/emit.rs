//! Routes on their way: decided once, written while leased, the same bytes on every attempt, settled when durable.

use std::{mem, sync::Arc};

use ombud_contract::records::Why;

use crate::{
    case::{Case, Last, Phase},
    compose::Writer,
    event::Effect,
    revision,
    shard::{Shard, Turn, broken},
};

impl Shard {
    /// Decides the next route of `case` and sends it, now or with the next lease.
    pub(crate) fn emit(&mut self, turn: &mut Turn<'_>, id: Arc<str>, mut case: Case, why: Why) {
        let Some(revision) = self.revision(&case) else {
            // So many routes of one submission are a fault elsewhere; the next submission begins a new count.
            self.counts.exhausted += 1;
            return self.close(turn, id, case);
        };
        (case.greatest, case.submitted) = (revision, None);
        let writer = Writer { partition: self.partition, epoch: self.epoch, now: turn.now, revision };
        let mut record = writer.compose(&id, &case, why, turn.rules);
        if broken!(self, MissingIsNotVulnerable) && record.missing_tasks.iter().any(|t| t == "vulnerable") {
            record.vulnerability = ombud_contract::records::Vulnerability::NotIndicated;
        }
        self.counts.route(why);
        if broken!(self, SettleBeforeAcknowledged) {
            self.release(&mem::take(&mut case.held_raw), &mem::take(&mut case.held_answers));
        }
        case.phase = Phase::Emitting { record: Arc::new(record), in_flight: false };
        self.send(turn, id, case);
    }

    /// The revision of the next route of `case`; `None` where the numbers of its submission are used up.
    fn revision(&self, case: &Case) -> Option<i64> {
        if broken!(self, RevisionByOffset) {
            return Some((case.greatest + 1).max(case.raw_offset << 10 | 1));
        }
        match case.submitted {
            Some(ms) if broken!(self, RevisionByTimeAlone) => Some(revision::at(ms, self.partition)),
            Some(ms) => Some(revision::first(ms, case.greatest, self.partition)),
            None if broken!(self, SameRevision) => Some(case.greatest),
            None => revision::next(case.greatest, self.partition),
        }
    }

    fn send(&mut self, turn: &mut Turn<'_>, id: Arc<str>, mut case: Case) {
        let may_write = self.may_write(turn.now);
        if let Phase::Emitting { record, in_flight } = &mut case.phase {
            *in_flight = may_write;
            if may_write {
                self.in_flight += 1;
                let record = Some(Arc::clone(record));
                turn.out.push(Effect::Route { complaint_id: Arc::clone(&id), record });
            } else {
                self.unsent.insert(Arc::clone(&id));
            }
        }
        self.cases.put(id, case);
    }

    /// Sends what waits for a lease or for another attempt.
    pub(crate) fn send_waiting(&mut self, turn: &mut Turn<'_>) {
        for id in mem::take(&mut self.unsent) {
            if self.erased.contains_key(&id) {
                self.erase_again(turn, &id);
            } else if let Some(case) = self.cases.take(&id) {
                self.send(turn, id, case);
            }
        }
        for id in mem::take(&mut self.repairs) {
            if self.erased.contains_key(&id) {
                self.erase_again(turn, &id);
            } else if let Some(case) = self.cases.take(&id) {
                match case.phase {
                    Phase::Closed { .. } => self.emit(turn, id, case, Why::Reconciled),
                    // A newer route is on its way, and will be the greatest and the last.
                    Phase::Open { .. } | Phase::Emitting { .. } => self.cases.put(id, case),
                }
            }
        }
        for origin in mem::take(&mut self.unsent_letters) {
            self.park(turn, origin);
        }
    }

    /// The route is durable: what it rests on settles, and what waited for it goes on.
    pub(crate) fn on_acked(&mut self, turn: &mut Turn<'_>, id: &Arc<str>, offset: i64) {
        if self.erased.contains_key(id) {
            return self.on_tombstone_answered(id, true);
        }
        let Some(mut case) = self.cases.take(id) else { return };
        let Phase::Emitting { record, in_flight: true } = &case.phase else {
            return self.cases.put(Arc::clone(id), case);
        };
        self.in_flight -= 1;
        case.routed = Some(Last { record: Arc::clone(record), offset });
        self.close(turn, Arc::clone(id), case);
    }

    fn close(&mut self, turn: &mut Turn<'_>, id: Arc<str>, mut case: Case) {
        let partial = case.routed.as_ref().is_some_and(|last| !last.record.missing_tasks.is_empty());
        if !partial {
            // They stand in the last record.
            case.got = Vec::new();
        }
        let remembered = if partial { self.limits.partial_ms } else { case.plan.amend_ms };
        case.phase = Phase::Closed { until: turn.now + remembered };
        self.release(&mem::take(&mut case.held_raw), &mem::take(&mut case.held_answers));
        let pending = mem::take(&mut case.pending);
        self.cases.put(id, case);
        for waiting in pending {
            self.take_waiting(turn, waiting);
        }
    }

    /// The route may have been appended, or not: the same bytes again on the next tick.
    pub(crate) fn on_failed(&mut self, id: &Arc<str>) {
        self.counts.retried += 1;
        if self.erased.contains_key(id) {
            return self.on_tombstone_answered(id, false);
        }
        let Some(mut case) = self.cases.take(id) else { return };
        if let Phase::Emitting { in_flight, .. } = &mut case.phase
            && mem::replace(in_flight, false)
        {
            self.in_flight -= 1;
            self.unsent.insert(Arc::clone(id));
        }
        self.cases.put(Arc::clone(id), case);
    }
}
