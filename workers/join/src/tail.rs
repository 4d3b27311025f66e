//! What other joiners wrote to the changelog while this one owns it: taken over, or corrected.

use std::{collections::VecDeque, mem, sync::Arc};

use ombud_contract::records::Why;

use crate::{
    case::{Case, Last, Phase, Waiting},
    event::{About, Logged},
    revision,
    rules::{Plan, Rules},
    shard::{Shard, Turn, broken},
};

impl Shard {
    pub(crate) fn on_routed(&mut self, turn: &mut Turn<'_>, offset: i64, appended_at: i64, body: Logged) {
        self.routed_next = offset + 1;
        match &body {
            Logged::Foreign => self.counts.foreign += 1,
            Logged::Route(mine) if mine.writer_epoch == self.epoch => {
                // Was on its way when the tombstone came.
                let id: Arc<str> = mine.complaint_id.as_str().into();
                if self.erased.contains_key(&id) {
                    self.erase_again(turn, &id);
                }
            }
            Logged::Route(theirs) if theirs.writer_epoch > self.epoch => self.fenced = true,
            Logged::Route(_) | Logged::Tombstone(_) => self.take_tail(turn, offset, appended_at, body),
        }
    }

    pub(crate) fn take_tail(&mut self, turn: &mut Turn<'_>, offset: i64, appended_at: i64, body: Logged) {
        let id: Arc<str> = match &body {
            Logged::Route(theirs) => theirs.complaint_id.as_str().into(),
            Logged::Tombstone(id) => Arc::clone(id),
            Logged::Foreign => return,
        };
        let emitting = self.cases.get(&id).is_some_and(|case| matches!(case.phase, Phase::Emitting { .. }));
        if emitting && let Some(mut case) = self.cases.take(&id) {
            case.pending.push_back(Waiting::Tail { offset, appended_at, body });
            return self.cases.put(id, case);
        }
        match body {
            Logged::Tombstone(_) => self.erase(turn, &id, offset, appended_at),
            Logged::Route(_) if self.erased.contains_key(&id) => self.erase_again(turn, &id),
            Logged::Route(theirs) => self.weigh(turn, id, Last { record: theirs, offset }, appended_at),
            Logged::Foreign => {}
        }
    }

    /// A route of an earlier owner that arrived late, against what is known.
    fn weigh(&mut self, turn: &mut Turn<'_>, id: Arc<str>, theirs: Last, appended_at: i64) {
        let Some(mut case) = self.cases.take(&id) else {
            if theirs.record.raw_offset < self.raw.frontier() {
                // The complaint was routed and is forgotten. A greater one may lie before: what is made of theirs could take
                // back what was decided since.
                self.counts.late_forgotten += 1;
                return;
            }
            return self.adopt(turn, id, None, theirs, appended_at);
        };
        let later = revision::is_after(case.taken_at(), theirs.record.revision, self.partition);
        if theirs.record.raw_offset > case.raw_offset && !later {
            // They had read further than this shard has: as if the fold had found it.
            return self.adopt(turn, id, Some(case), theirs, appended_at);
        }
        case.greatest = case.greatest.max(theirs.record.revision);
        match (&case.phase, case.last()) {
            (Phase::Closed { .. }, Some(mine))
                if !agree(mine, &theirs) && !broken!(self, NoReconciliation) =>
            {
                return self.emit(turn, id, case, Why::Reconciled);
            }
            // They said the same for a later submission, which repeats it.
            (Phase::Closed { .. }, Some(mine)) if theirs.record.revision > mine.record.revision => {
                case.routed = Some(theirs);
            }
            _ => {}
        }
        self.cases.put(id, case);
    }

    fn adopt(
        &mut self,
        turn: &mut Turn<'_>,
        id: Arc<str>,
        before: Option<Case>,
        theirs: Last,
        appended_at: i64,
    ) {
        self.counts.adopted += 1;
        let mine = before.as_ref().and_then(Case::last);
        let hidden = mine.is_some_and(|mine| mine.offset > theirs.offset);
        let mut case = Case::folded(theirs, appended_at, self.limits.partial_ms, turn.rules);
        case.greatest = before.as_ref().map_or(0, |before| before.greatest).max(case.greatest);
        if hidden {
            // Theirs is the greater, and mine lies last.
            self.emit(turn, id, case, Why::Reconciled);
        } else {
            self.cases.put(id, case);
        }
        if let Some(mut before) = before {
            self.release(&before.held_raw, &before.held_answers);
            for waiting in mem::take(&mut before.pending) {
                self.take_waiting(turn, waiting);
            }
        }
    }
}

/// Whether their record leaves mine both the greatest and the last, or says the same as it.
fn agree(mine: &Last, theirs: &Last) -> bool {
    let (my, their) = (mine.record.revision, theirs.record.revision);
    if their < my {
        return theirs.offset < mine.offset;
    }
    let same = theirs.record.route_id == mine.record.route_id;
    same && (their == my || theirs.offset > mine.offset)
}

impl Case {
    /// A case as the changelog tells it.
    pub(crate) fn folded(last: Last, appended_at: i64, partial_ms: i64, rules: &dyn Rules) -> Self {
        let record = &last.record;
        let mut required: Vec<String> = record.decisions.iter().map(|d| d.task.clone()).collect();
        required.extend(record.missing_tasks.iter().cloned());
        required.sort();
        let amend_ms = rules.longest_amend_ms();
        let partial = !record.missing_tasks.is_empty();
        let remembered = if partial { partial_ms } else { amend_ms };
        Self {
            input: record.input_sha256.as_str().into(),
            raw_offset: record.raw_offset,
            greatest: record.revision,
            submitted: None,
            phase: Phase::Closed { until: appended_at + remembered },
            about: About::of(record),
            plan: Plan {
                strategy: record.strategy_version,
                required: required.into(),
                deadline_ms: 0,
                amend_ms,
            },
            got: if partial { record.decisions.clone() } else { Vec::new() },
            held_raw: Vec::new(),
            held_answers: Vec::new(),
            pending: VecDeque::new(),
            routed: Some(last),
            before: None,
        }
    }
}
