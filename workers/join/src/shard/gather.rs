//! Submissions and answers into cases: which begin a round, which belong to one, which are void.

use std::{cmp::Ordering, collections::VecDeque, sync::Arc};

use ombud_contract::records::{Prediction, Role, Why};

use crate::{
    event::SubmissionKind,
    revision,
    shard::{
        Shard, Turn,
        case::{Answer, AnswerPlace, Case, Pending, Phase, RawSubmission},
    },
};

impl Shard {
    /// A raw record, when it is read and again when what it had to wait for is acknowledged.
    pub(super) fn take_raw(&mut self, turn: &mut Turn<'_>, raw: RawSubmission) {
        let id = Arc::clone(&raw.what.complaint_id);
        if self.erasures.contains(&id) {
            return self.offsets.settle_raw(raw.offset);
        }
        let Some(mut case) = self.cases.take(&id) else { return self.begin(turn, id, None, raw) };
        let same = case.input == raw.what.input;
        let order = self.order(&raw, &case);
        if order == Ordering::Less {
            self.counts.superseded_raw += 1;
            self.offsets.settle_raw(raw.offset);
        } else if same && case.is_closed() {
            self.counts.duplicate_raw += 1;
            let is_routed = revision::at(raw.clock, self.partition) <= case.greatest;
            if order == Ordering::Greater && !is_routed {
                // Another partition may have taken another submission in between: this one must be the greatest.
                case.submitted = Some(raw.clock);
                case.unsettled_raw.push(raw.offset);
                return self.emit(turn, id, case, Why::Resubmitted);
            }
            self.offsets.settle_raw(raw.offset);
        } else if same && matches!(case.phase, Phase::Open { .. }) && !case.has_pending_raw() {
            self.counts.duplicate_raw += 1;
            case.submitted = Some(raw.clock);
            case.unsettled_raw.push(raw.offset);
        } else {
            let waits = match case.phase {
                Phase::Emitting { .. } => true,
                // A record that nobody can read makes no round void; and what repeats the round comes after it.
                Phase::Open { .. } => same || raw.what.kind == SubmissionKind::Unreadable,
                Phase::Closed { .. } => false,
            };
            if !waits {
                return self.begin(turn, id, Some(case), raw);
            }
            self.counts.pending_raw += 1;
            case.pending.push_back(Pending::Raw(raw));
        }
        self.cases.put(id, case);
    }

    /// Whether the log took `raw` before the submission of `case`, is that submission, or was taken after it. The offset
    /// says it where no record is lost. Where the end of raw was lost (a mirror that was cut, an unclean election) the
    /// offsets are used again, up to that of the case; the time still says what is later.
    fn order(&self, raw: &RawSubmission, case: &Case) -> Ordering {
        if revision::is_after(raw.appended_at, case.greatest, self.partition) {
            Ordering::Greater
        } else {
            raw.offset.cmp(&case.raw_offset)
        }
    }

    /// A new round. What the round before still held is void.
    fn begin(&mut self, turn: &mut Turn<'_>, id: Arc<str>, before: Option<Box<Case>>, raw: RawSubmission) {
        let plan = turn.rules.plan(raw.appended_at);
        // A round that ends unrouted here may have been routed by an earlier owner, whose record comes yet.
        let greatest = before.as_ref().map_or(0, |before| match before.submitted {
            Some(ms) => revision::last(ms, before.greatest, self.partition),
            None => before.greatest,
        });
        let routed_before = before.and_then(|before| {
            self.counts.superseded_raw += before.unsettled_raw.len() as u64;
            self.release(&before.unsettled_raw, &before.unsettled_answers);
            for item in before.pending {
                match item {
                    Pending::Raw(raw) => self.offsets.settle_raw(raw.offset),
                    Pending::Answer(answer) => self.offsets.settle_answer(answer.place()),
                    Pending::Changelog { .. } => {
                        unreachable!("the changelog waits for an acknowledgement only")
                    }
                }
            }
            before.routed.or(before.before)
        });
        let deadline = self.deadline(turn.now, &raw, plan.deadline_ms);
        let case = Box::new(Case {
            input: raw.what.input,
            raw_offset: raw.offset,
            greatest,
            submitted: Some(raw.clock),
            phase: Phase::Open { deadline, barrier: None },
            about: raw.what.about,
            plan,
            decisions: Vec::new(),
            unsettled_raw: vec![raw.offset],
            unsettled_answers: Vec::new(),
            pending: VecDeque::new(),
            routed: None,
            before: routed_before,
        });
        match raw.what.kind {
            SubmissionKind::Unreadable => self.emit(turn, id, case, Why::Unreadable),
            SubmissionKind::Withdrawn => self.emit(turn, id, case, Why::Withdrawn),
            SubmissionKind::Complaint if case.plan.required.is_empty() => {
                let why = case.why_complete();
                self.emit(turn, id, case, why);
            }
            SubmissionKind::Complaint => self.cases.put(id, case),
        }
    }

