//! What a shard hands to the producer: how much of it is not acknowledged, and what waits for a lease or another attempt.

use std::{collections::BTreeSet, mem, sync::Arc};

use ombud_contract::records::RoutedComplaint;

use crate::event::{Effect, Origin};

/// Records by the complaint or by the parked record that they are about. The records themselves are kept by whoever decided
/// them, so that every attempt has the same bytes.
#[derive(Debug, Default)]
pub(super) struct SendQueue {
    /// Routes, tombstones and letters that the producer has.
    in_flight: usize,
    /// Complaints whose route or tombstone waits for a lease or for another attempt.
    waiting: BTreeSet<Arc<str>>,
    /// Closed cases whose route must be written once more.
    repairs: BTreeSet<Arc<str>>,
    letters_waiting: BTreeSet<Origin>,
}

impl SendQueue {
    /// Hands a route over, or a tombstone.
    pub(super) fn send(
        &mut self,
        complaint_id: &Arc<str>,
        record: Option<Arc<RoutedComplaint>>,
        out: &mut Vec<Effect>,
    ) {
        self.in_flight += 1;
        out.push(Effect::Route { complaint_id: Arc::clone(complaint_id), record });
    }

    /// The route or tombstone of a complaint is sent as soon as it may be.
    pub(super) fn wait(&mut self, complaint_id: &Arc<str>) {
        self.waiting.insert(Arc::clone(complaint_id));
    }

    /// The newest route of a closed case is written once more, under the next number.
    pub(super) fn repair(&mut self, complaint_id: &Arc<str>) {
        self.repairs.insert(Arc::clone(complaint_id));
    }

    pub(super) fn is_waiting(&self, complaint_id: &Arc<str>) -> bool {
        self.waiting.contains(complaint_id)
    }

    pub(super) fn take_waiting(&mut self) -> BTreeSet<Arc<str>> {
        mem::take(&mut self.waiting)
    }

    pub(super) fn take_repairs(&mut self) -> BTreeSet<Arc<str>> {
        mem::take(&mut self.repairs)
    }

    pub(super) fn send_letter(&mut self, origin: Origin, out: &mut Vec<Effect>) {
        self.in_flight += 1;
        out.push(Effect::Letter(origin));
    }

    /// Letters need no lease: two of one record have one id.
    pub(super) fn send_waiting_letters(&mut self, out: &mut Vec<Effect>) {
        for origin in mem::take(&mut self.letters_waiting) {
            self.send_letter(origin, out);
        }
    }

    /// What became of one record is known.
    pub(super) fn answered(&mut self) {
        self.in_flight -= 1;
    }

    pub(super) fn letter_failed(&mut self, origin: Origin) {
        self.answered();
        self.letters_waiting.insert(origin);
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }
}
