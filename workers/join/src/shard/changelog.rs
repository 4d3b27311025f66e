//! What other joiners wrote to the changelog while this one owns it: taken over, or corrected.

use std::{collections::VecDeque, mem, sync::Arc};

use ombud_contract::records::Why;

use crate::{
    event::{ChangelogRecord, ComplaintDetails},
    revision,
    rules::{Plan, Rules},
    shard::{
        Shard, Turn,
        case::{Case, DurableRoute, Pending, Phase},
    },
};

impl Shard {
    /// The next record of the changelog: this owner's own, that of an earlier one, or of a later one.
    pub(super) fn on_routed(
        &mut self,
        turn: &mut Turn<'_>,
        offset: i64,
        appended_at: i64,
        body: ChangelogRecord,
    ) {
        self.offsets.open_routed(offset);
        match &body {
            ChangelogRecord::Foreign => self.counts.foreign += 1,
            ChangelogRecord::Route(mine) if mine.writer_epoch == self.lease.epoch() => {
                // Was on its way when the tombstone came.
                let id: Arc<str> = mine.complaint_id.as_str().into();
                if self.erasures.contains(&id) {
                    self.erase_again(turn, &id);
                }
            }
            ChangelogRecord::Route(theirs) if theirs.writer_epoch > self.lease.epoch() => self.lease.fence(),
            ChangelogRecord::Route(_) | ChangelogRecord::Tombstone(_) => {
                self.take_changelog(turn, offset, appended_at, body);
            }
        }
    }

    /// A record of another owner, when it is read and again when what it had to wait for is acknowledged.
    pub(super) fn take_changelog(
        &mut self,
        turn: &mut Turn<'_>,
        offset: i64,
        appended_at: i64,
        body: ChangelogRecord,
    ) {
        let id: Arc<str> = match &body {
            ChangelogRecord::Route(theirs) => theirs.complaint_id.as_str().into(),
            ChangelogRecord::Tombstone(id) => Arc::clone(id),
            ChangelogRecord::Foreign => return,
        };
        let emitting = self.cases.get(&id).is_some_and(|case| matches!(case.phase, Phase::Emitting { .. }));
        if emitting && let Some(mut case) = self.cases.take(&id) {
            case.pending.push_back(Pending::Changelog { offset, appended_at, body });
            return self.cases.put(id, case);
        }
        match body {
            ChangelogRecord::Tombstone(_) => self.erase(turn, &id, offset, appended_at),
            ChangelogRecord::Route(_) if self.erasures.contains(&id) => self.erase_again(turn, &id),
            ChangelogRecord::Route(theirs) => {
                self.weigh(turn, id, DurableRoute { record: theirs, offset }, appended_at)
            }
            ChangelogRecord::Foreign => {}
        }
    }

    /// A route of an earlier owner that arrived late, against what is known.
    fn weigh(&mut self, turn: &mut Turn<'_>, id: Arc<str>, theirs: DurableRoute, appended_at: i64) {
        let Some(mut case) = self.cases.take(&id) else {
            if theirs.record.raw_offset < self.offsets.raw_frontier() {
                // The complaint was routed and is forgotten. A greater one may lie before: what is made of theirs could
                // take back what was decided since.
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
        match (&case.phase, case.newest()) {
            (Phase::Closed { .. }, Some(mine)) if !agree(mine, &theirs) => {
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
        before: Option<Box<Case>>,
        theirs: DurableRoute,
        appended_at: i64,
    ) {
        self.counts.adopted += 1;
        let mine = before.as_deref().and_then(Case::newest);
        let hidden = mine.is_some_and(|mine| mine.offset > theirs.offset);
        let mut case = Box::new(Case::folded(theirs, appended_at, self.limits.partial_ms, turn.rules));
        case.greatest = before.as_ref().map_or(0, |before| before.greatest).max(case.greatest);
        if hidden {
            // Theirs is the greater, and mine lies last.
            self.emit(turn, id, case, Why::Reconciled);
        } else {
            self.cases.put(id, case);
        }
        if let Some(mut before) = before {
            self.release(&before.unsettled_raw, &before.unsettled_answers);
            for item in mem::take(&mut before.pending) {
                self.take_pending(turn, item);
            }
        }
    }
}

/// Whether their record leaves mine both the greatest and the last, or says the same as it.
fn agree(mine: &DurableRoute, theirs: &DurableRoute) -> bool {
    let (my, their) = (mine.record.revision, theirs.record.revision);
    if their < my {
        return theirs.offset < mine.offset;
    }
    let same = theirs.record.route_id == mine.record.route_id;
    same && (their == my || theirs.offset > mine.offset)
}

impl Case {
    /// A case as the changelog has it.
    pub(super) fn folded(last: DurableRoute, appended_at: i64, partial_ms: i64, rules: &dyn Rules) -> Self {
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
            about: ComplaintDetails::of(record),
            plan: Plan {
                strategy: record.strategy_version,
                required: required.into(),
                deadline_ms: 0,
                amend_ms,
            },
            decisions: if partial { record.decisions.clone() } else { Vec::new() },
            unsettled_raw: Vec::new(),
            unsettled_answers: Vec::new(),
            pending: VecDeque::new(),
            routed: Some(last),
            before: None,
        }
    }
}
