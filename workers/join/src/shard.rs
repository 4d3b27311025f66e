//! One shard: raw-p, predictions-p and routed-p joined by a state machine of plain data, as docs/adr/0003 says.
//!
//! raw -> open case -> answers, or the deadline -> route -> acknowledged -> raw and predictions settle -> commit
//!
//! It knows no clock, no log and no thread: it is told what happened and when, and says what to do. What it says
//! depends on nothing else, so the simulation in `sim` runs it as it ships.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ombud_stream::Frontier;

use crate::{
    case::{Answer, AnswerPlace, Raw},
    cases::Cases,
    counts::Counts,
    early::Early,
    erased::Erased,
    event::{Effect, Input, Kind, Log, Origin},
    limits::Limits,
    position::{Mark, Position},
    revision,
    rules::Rules,
};

#[cfg(any(test, feature = "simulation"))]
use crate::mutation::Mutation;

/// Whether a rule is broken on purpose: never in a production build, where this is `false` for the compiler.
macro_rules! broken {
    ($shard:expr, $mutation:ident) => {{
        #[cfg(any(test, feature = "simulation"))]
        let broken = $shard.mutation == Some(crate::mutation::Mutation::$mutation);
        #[cfg(not(any(test, feature = "simulation")))]
        let broken = false;
        broken
    }};
}
pub(crate) use broken;

/// Whether the shard may be worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The commit with the new epoch is not acknowledged yet.
    Claiming,
    /// Owned.
    Live,
    /// Going to somebody else.
    Revoked,
}

/// A commit that was asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) at: i64,
    pub(crate) position: Position,
}

/// What has to be known of a raw record that is not settled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsettled {
    /// Its route lies at this offset of routed or above.
    pub(crate) routed: i64,
    pub(crate) appended_at: i64,
    /// The shard's clock before it was read.
    pub(crate) clock: i64,
}

/// The state machine of one shard; made by [`crate::Recovery`].
#[derive(Debug)]
pub struct Shard {
    pub(crate) limits: Limits,
    pub(crate) partition: i32,
    pub(crate) epoch: i64,
    pub(crate) state: State,
    /// When the last acknowledged commit was asked for. Not when it was acknowledged: a process that freezes
    /// in between would believe in a lease that ran out long ago.
    pub(crate) leased_from: Option<i64>,
    /// A greater epoch has written: somebody else owns the shard, whatever the group says.
    pub(crate) fenced: bool,
    pub(crate) asked: Option<Asked>,
    pub(crate) next_commit_at: i64,
    pub(crate) committed: Position,
    /// rl as the shard was taken over with it: the routes of what is replayed lie at or above.
    pub(crate) inherited_rl: i64,
    pub(crate) recovery_end: i64,
    pub(crate) live_since: i64,
    pub(crate) raw: Frontier,
    pub(crate) predictions: Frontier,
    /// The next prediction that is expected; lower than the frontier's after a seek back.
    pub(crate) predictions_next: i64,
    pub(crate) routed_next: i64,
    /// The unsettled raw records.
    pub(crate) unsettled_raw: BTreeMap<i64, Unsettled>,
    /// Answers that are done with, by a raw record that the commit has not passed yet.
    pub(crate) answered: BTreeMap<i64, Vec<i64>>,
    /// Predictions that were delivered and are neither settled nor let go of.
    pub(crate) in_hand: BTreeSet<i64>,
    pub(crate) cases: Cases,
    pub(crate) erased: BTreeMap<Arc<str>, Erased>,
    pub(crate) early: Early,
    /// Routes and tombstones that wait for a lease or for another attempt.
    pub(crate) unsent: BTreeSet<Arc<str>>,
    /// Closed cases whose route must be written once more.
    pub(crate) repairs: BTreeSet<Arc<str>>,
    /// Records that are being parked, and whether they settle as soon as they are.
    pub(crate) letters: BTreeMap<Origin, bool>,
    pub(crate) unsent_letters: BTreeSet<Origin>,
    /// Routes and letters that the producer has.
    pub(crate) in_flight: usize,
    pub(crate) marks: Vec<Mark>,
    pub(crate) newest_bulk: i64,
    /// Append time of the raw record that was read last.
    pub(crate) newest_raw_at: i64,
    /// The greatest append time of the raw records that were read, in this ownership or before; greater where a
    /// complaint was forgotten that has a later revision. Never goes back, though the log's clock may.
    pub(crate) clock: i64,
    pub(crate) paused: bool,
    pub(crate) counts: Counts,
    #[cfg(any(test, feature = "simulation"))]
    pub(crate) mutation: Option<Mutation>,
}

/// One call: the time, the rules, and what is to be done.
pub(crate) struct Turn<'a> {
    pub(crate) now: i64,
    pub(crate) rules: &'a dyn Rules,
    pub(crate) out: &'a mut Vec<Effect>,
}

