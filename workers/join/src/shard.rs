//! One shard: raw-p, predictions-p and routed-p joined by a state machine of plain data, as docs/adr/0003 says.
//!
//! raw -> open case -> answers, or the deadline -> route -> acknowledged -> raw and predictions settle -> commit
//!
//! It knows no clock, no log and no thread: inputs with their times go in, effects come out. What it does depends on
//! nothing else, so the simulation in `sim` runs it as it ships. Each part of it keeps one invariant, and nobody else
//! reaches into its fields.

mod case;
mod cases;
mod changelog;
mod clock;
mod compose;
mod early;
mod erasures;
mod gather;
mod lease;
mod marks;
mod offsets;
mod recovery;
mod routes;
mod send_queue;
mod timers;

use ombud_contract::records::Prediction;

use self::{
    case::{Answer, RawSubmission},
    cases::Cases,
    clock::LogClock,
    early::EarlyAnswers,
    erasures::Erasures,
    lease::Lease,
    marks::BulkMarks,
    offsets::Offsets,
    send_queue::SendQueue,
};
use crate::{
    counts::Counts,
    event::{Effect, Input, Log, Origin, Submission, SubmissionKind},
    limits::JoinLimits,
    rules::Rules,
};

pub use recovery::Recovery;

/// The state machine of one shard; made by [`Recovery`].
#[derive(Debug)]
pub struct Shard {
    partition: i32,
    limits: JoinLimits,
    /// Whether routes may be written.
    lease: Lease,
    /// How far the logs are read, and how far the commit may pass.
    offsets: Offsets,
    /// By what submissions are numbered.
    clock: LogClock,
    marks: BulkMarks,
    cases: Cases,
    early: EarlyAnswers,
    erasures: Erasures,
    /// What the producer has, and what waits for it.
    queue: SendQueue,
    is_raw_paused: bool,
    counts: Counts,
}

/// The state of a shard at one moment.
#[derive(Clone, Copy, Debug)]
pub struct ShardStatus {
    /// Which ownership of the shard this is.
    pub epoch: i64,
    /// Its first commit was acknowledged: before, it has nothing of its own to commit.
    pub has_claimed: bool,
    /// Routes may be written.
    pub may_write: bool,
    /// How many routes and dead letters the producer has: a revoked shard waits for them.
    pub in_flight: usize,
    /// Cases that wait for predictions.
    pub open: usize,
    /// Raw records that are read and not settled: open cases, and what waits for an acknowledgement.
    pub unsettled: usize,
    /// When the oldest of those was appended.
    pub oldest_unsettled_at: Option<i64>,
    /// Routed complaints that are remembered.
    pub closed: usize,
    /// Predictions that came before their raw record was read.
    pub early: usize,
    /// Every raw record below is settled.
    pub raw_frontier: i64,
    /// Where the changelog is read on from.
    pub routed_next: i64,
    /// No raw records are wanted.
    pub is_raw_paused: bool,
    /// What it has done so far.
    pub counts: Counts,
}

/// One call: the time, the rules, and what is to be done.
struct Turn<'a> {
    now: i64,
    rules: &'a dyn Rules,
    out: &'a mut Vec<Effect>,
}

impl Shard {
    /// Takes in what happened at `now` and appends to `out` what has to be done, in order.
    ///
    /// `now` must not go back within a shard. Records of a partition come in offset order, from where
    /// [`Effect::Start`] or [`Effect::SeekPredictions`] said.
    pub fn on(&mut self, now: i64, input: Input, rules: &dyn Rules, out: &mut Vec<Effect>) {
        let turn = &mut Turn { now, rules, out };
        match input {
            Input::Raw { offset, appended_at, body } => self.on_raw(turn, offset, appended_at, body),
            Input::Prediction { offset, body } => self.on_prediction(turn, offset, body),
            Input::Routed { offset, appended_at, body } => self.on_routed(turn, offset, appended_at, body),
            Input::Gap { log, next } => self.on_gap(turn, log, next),
            Input::PredictionsEnd { end, as_of } => self.cases.set_barriers(end, as_of),
            Input::Tick => self.tick(turn),
            Input::RouteAcked { complaint_id, offset } => self.on_acked(turn, &complaint_id, offset),
            Input::RouteFailed { complaint_id } => self.on_failed(&complaint_id),
            Input::LetterAcked(origin) => self.on_letter_acked(origin),
            Input::LetterFailed(origin) => self.queue.letter_failed(origin),
            Input::CommitAcked => self.on_committed(turn),
            Input::CommitFailed => self.lease.commit_failed(now),
            Input::Share(limits) => self.take_share(limits),
            Input::Revoke => self.lease.revoke(),
        }
        self.pause_or_resume_raw(turn);
    }

    fn on_raw(&mut self, turn: &mut Turn<'_>, offset: i64, appended_at: i64, what: Submission) {
        if !self.offsets.open_raw(offset, appended_at, self.clock.now()) {
            return;
        }
        let clock = self.clock.advance(appended_at);
        if what.bulk {
            self.marks.note_bulk(offset);
        }
        if what.kind == SubmissionKind::Unreadable {
            self.park(turn, Origin::Raw(offset));
        }
        self.take_raw(turn, RawSubmission { offset, appended_at, clock, what });
        for answer in self.early.take(offset) {
            self.take_answer(turn, answer);
        }
        self.read_dropped_again(turn);
    }

