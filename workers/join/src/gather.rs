//! Submissions and answers into cases: which begin a round, which belong to one, which are void.

use std::{cmp::Ordering, collections::VecDeque, sync::Arc};

use ombud_contract::records::{Prediction, Role, Why};

use crate::{
    case::{Answer, AnswerPlace, Case, Phase, Raw, Waiting},
    event::Kind,
    revision,
    shard::{Shard, Turn, broken},
};

impl Shard {
    /// A raw record, when it is read and again when what it had to wait for is acknowledged.
    pub(crate) fn take_raw(&mut self, turn: &mut Turn<'_>, raw: Raw) {
        let id = Arc::clone(&raw.what.complaint_id);
        if self.erased.contains_key(&id) {
            return self.settle_raw(raw.offset);
        }
        let Some(mut case) = self.cases.take(&id) else { return self.begin(turn, id, None, raw) };
        let same = case.input == raw.what.input;
        let order = self.order(&raw, &case);
        if order == Ordering::Less {
            self.counts.superseded_raw += 1;
            self.settle_raw(raw.offset);
        } else if same && case.is_closed() {
            self.counts.duplicate_raw += 1;
            let routed = revision::at(raw.clock, self.partition) <= case.greatest;
            if order == Ordering::Greater && !routed && !broken!(self, RepeatUnrouted) {
                // Another partition may have taken another submission in between: this one must be the greatest.
                case.submitted = Some(raw.clock);
                case.held_raw.push(raw.offset);
                return self.emit(turn, id, case, Why::Resubmitted);
            }
            self.settle_raw(raw.offset);
        } else if same && matches!(case.phase, Phase::Open { .. }) && !case.has_pending_raw() {
            self.counts.duplicate_raw += 1;
            case.submitted = Some(raw.clock);
            case.held_raw.push(raw.offset);
        } else {
            let waits = match case.phase {
                Phase::Emitting { .. } => true,
                // A record that nobody can read makes no round void; and what repeats the round comes after it.
                Phase::Open { .. } => same || raw.what.kind == Kind::Unreadable,
                Phase::Closed { .. } => false,
            };
            if !waits {
                return self.begin(turn, id, Some(case), raw);
            }
            self.counts.pending_raw += 1;
            case.pending.push_back(Waiting::Raw(raw));
        }
        self.cases.put(id, case);
    }

    /// Whether the log took `raw` before the submission of `case`, is that submission, or was taken after it. The offset
    /// says it where no record is lost. Where the end of raw was lost (a mirror that was cut, an unclean election) the
    /// offsets are used again, up to that of the case; the time still says what is later.
    fn order(&self, raw: &Raw, case: &Case) -> Ordering {
        if revision::is_after(raw.appended_at, case.greatest, self.partition) {
            Ordering::Greater
        } else {
            raw.offset.cmp(&case.raw_offset)
        }
    }

    /// A new round. What the round before still held is void.
    fn begin(&mut self, turn: &mut Turn<'_>, id: Arc<str>, before: Option<Case>, raw: Raw) {
        let plan = turn.rules.plan(raw.appended_at);
        // A round that ends unrouted here may have been routed by an earlier owner, whose record comes yet.
        let greatest = before.as_ref().map_or(0, |before| match before.submitted {
            Some(ms) => revision::last(ms, before.greatest, self.partition),
            None => before.greatest,
        });
        let routed_before = before.and_then(|before| {
            self.counts.superseded_raw += before.held_raw.len() as u64;
            self.release(&before.held_raw, &before.held_answers);
            for waiting in before.pending {
                match waiting {
                    Waiting::Raw(raw) => self.settle_raw(raw.offset),
                    Waiting::Answer(answer) => self.settle_answer(answer.place()),
                    Waiting::Tail { .. } => unreachable!("the tail waits for an acknowledgement only"),
                }
            }
            before.routed.or(before.before)
        });
        let deadline = self.deadline(turn.now, &raw, plan.deadline_ms);
        let case = Case {
            input: raw.what.input,
            raw_offset: raw.offset,
            greatest,
            submitted: Some(raw.clock),
            phase: Phase::Open { deadline, barrier: None },
            about: raw.what.about,
            plan,
            got: Vec::new(),
            held_raw: vec![raw.offset],
            held_answers: Vec::new(),
            pending: VecDeque::new(),
            routed: None,
            before: routed_before,
        };
        match raw.what.kind {
            Kind::Unreadable => self.emit(turn, id, case, Why::Unreadable),
            Kind::Withdrawn => self.emit(turn, id, case, Why::Withdrawn),
            Kind::Complaint if case.plan.required.is_empty() => {
                let why = case.why_complete();
                self.emit(turn, id, case, why);
            }
            Kind::Complaint => self.cases.put(id, case),
        }
    }