impl Shard {
    /// Takes in what happened at `now` and appends to `out` what has to be done, in order.
    ///
    /// `now` must not go back within a shard. Records of a partition come in offset order, from where
    /// [`Effect::Start`] or [`Effect::SeekPredictions`] said.
    pub fn on(&mut self, now: i64, input: Input, rules: &dyn Rules, out: &mut Vec<Effect>) {
        let turn = &mut Turn { now, rules, out };
        match input {
            Input::Raw { offset, appended_at, body } => {
                let before = self.clock;
                let clock = before.max(appended_at);
                self.on_raw(turn, Raw { offset, appended_at, clock, what: body }, before);
            }
            Input::Prediction { offset, body } => self.on_prediction(turn, offset, body),
            Input::Routed { offset, appended_at, body } => self.on_routed(turn, offset, appended_at, body),
            Input::Reached { log, next } => self.on_reached(turn, log, next),
            Input::PredictionsEnd { end, as_of } => self.cases.set_barriers(end, as_of),
            Input::Tick => self.tick(turn),
            Input::RouteAcked { complaint_id, offset } => self.on_acked(turn, &complaint_id, offset),
            Input::RouteFailed { complaint_id } => self.on_failed(&complaint_id),
            Input::LetterAcked(origin) => self.on_letter_acked(origin),
            Input::LetterFailed(origin) => {
                self.in_flight -= 1;
                self.unsent_letters.insert(origin);
            }
            Input::CommitAcked => self.on_committed(turn),
            Input::CommitFailed => {
                self.asked = None;
                self.next_commit_at = now + self.limits.commit_retry_ms;
            }
            Input::Share(limits) => self.take_share(limits),
            Input::Revoke => self.state = State::Revoked,
        }
        self.pause_or_resume(turn);
    }

    fn on_raw(&mut self, turn: &mut Turn<'_>, raw: Raw, clock_before: i64) {
        let offset = raw.offset;
        if !self.raw.open(offset) {
            return;
        }
        (self.newest_raw_at, self.clock) = (raw.appended_at, raw.clock);
        let (routed, appended_at) = (self.reread_for(offset), raw.appended_at);
        self.unsettled_raw.insert(offset, Unsettled { routed, appended_at, clock: clock_before });
        if raw.what.bulk {
            self.newest_bulk = offset;
        }
        if raw.what.kind == Kind::Unreadable {
            self.letters.insert(Origin::Raw(offset), false);
            self.park(turn, Origin::Raw(offset));
        }
        if raw.what.kind == Kind::Unreadable && broken!(self, UnreadableUnrouted) {
            self.settle_raw(offset);
        } else {
            self.take_raw(turn, raw);
        }
        for answer in self.early.take(offset) {
            self.take_answer(turn, answer);
        }
        self.read_dropped_again(turn);
    }

    /// Past what nobody is given. An answer about a raw record in there waits for nothing more.
    fn on_reached(&mut self, turn: &mut Turn<'_>, log: Log, next: i64) {
        match log {
            Log::Raw if self.raw.pass(next) => {
                for answer in self.early.take_below(next) {
                    self.take_answer(turn, answer);
                }
                self.read_dropped_again(turn);
            }
            Log::Raw => {}
            Log::Predictions => {
                self.predictions_next = self.predictions_next.max(next);
                self.predictions.pass(next);
            }
            Log::Routed => self.routed_next = self.routed_next.max(next),
        }
    }

    fn read_dropped_again(&mut self, turn: &mut Turn<'_>) {
        if let Some(offset) = self.early.seek_back(self.raw.next()) {
            self.counts.seek_back += 1;
            self.predictions_next = offset;
            turn.out.push(Effect::SeekPredictions(offset));
        }
    }

    fn on_prediction(
        &mut self,
        turn: &mut Turn<'_>,
        offset: i64,
        body: Option<Box<ombud_contract::records::Prediction>>,
    ) {
        self.predictions_next = offset + 1;
        // Read before, and still in somebody's hand: a seek back goes over it again.
        if !self.predictions.open(offset) && self.in_hand.contains(&offset) {
            return;
        }
        self.in_hand.insert(offset);
        match body {
            None => {
                self.letters.insert(Origin::Prediction(offset), true);
                self.park(turn, Origin::Prediction(offset));
            }
            Some(prediction) if !self.decides(&prediction) => {
                self.counts.watched_answer += 1;
                self.settle_prediction(offset);
            }
            Some(prediction) => self.take_answer(turn, Answer::new(offset, &prediction)),
        }
    }

    /// Asks for a dead letter.
    pub(crate) fn park(&mut self, turn: &mut Turn<'_>, origin: Origin) {
        self.in_flight += 1;
        turn.out.push(Effect::Letter(origin));
    }

    fn on_letter_acked(&mut self, origin: Origin) {
        let Some(settles) = self.letters.remove(&origin) else { return };
        self.in_flight -= 1;
        match origin {
            Origin::Raw(offset) if settles => self.settle_raw(offset),
            Origin::Prediction(offset) if settles => self.settle_prediction(offset),
            Origin::Raw(_) | Origin::Prediction(_) => {}
        }
    }