    /// From the append time, so that it survives restarts; a backfill's from its first reading. Never before the record is
    /// read: while nobody owned the shard, or while raw was behind, its answers may have come into the log, and the hard
    /// cap has to leave time for reading them.
    fn deadline(&mut self, now: i64, raw: &RawSubmission, deadline_ms: i64) -> i64 {
        let from = if raw.what.bulk {
            let read_before = self.marks.read_at(raw.offset);
            self.counts.marked += u64::from(read_before.is_some());
            read_before.unwrap_or(now) + self.limits.bulk_wait_ms
        } else {
            raw.appended_at + deadline_ms
        };
        from.max(self.lease.live_since() + self.limits.grace_ms).max(now)
    }

    /// Whether a prediction may decide anything here.
    pub(super) fn decides(&self, prediction: &Prediction) -> bool {
        prediction.role == Role::Deciding && prediction.raw_partition == self.partition
    }

    /// An answer, when it is read and again when what it had to wait for has come.
    pub(super) fn take_answer(&mut self, turn: &mut Turn<'_>, answer: Answer) {
        let id = Arc::clone(&answer.complaint_id);
        let place = answer.place();
        // Before all else: an answer is judged by what its raw record was judged by.
        if answer.raw_offset >= self.offsets.raw_next() {
            return self.hold_early(answer);
        }
        if self.erasures.contains(&id) {
            return self.offsets.settle_answer(place);
        }
        let Some(mut case) = self.cases.take(&id) else {
            self.counts.late_unknown += 1;
            return self.offsets.settle_answer(place);
        };
        let of_this_round = answer.raw_offset == case.raw_offset && *answer.input == *case.input;
        let task = &answer.decision.task;
        if case.awaits(&answer) {
            self.counts.pending_answer += 1;
            case.pending.push_back(Pending::Answer(answer));
        } else if !of_this_round {
            self.counts.late_unknown += 1;
            self.offsets.settle_answer(place);
        } else if !case.expects(task) || case.is_decided(task) {
            self.counts.duplicate_answer += 1;
            self.offsets.settle_answer(place);
        } else {
            match case.phase {
                Phase::Emitting { .. } => {
                    self.counts.pending_answer += 1;
                    case.pending.push_back(Pending::Answer(answer));
                }
                Phase::Closed { .. } => {
                    case.decide(answer.decision);
                    case.unsettled_answers.push(place);
                    return self.emit(turn, id, case, Why::Amended);
                }
                Phase::Open { .. } => {
                    case.decide(answer.decision);
                    case.unsettled_answers.push(place);
                    if case.decisions.len() == case.plan.required.len() {
                        let why = case.why_complete();
                        return self.emit(turn, id, case, why);
                    }
                }
            }
        }
        self.cases.put(id, case);
    }

    fn hold_early(&mut self, answer: Answer) {
        let offset = answer.offset;
        if self.early.hold(answer) {
            self.counts.early += 1;
        } else {
            self.counts.early_dropped += 1;
            self.offsets.let_go(offset);
        }
    }

    /// Settles what a case held.
    pub(super) fn release(&mut self, raw: &[i64], answers: &[AnswerPlace]) {
        for offset in raw {
            self.offsets.settle_raw(*offset);
        }
        for place in answers {
            self.offsets.settle_answer(*place);
        }
    }

    /// Takes up what had to wait, in its order; what still has to wait queues up again in the same order.
    pub(super) fn take_pending(&mut self, turn: &mut Turn<'_>, item: Pending) {
        match item {
            Pending::Raw(raw) => self.take_raw(turn, raw),
            Pending::Answer(answer) => self.take_answer(turn, answer),
            Pending::Changelog { offset, appended_at, body } => {
                self.take_changelog(turn, offset, appended_at, body);
            }
        }
    }
}