    /// From the append time, so that it survives restarts; a backfill's from its first reading. Never before the record is
    /// read: while nobody owned the shard, or while raw was behind, its answers may have come into the log, and the hard
    /// cap has to leave time for reading them.
    fn deadline(&mut self, now: i64, raw: &Raw, deadline_ms: i64) -> i64 {
        let from = if raw.what.bulk {
            let mark = self.marks.iter().find(|mark| mark.offset > raw.offset);
            self.counts.marked += u64::from(mark.is_some());
            mark.map_or(now, |mark| mark.read_at) + self.limits.bulk_wait_ms
        } else if broken!(self, DeadlineFromReading) {
            now + deadline_ms
        } else {
            raw.appended_at + deadline_ms
        };
        from.max(self.live_since + self.limits.grace_ms).max(now)
    }

    /// Whether a prediction may decide anything here.
    pub(crate) fn decides(&self, prediction: &Prediction) -> bool {
        prediction.role == Role::Deciding && prediction.raw_partition == self.partition
    }

    /// An answer, when it is read and again when what it had to wait for has come.
    pub(crate) fn take_answer(&mut self, turn: &mut Turn<'_>, answer: Answer) {
        let id = Arc::clone(&answer.complaint_id);
        let place = answer.place();
        // Before all else: an answer is judged by what its raw record was judged by.
        if answer.raw_offset >= self.raw.next() {
            return self.hold_early(answer);
        }
        if self.erased.contains_key(&id) {
            return self.settle_answer(place);
        }
        let Some(mut case) = self.cases.take(&id) else {
            self.counts.late_unknown += 1;
            return self.settle_answer(place);
        };
        let of_this_round = answer.raw_offset == case.raw_offset && *answer.input == *case.input;
        let task = &answer.decision.task;
        if case.awaits(&answer) && !broken!(self, DropPendingAnswers) {
            self.counts.pending_answer += 1;
            case.pending.push_back(Waiting::Answer(answer));
        } else if !of_this_round {
            self.counts.late_unknown += 1;
            self.settle_answer(place);
        } else if !case.expects(task) || (case.is_decided(task) && !broken!(self, DecideTwice)) {
            self.counts.duplicate_answer += 1;
            self.settle_answer(place);
        } else {
            match case.phase {
                Phase::Emitting { .. } => {
                    self.counts.pending_answer += 1;
                    case.pending.push_back(Waiting::Answer(answer));
                }
                Phase::Closed { .. } if broken!(self, NoAmendment) => self.settle_answer(place),
                Phase::Closed { .. } => {
                    case.decide(answer.decision);
                    case.held_answers.push(place);
                    return self.emit(turn, id, case, Why::Amended);
                }
                Phase::Open { .. } => {
                    case.decide(answer.decision);
                    case.held_answers.push(place);
                    if case.got.len() == case.plan.required.len() {
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
        } else if broken!(self, SettleDropped) {
            self.settle_prediction(offset);
        } else {
            // Stays open in the frontier, so that no commit passes it.
            self.counts.early_dropped += 1;
            self.in_hand.remove(&offset);
        }
    }

    /// Settles what a case held.
    pub(crate) fn release(&mut self, raw: &[i64], answers: &[AnswerPlace]) {
        for offset in raw {
            self.settle_raw(*offset);
        }
        for place in answers {
            self.settle_answer(*place);
        }
    }

    /// Takes up what had to wait, in its order; what still has to wait queues up again in the same order.
    pub(crate) fn take_waiting(&mut self, turn: &mut Turn<'_>, waiting: Waiting) {
        match waiting {
            Waiting::Raw(raw) => self.take_raw(turn, raw),
            Waiting::Answer(answer) => self.take_answer(turn, answer),
            Waiting::Tail { offset, appended_at, body } => self.take_tail(turn, offset, appended_at, body),
        }
    }
}
