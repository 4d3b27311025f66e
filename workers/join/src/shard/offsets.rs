//! How far the three logs of a shard are read, and how far the commit may pass.
//!
//! *Invariant: the commit passes a raw record when its route is durable, or it needs none, and its dead letter is durable, if
//! it has one. It passes an answer after the raw record that the answer is about.*

use std::collections::{BTreeMap, BTreeSet};

use ombud_stream::Frontier;

use crate::{
    event::{Log, Origin},
    limits::CLOCKS_DIFFER_MS,
    position::Position,
    shard::case::AnswerPlace,
};

/// What has to be known of a raw record that is not settled.
#[derive(Clone, Copy, Debug)]
struct UnsettledRecord {
    /// Its route lies at this offset of routed or above.
    routed: i64,
    appended_at: i64,
    /// The shard's clock before it was read.
    clock: i64,
}

/// Whether a record settles when its dead letter is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parking {
    /// Its route is not durable yet.
    RouteMissing,
    /// Nothing but the letter is awaited.
    LetterMissing,
}

/// The offsets of one shard.
#[derive(Debug)]
pub(super) struct Offsets {
    raw: Frontier,
    predictions: Frontier,
    /// The next prediction that is expected; lower than the frontier's after a seek back.
    predictions_next: i64,
    routed_next: i64,
    /// rl as the shard was taken over with it: the routes of what is read again lie at or above.
    inherited_rl: i64,
    /// The end of raw at the takeover: what lies below may have been routed by an earlier owner.
    recovery_end: i64,
    unsettled_raw: BTreeMap<i64, UnsettledRecord>,
    /// Answers that are done with, by a raw record that the commit has not passed yet.
    answered: BTreeMap<i64, Vec<i64>>,
    /// Predictions that were delivered and are neither settled nor let go of.
    in_hand: BTreeSet<i64>,
    parking: BTreeMap<Origin, Parking>,
    /// Append time of the raw record that was read last.
    newest_raw_at: i64,
}

impl Offsets {
    /// Raw and predictions resume at the position that was committed, routed where its fold has ended.
    pub(super) fn resume(found: &Position, routed_next: i64, recovery_end: i64) -> Self {
        let predictions = Frontier::new(found.meta.predictions);
        Self {
            raw: Frontier::new(found.raw),
            predictions_next: predictions.next(),
            predictions,
            routed_next,
            inherited_rl: found.meta.routed,
            recovery_end,
            unsettled_raw: BTreeMap::new(),
            answered: BTreeMap::new(),
            in_hand: BTreeSet::new(),
            parking: BTreeMap::new(),
            newest_raw_at: i64::MIN,
        }
    }

    /// Takes on a raw record; `clock` is the shard's before it. Returns whether it is new.
    pub(super) fn open_raw(&mut self, offset: i64, appended_at: i64, clock: i64) -> bool {
        if !self.raw.open(offset) {
            return false;
        }
        self.newest_raw_at = appended_at;
        let routed = self.route_floor(offset);
        self.unsettled_raw.insert(offset, UnsettledRecord { routed, appended_at, clock });
        true
    }

    /// Takes on a prediction. Returns whether it has to be looked at: a seek back goes over those again that are in
    /// hand already.
    pub(super) fn open_prediction(&mut self, offset: i64) -> bool {
        self.predictions_next = offset + 1;
        let is_new = self.predictions.open(offset);
        self.in_hand.insert(offset) || is_new
    }

    pub(super) fn open_routed(&mut self, offset: i64) {
        self.routed_next = offset + 1;
    }

    /// No record below `next` is going to be delivered any more. Returns whether that moves raw.
    pub(super) fn pass(&mut self, log: Log, next: i64) -> bool {
        match log {
            Log::Raw => return self.raw.pass(next),
            Log::Predictions => {
                self.predictions_next = self.predictions_next.max(next);
                self.predictions.pass(next);
            }
            Log::Routed => self.routed_next = self.routed_next.max(next),
        }
        false
    }

    /// Predictions are delivered again from `offset` on.
    pub(super) fn seek_predictions(&mut self, offset: i64) {
        self.predictions_next = offset;
    }

    /// There is no room for a prediction. It stays open in the frontier, so that no commit passes it.
    pub(super) fn let_go(&mut self, offset: i64) {
        self.in_hand.remove(&offset);
    }

