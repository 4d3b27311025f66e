//! Complaints on their way to their first route, for metrics and traces: since when, and on whose trace.

use std::{
    collections::BTreeMap,
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use ombud_contract::records::RoutedComplaint;
use ombud_launch::telemetry::{Hop, HopAttribute};
use ombud_stream::{Header, Record};

use crate::read::WORKER;

/// One raw record, from its reading until its first route is acknowledged.
#[derive(Debug)]
pub(crate) struct ComplaintTrace {
    pub(crate) appended_at: i64,
    /// Part of a backfill.
    pub(crate) bulk: bool,
    /// For the route that follows.
    pub(crate) headers: Vec<Header>,
    hop: Mutex<Hop>,
    routed: AtomicBool,
}

impl ComplaintTrace {
    /// A prediction took part.
    fn joined_by(&self, headers: &[Header]) {
        self.lock().joined_by(headers);
    }

    /// What was decided.
    pub(crate) fn decided(&self, route: &RoutedComplaint) {
        let mut hop = self.lock();
        hop.say(HopAttribute::Complaint(&route.complaint_id));
        hop.say(HopAttribute::Team(&route.team));
        hop.say(HopAttribute::Revision(route.revision));
    }

    /// A route is durable; whether it is the first one.
    pub(crate) fn routed(&self, now: i64) -> bool {
        mem::take(&mut *self.lock()).end_at(now);
        !self.routed.swap(true, Ordering::Relaxed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Hop> {
        self.hop.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those of one shard, by raw offset. As many as the shard has unsettled raw records, which are bounded.
#[derive(Debug, Default)]
pub(crate) struct ComplaintTraces(BTreeMap<i64, Arc<ComplaintTrace>>);

impl ComplaintTraces {
    /// `record` was read at `now`; it is part of a backfill (`bulk`), or live.
    pub(crate) fn begin(&mut self, record: &Record, bulk: bool, now: i64) {
        let hop = Hop::process(WORKER, record, now);
        let carried = hop.carried(&record.headers);
        let headers = carried.iter().filter(|(name, _)| name.starts_with("trace")).cloned().collect();
        let trace = ComplaintTrace {
            appended_at: record.appended_at,
            bulk,
            headers,
            hop: Mutex::new(hop),
            routed: AtomicBool::new(false),
        };
        self.0.insert(record.offset, Arc::new(trace));
    }

    /// A prediction about the raw record at `raw_offset` was read.
    pub(crate) fn joined_by(&self, raw_offset: i64, headers: &[Header]) {
        if let Some(trace) = self.0.get(&raw_offset) {
            trace.joined_by(headers);
        }
    }

    /// That of the complaint that a route is about, unless its first route is acknowledged already.
    pub(crate) fn of(&self, route: &RoutedComplaint) -> Option<Arc<ComplaintTrace>> {
        self.0.get(&route.raw_offset).cloned()
    }

    /// Everything below `frontier` is routed, or settled without a route.
    pub(crate) fn forget_below(&mut self, frontier: i64) {
        self.0 = self.0.split_off(&frontier);
    }
}
