//! The state machine: which event may follow, and what it changes. It takes events in the order in which they were done, and
//! knows nothing of undoing.

use super::{Effect, NewestRoute, Phase, newest::Submission};
use crate::records::{WorkEvent, WorkKind};

/// A complaint on its way.
pub(super) struct Machine {
    newest: Option<NewestRoute>,
    acknowledged: bool,
    waiting: bool,
    closed: Option<Closing>,
    /// The latest submission of which something was done since the complaint was opened.
    worked_on: Option<Submission>,
    claim: Option<WorkClaim>,
}

/// What closed a complaint.
#[derive(Clone, Copy)]
struct Closing {
    /// What was answered.
    submission: Submission,
    /// The complaint says so still.
    holds: bool,
}

/// The last claim that was not released.
struct WorkClaim {
    actor: String,
    lease_id: Option<String>,
    /// An answer has ended it; it may still be released.
    is_over: bool,
}

impl Machine {
    pub(super) fn new(newest: Option<NewestRoute>) -> Self {
        Self { newest, acknowledged: false, waiting: false, closed: None, worked_on: None, claim: None }
    }

    /// Takes an event of any kind but `UNDONE`.
    pub(super) fn take(&mut self, event: &WorkEvent) -> Effect {
        let submission = Submission::of(event);
        let is_withdrawn = self.newest.is_some_and(|newest| newest.is_withdrawn_as(submission));
        match event.kind {
            WorkKind::Other | WorkKind::Noted | WorkKind::Undone => return Effect::Counts,
            WorkKind::Released => return self.release(event),
            _ if is_withdrawn => return Effect::OutOfOrder,
            // Also what a newer submission has opened already: somebody says so.
            WorkKind::Reopened if self.closed.is_some() => {
                self.open();
                return Effect::Counts;
            }
            _ => {}
        }
        let holds = self.newest.is_none_or(|newest| newest.is_answered_by(submission));
        if let Some(closing) = self.closed {
            let is_open = submission.is_later_than(closing.submission) || (holds && !closing.holds);
            if !is_open {
                return Effect::OutOfOrder;
            }
            // A newer submission has come in between, and this is about it.
            self.open();
        }
        let effect = self.follow(event, Closing { submission, holds });
        if effect == Effect::Counts && self.worked_on.is_none_or(|before| submission.is_later_than(before)) {
            self.worked_on = Some(submission);
        }
        effect
    }

    /// What `event` does to a complaint that is not answered.
    fn follow(&mut self, event: &WorkEvent, closing: Closing) -> Effect {
        match event.kind {
            WorkKind::Claimed => {
                let (actor, lease_id) = (event.actor.clone(), event.lease_id.clone());
                self.claim = Some(WorkClaim { actor, lease_id, is_over: false });
            }
            WorkKind::Acknowledged if !self.acknowledged => self.acknowledged = true,
            WorkKind::HoldingResponse => self.waiting = true,
            WorkKind::SummaryResolution | WorkKind::FinalResponse | WorkKind::Forwarded => {
                return self.close(closing);
            }
            // REOPENED among them: it is open.
            _ => return Effect::OutOfOrder,
        }
        Effect::Counts
    }

    fn close(&mut self, closing: Closing) -> Effect {
        let is_late = self.worked_on.is_some_and(|worked_on| worked_on.is_later_than(closing.submission));
        if is_late && !closing.holds {
            // It came after the work on the newer submission had begun, which goes on.
            return Effect::Overtaken;
        }
        if let Some(claim) = &mut self.claim {
            claim.is_over = true;
        }
        self.closed = Some(closing);
        if closing.holds { Effect::Counts } else { Effect::Overtaken }
    }

    /// By the lease; where a system has none, by the actor.
    fn release(&mut self, event: &WorkEvent) -> Effect {
        let is_its = |claim: &WorkClaim| match (&claim.lease_id, &event.lease_id) {
            (None, None) => claim.actor == event.actor,
            (claimed, released) => claimed == released,
        };
        match self.claim.take_if(|claim| is_its(claim)) {
            Some(_) => Effect::Counts,
            None => Effect::OutOfOrder,
        }
    }

    fn open(&mut self) {
        (self.acknowledged, self.waiting, self.closed, self.worked_on) = (false, false, None, None);
    }

    pub(super) fn phase(&self) -> Phase {
        if self.newest.is_some_and(|newest| newest.withdrawn) {
            return Phase::Withdrawn;
        }
        match self.closed {
            Some(closing) if closing.holds => Phase::Answered,
            Some(_) => Phase::Open,
            None if self.waiting => Phase::Waiting,
            None if self.acknowledged => Phase::Acknowledged,
            None => Phase::Open,
        }
    }

    pub(super) fn claimed_by(&self) -> Option<(String, String)> {
        if matches!(self.phase(), Phase::Answered | Phase::Withdrawn) {
            return None;
        }
        let claim = self.claim.as_ref().filter(|claim| !claim.is_over)?;
        Some((claim.actor.clone(), claim.lease_id.clone().unwrap_or_default()))
    }
}