    /// The record is being parked: the commit does not pass it before its letter is durable. Of a prediction nothing else is
    /// awaited.
    pub(super) fn await_letter(&mut self, origin: Origin) {
        let parking = match origin {
            Origin::Raw(_) => Parking::RouteMissing,
            Origin::Prediction(_) => Parking::LetterMissing,
        };
        self.parking.insert(origin, parking);
    }

    /// The letter is durable. Returns whether it was awaited.
    pub(super) fn letter_acked(&mut self, origin: Origin) -> bool {
        let Some(parking) = self.parking.remove(&origin) else { return false };
        match (origin, parking) {
            (Origin::Raw(offset), Parking::LetterMissing) => self.settle_raw(offset),
            (Origin::Prediction(offset), Parking::LetterMissing) => self.settle_prediction(offset),
            (_, Parking::RouteMissing) => {}
        }
        true
    }

    /// Lets the commit pass a raw record; one that is being parked, when it is.
    pub(super) fn settle_raw(&mut self, offset: i64) {
        if let Some(parking) = self.parking.get_mut(&Origin::Raw(offset)) {
            *parking = Parking::LetterMissing;
            return;
        }
        self.raw.settle(offset);
        self.unsettled_raw.remove(&offset);
    }

    /// Lets the commit pass an answer, though never before it passes the raw record that the answer is about: a
    /// restart would read that record again, might judge it otherwise with what it remembers, and miss the answer.
    pub(super) fn settle_answer(&mut self, place: AnswerPlace) {
        if place.raw_offset < self.raw.frontier() {
            self.settle_prediction(place.offset);
        } else {
            self.answered.entry(place.raw_offset).or_default().push(place.offset);
        }
    }

    /// Settles the answers that the raw frontier has passed.
    pub(super) fn settle_passed(&mut self) {
        let rest = self.answered.split_off(&self.raw.frontier());
        for offset in std::mem::replace(&mut self.answered, rest).into_values().flatten() {
            self.settle_prediction(offset);
        }
    }

    pub(super) fn settle_prediction(&mut self, offset: i64) {
        self.predictions.settle(offset);
        self.in_hand.remove(&offset);
    }

    /// Whether raw records are read that an earlier owner may have routed.
    pub(super) fn is_rereading(&self) -> bool {
        self.raw.next() < self.recovery_end
    }

    pub(super) fn raw_next(&self) -> i64 {
        self.raw.next()
    }

    pub(super) fn predictions_next(&self) -> i64 {
        self.predictions_next
    }

    pub(super) fn routed_next(&self) -> i64 {
        self.routed_next
    }

    /// Every raw record below is settled.
    pub(super) fn raw_frontier(&self) -> i64 {
        self.raw.frontier()
    }

    /// Every prediction below is settled.
    pub(super) fn predictions_frontier(&self) -> i64 {
        self.predictions.frontier()
    }

    /// Raw records that are read and not settled.
    pub(super) fn unsettled(&self) -> usize {
        self.raw.unsettled()
    }

    /// When the oldest raw record was appended that is read and not settled.
    pub(super) fn oldest_unsettled_at(&self) -> Option<i64> {
        self.unsettled_raw.values().next().map(|oldest| oldest.appended_at)
    }

    /// No raw record that is unsettled or unread was appended before, though the log's clock may have gone back.
    pub(super) fn nothing_older_than(&self) -> i64 {
        let oldest = self.at_frontier();
        oldest.map_or(self.newest_raw_at, |oldest| oldest.appended_at).saturating_sub(CLOCKS_DIFFER_MS)
    }

    /// Where the routes of what is not settled, or not read, may lie at the earliest.
    pub(super) fn least_routed(&self) -> i64 {
        self.at_frontier().map_or_else(|| self.route_floor(self.raw.frontier()), |oldest| oldest.routed)
    }

    /// The shard's clock at the raw frontier; `now` where nothing is read above it.
    pub(super) fn clock_at_frontier(&self, now: i64) -> i64 {
        self.at_frontier().map_or(now, |oldest| oldest.clock)
    }

    /// Where the route of the raw record at `offset` may lie at the earliest, when it is read now or later.
    fn route_floor(&self, offset: i64) -> i64 {
        if offset < self.recovery_end { self.inherited_rl } else { self.routed_next }
    }

    fn at_frontier(&self) -> Option<&UnsettledRecord> {
        self.unsettled_raw.get(&self.raw.frontier())
    }
}
