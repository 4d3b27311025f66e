//! The rules of work once more, naively: to hold the fold against.

use ombud_contract::{
    records::{WorkEvent, WorkKind},
    work::{Effect, NewestRoute, Phase, Work},
};

/// The rules once more, by looking back over what counted instead of keeping a state.
struct Naive<'a> {
    newest: Option<NewestRoute>,
    /// What was done and changed something, with whether it closed the complaint.
    path: Vec<(&'a WorkEvent, bool)>,
}

impl<'a> Naive<'a> {
    fn number(event: &WorkEvent) -> i64 {
        (event.revision - (1 << 48)) >> 11
    }

    /// Of the submission that the newest route is of. Here each submission says something else, so that contents and
    /// revisions never disagree.
    fn is_of_newest(&self, event: &WorkEvent) -> bool {
        self.newest.is_none_or(|newest| event.revision >= newest.submission_from)
    }

    /// What came since the complaint was opened last.
    fn since_opening(&self) -> &[(&'a WorkEvent, bool)] {
        let opens = |at: usize| {
            let (event, _) = self.path[at];
            event.kind == WorkKind::Reopened
        };
        let last = (0..self.path.len()).rev().find(|at| opens(*at));
        let mut rest = &self.path[last.map_or(0, |at| at + 1)..];
        // Whatever follows what closed it has opened it.
        while let Some(closing) = rest.iter().position(|(_, closes)| *closes).filter(|at| at + 1 < rest.len())
        {
            rest = &rest[closing + 1..];
        }
        rest
    }

    fn closed_by(&self) -> Option<&'a WorkEvent> {
        self.since_opening().last().filter(|(_, closes)| *closes).map(|(event, _)| *event)
    }

    fn take(&mut self, event: &'a WorkEvent) -> Effect {
        if matches!(event.kind, WorkKind::Other | WorkKind::Noted | WorkKind::Undone) {
            return Effect::Counts;
        }
        let is_withdrawn = self.newest.is_some_and(|newest| {
            newest.withdrawn && (newest.submission_from..=newest.revision).contains(&event.revision)
        });
        let closed_by = self.closed_by();
        let is_open = closed_by.is_none_or(|closed| {
            Self::number(event) > Self::number(closed)
                || (self.is_of_newest(event) && !self.is_of_newest(closed))
        });
        let may = match event.kind {
            WorkKind::Reopened => !is_withdrawn && closed_by.is_some(),
            WorkKind::Acknowledged => {
                let round = if closed_by.is_some() { &[] } else { self.since_opening() };
                !is_withdrawn
                    && is_open
                    && !round.iter().any(|(event, _)| event.kind == WorkKind::Acknowledged)
            }
            _ => !is_withdrawn && is_open,
        };
        if !may {
            return Effect::OutOfOrder;
        }
        if !event.kind.closes() {
            self.path.push((event, false));
            return Effect::Counts;
        }
        let holds = self.is_of_newest(event);
        let round = if closed_by.is_some() { &[] } else { self.since_opening() };
        let is_late = round.iter().any(|(done, _)| Self::number(done) > Self::number(event));
        if !holds && is_late {
            return Effect::Overtaken;
        }
        self.path.push((event, true));
        if holds { Effect::Counts } else { Effect::Overtaken }
    }

    fn phase(&self) -> Phase {
        if self.newest.is_some_and(|newest| newest.withdrawn) {
            return Phase::Withdrawn;
        }
        if let Some(closed) = self.closed_by() {
            return if self.is_of_newest(closed) { Phase::Answered } else { Phase::Open };
        }
        let round = self.since_opening();
        let has = |kind| round.iter().any(|(event, _)| event.kind == kind);
        match (has(WorkKind::HoldingResponse), has(WorkKind::Acknowledged)) {
            (true, _) => Phase::Waiting,
            (false, true) => Phase::Acknowledged,
            (false, false) => Phase::Open,
        }
    }
}

/// The effects of the events in `work` and the phase after them, by this model; without claims, which the phases do not depend
/// on, and with what was undone.
pub(crate) fn naive(work: &Work, newest: Option<NewestRoute>) -> (Vec<Effect>, Phase) {
    let mut model = Naive { newest, path: Vec::new() };
    let judged = work.events.iter().map(|(event, effect)| match effect {
        Effect::Undone => Effect::Undone,
        _ if event.kind == WorkKind::Undone => *effect,
        _ => model.take(event),
    });
    (judged.collect(), model.phase())
}