    /// Lets the commit pass a raw record; one that is being parked, when it is.
    pub(crate) fn settle_raw(&mut self, offset: i64) {
        if let Some(settles) = self.letters.get_mut(&Origin::Raw(offset)) {
            *settles = true;
            return;
        }
        self.raw.settle(offset);
        self.unsettled_raw.remove(&offset);
    }

    /// Lets the commit pass an answer, though never before it passes the raw record that the answer is about: a
    /// restart would read that record again, might judge it otherwise with what it remembers, and miss the answer.
    pub(crate) fn settle_answer(&mut self, place: AnswerPlace) {
        if place.raw_offset < self.raw.frontier() {
            self.settle_prediction(place.offset);
        } else {
            self.answered.entry(place.raw_offset).or_default().push(place.offset);
        }
    }

    /// Settles the answers that the raw frontier has passed.
    pub(crate) fn settle_passed(&mut self) {
        let rest = self.answered.split_off(&self.raw.frontier());
        for offset in std::mem::replace(&mut self.answered, rest).into_values().flatten() {
            self.settle_prediction(offset);
        }
    }

    pub(crate) fn settle_prediction(&mut self, offset: i64) {
        self.predictions.settle(offset);
        self.in_hand.remove(&offset);
    }

    /// Whether a route may be written now.
    pub(crate) fn may_write(&self, now: i64) -> bool {
        let leased = self.leased_from.is_some_and(|from| now < from + self.limits.lease_ms);
        let owned = self.state == State::Live;
        owned && (broken!(self, NoLease) || (leased && !self.fenced))
    }

    /// What is numbered from now on is not below this, and what is forgotten must be.
    pub(crate) fn least_revision(&self) -> i64 {
        revision::at(self.clock, self.partition)
    }

    /// A complaint is forgotten: its next submission is known to be greater by the clock alone.
    pub(crate) fn outlive(&mut self, greatest: i64) {
        if greatest >= self.least_revision() {
            self.clock = revision::time(greatest) + 1;
        }
    }

    /// Raw alone is held back: the open cases need the predictions. What counts is not the open cases but every
    /// raw record that is read and not settled, or an outage of routed would fill the memory with routes.
    fn pause_or_resume(&mut self, turn: &mut Turn<'_>) {
        let open = self.raw.unsettled();
        let cap = self.limits.open_cap;
        // Goes on a little below the cap, because a pause throws fetched records away.
        let pause = if self.paused { open > cap - cap.div_ceil(10) } else { open >= cap };
        if pause != self.paused {
            self.paused = pause;
            self.counts.paused += u64::from(pause);
            turn.out.push(Effect::PauseRaw(pause));
        }
    }

    /// How many routes and dead letters the producer has: a revoked shard waits for them.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Cases that wait for predictions.
    pub fn open(&self) -> usize {
        self.cases.open()
    }

    /// Raw records that are read and not settled: open cases, and what waits for an acknowledgement.
    pub fn unsettled(&self) -> usize {
        self.raw.unsettled()
    }

    /// Open cases whose deadline has passed by `now`: each is routed as soon as predictions are read up to it.
    pub fn past_deadline(&self, now: i64) -> usize {
        self.cases.due(now).count()
    }

    /// Routed complaints that are remembered.
    pub fn closed(&self) -> usize {
        self.cases.closed()
    }

    /// Predictions that came before their raw record was read.
    pub fn early(&self) -> usize {
        self.early.len()
    }

    /// Whether its first commit was acknowledged: before, it has nothing of its own to commit.
    pub fn has_claimed(&self) -> bool {
        self.leased_from.is_some()
    }

    /// Where the changelog is read on from.
    pub fn routed_next(&self) -> i64 {
        self.routed_next
    }

    /// Which ownership of the shard this is.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// What it has done so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How many remembered complaints a restart would need, so that they can't be forgotten for room.
    #[cfg(any(test, feature = "simulation"))]
    pub(crate) fn unforgettable(&self) -> usize {
        if self.raw.next() < self.recovery_end {
            return self.cases.closed();
        }
        let below = self.least_revision();
        self.cases.closed() - self.cases.forgettable(usize::MAX, self.committed.raw, below).len()
    }

    /// Whether it remembers anything of a complaint.
    #[cfg(any(test, feature = "simulation"))]
    pub(crate) fn remembers(&self, complaint_id: &str) -> bool {
        self.cases.get(complaint_id).is_some() || self.erased.contains_key(complaint_id)
    }

    /// The raw offset of an open case whose deadline has passed, among those that `counts`.
    #[cfg(any(test, feature = "simulation"))]
    pub(crate) fn overdue(&self, now: i64, counts: impl Fn(i64) -> bool) -> Option<i64> {
        let waiting = self.cases.open_rounds().find(|(raw_offset, _)| counts(*raw_offset));
        waiting.filter(|_| now >= self.live_since).map(|(raw_offset, _)| raw_offset)
    }

    /// The complaint's newest revision and route id that are known to be durable; `None` where it is not known.
    pub fn newest(&self, complaint_id: &str) -> Option<(i64, &str)> {
        let last = self.cases.get(complaint_id)?.last()?;
        Some((last.record.revision, &last.record.route_id))
    }
}