    fn on_prediction(&mut self, turn: &mut Turn<'_>, offset: i64, body: Option<Box<Prediction>>) {
        if !self.offsets.open_prediction(offset) {
            return;
        }
        match body {
            None => self.park(turn, Origin::Prediction(offset)),
            Some(prediction) if !self.decides(&prediction) => {
                self.counts.watched_answer += 1;
                self.offsets.settle_prediction(offset);
            }
            Some(prediction) => self.take_answer(turn, Answer::new(offset, &prediction)),
        }
    }

    /// Nobody is given what lies in a gap. An answer about a raw record in there waits for nothing more.
    fn on_gap(&mut self, turn: &mut Turn<'_>, log: Log, next: i64) {
        if self.offsets.pass(log, next) {
            for answer in self.early.take_below(next) {
                self.take_answer(turn, answer);
            }
            self.read_dropped_again(turn);
        }
    }

    fn read_dropped_again(&mut self, turn: &mut Turn<'_>) {
        if let Some(offset) = self.early.seek_back(self.offsets.raw_next()) {
            self.counts.seek_back += 1;
            self.offsets.seek_predictions(offset);
            turn.out.push(Effect::SeekPredictions(offset));
        }
    }

    /// Sends a record that nobody can read to the dead letters.
    fn park(&mut self, turn: &mut Turn<'_>, origin: Origin) {
        self.offsets.await_letter(origin);
        self.queue.send_letter(origin, turn.out);
    }

    fn on_letter_acked(&mut self, origin: Origin) {
        if self.offsets.letter_acked(origin) {
            self.queue.answered();
        }
    }

    /// Fewer early predictions at once, fewer raw records as those that are open settle, and fewer remembered complaints
    /// with the next commit.
    fn take_share(&mut self, limits: JoinLimits) {
        for offset in self.early.resize(limits.early_cap) {
            self.counts.early_dropped += 1;
            self.offsets.let_go(offset);
        }
        self.limits = limits;
    }

    /// Raw alone is held back: the open cases need the predictions. What counts is not the open cases but every
    /// raw record that is read and not settled, or an outage of routed would fill the memory with routes.
    fn pause_or_resume_raw(&mut self, turn: &mut Turn<'_>) {
        let unsettled = self.offsets.unsettled();
        let cap = self.limits.open_cap;
        // Resumes a little below the cap, because a pause throws fetched records away.
        let pause = if self.is_raw_paused { unsettled > cap - cap.div_ceil(10) } else { unsettled >= cap };
        if pause != self.is_raw_paused {
            self.is_raw_paused = pause;
            self.counts.paused += u64::from(pause);
            turn.out.push(Effect::PauseRaw(pause));
        }
    }

    /// Its state at `now`. Costs nothing that grows with the number of cases.
    pub fn status(&self, now: i64) -> ShardStatus {
        ShardStatus {
            epoch: self.lease.epoch(),
            has_claimed: self.lease.has_claimed(),
            may_write: self.lease.allows_writing(now),
            in_flight: self.queue.in_flight(),
            open: self.cases.open(),
            unsettled: self.offsets.unsettled(),
            oldest_unsettled_at: self.offsets.oldest_unsettled_at(),
            closed: self.cases.closed(),
            early: self.early.len(),
            raw_frontier: self.offsets.raw_frontier(),
            routed_next: self.offsets.routed_next(),
            is_raw_paused: self.is_raw_paused,
            counts: self.counts,
        }
    }

    /// Open cases whose deadline has passed by `now`: each is routed as soon as predictions are read up to it.
    pub fn past_deadline(&self, now: i64) -> usize {
        self.cases.due(now).count()
    }

    /// The complaint's newest revision and route id that are known to be durable; `None` where it is not known.
    pub fn newest(&self, complaint_id: &str) -> Option<(i64, &str)> {
        let newest = self.cases.get(complaint_id)?.newest()?;
        Some((newest.record.revision, &newest.record.route_id))
    }
}

/// What the simulation looks at beside the status.
#[cfg(any(test, feature = "simulation"))]
impl Shard {
    /// How many remembered complaints a restart would need, so that they can't be forgotten for room.
    pub(crate) fn unforgettable(&self) -> usize {
        if self.offsets.is_rereading() {
            return self.cases.closed();
        }
        let (raw, below) = (self.lease.committed().raw, self.clock.least_revision());
        self.cases.closed() - self.cases.forgettable(usize::MAX, raw, below).len()
    }

    /// Whether it remembers anything of a complaint.
    pub(crate) fn remembers(&self, complaint_id: &str) -> bool {
        self.cases.get(complaint_id).is_some() || self.erasures.contains(complaint_id)
    }

    /// The raw offset of an open case whose deadline has passed, among those that `counts`.
    pub(crate) fn overdue(&self, now: i64, counts: impl Fn(i64) -> bool) -> Option<i64> {
        let waiting = self.cases.open_rounds().find(|(raw_offset, _)| counts(*raw_offset));
        waiting.filter(|_| now >= self.lease.live_since()).map(|(raw_offset, _)| raw_offset)
    }
}
