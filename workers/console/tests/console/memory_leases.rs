//! Leases in memory, by a clock that tests move.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use ombud_store::{Claim, Lease, LeaseAnswer, Leases};
use ombud_stream::{Clock, ManualClock, Outage};

/// Leases in memory.
#[derive(Clone)]
pub(crate) struct MemoryLeases {
    clock: Arc<ManualClock>,
    held: Arc<Mutex<BTreeMap<String, Lease>>>,
}

impl MemoryLeases {
    pub(crate) fn new(clock: Arc<ManualClock>) -> Self {
        Self { clock, held: Arc::default() }
    }

    fn until(&self, length: Duration) -> i64 {
        self.clock.now_ms() + i64::try_from(length.as_millis()).unwrap()
    }

    /// What `change` makes of a lease that has not run out.
    fn with<R>(&self, complaint_id: &str, change: impl FnOnce(Option<Lease>) -> (Option<Lease>, R)) -> R {
        let mut held = self.held.lock().unwrap();
        let now = self.clock.now_ms();
        let (lease, outcome) = change(held.remove(complaint_id).filter(|lease| lease.until > now));
        held.extend(lease.map(|lease| (complaint_id.to_owned(), lease)));
        outcome
    }
}

fn answered(lease: Option<Lease>, yours: bool) -> LeaseAnswer {
    match lease {
        None => LeaseAnswer::Nobody,
        Some(lease) if yours => LeaseAnswer::Yours(lease),
        Some(lease) => LeaseAnswer::Held(lease),
    }
}

impl Leases for MemoryLeases {
    fn take(&mut self, claim: &Claim, length: Duration) -> Result<LeaseAnswer, Outage> {
        let (since, until) = (self.clock.now_ms(), self.until(length));
        Ok(self.with(&claim.complaint_id, |held| {
            let lease = held.unwrap_or(Lease { claim: claim.clone(), since, until, finished: false });
            let yours = lease.claim.lease_id == claim.lease_id;
            (Some(lease.clone()), answered(Some(lease), yours))
        }))
    }

    fn renew(&mut self, complaint_id: &str, lease_id: &str, length: Duration) -> Result<LeaseAnswer, Outage> {
        let until = self.until(length);
        Ok(self.with(complaint_id, |held| {
            let yours =
                held.as_ref().is_some_and(|lease| lease.claim.lease_id == lease_id && !lease.finished);
            let lease = held.map(|lease| if yours { Lease { until, ..lease } } else { lease });
            (lease.clone(), answered(lease, yours))
        }))
    }

    fn take_over(&mut self, claim: &Claim, from: &str, length: Duration) -> Result<LeaseAnswer, Outage> {
        let (since, until) = (self.clock.now_ms(), self.until(length));
        Ok(self.with(&claim.complaint_id, |held| {
            let yours = held.as_ref().is_some_and(|lease| lease.claim.lease_id == from && !lease.finished);
            let lease = match yours {
                true => Some(Lease { claim: claim.clone(), since, until, finished: false }),
                false => held,
            };
            (lease.clone(), answered(lease, yours))
        }))
    }

    fn release(&mut self, complaint_id: &str, lease_id: &str) -> Result<Option<Lease>, Outage> {
        let now = self.clock.now_ms();
        Ok(self.with(complaint_id, |held| match held {
            Some(lease) if lease.claim.lease_id == lease_id && !lease.finished => {
                (None, Some(Lease { until: now, ..lease }))
            }
            other => (other, None),
        }))
    }

    fn finish(
        &mut self,
        complaint_id: &str,
        lease_id: &str,
        length: Duration,
    ) -> Result<LeaseAnswer, Outage> {
        let (now, until) = (self.clock.now_ms(), self.until(length));
        Ok(self.with(complaint_id, |held| {
            let yours = held.as_ref().is_some_and(|lease| lease.claim.lease_id == lease_id);
            let since = |lease: &Lease| if lease.finished { lease.since } else { now };
            let lease = held.map(|lease| match yours {
                true => Lease { since: since(&lease), until, finished: true, ..lease },
                false => lease,
            });
            (lease.clone(), answered(lease, yours))
        }))
    }

    fn forget(&mut self, complaint_id: &str) -> Result<(), Outage> {
        self.with(complaint_id, |held| (held.filter(|lease| !lease.finished), ()));
        Ok(())
    }

    fn held(&mut self, complaint_ids: &[String]) -> Result<BTreeMap<String, Lease>, Outage> {
        let lease = |id: &String| Some((id.clone(), self.with(id, |held| (held.clone(), held))?));
        Ok(complaint_ids.iter().filter_map(lease).collect())
    }

    fn held_by(&mut self, holder: &str) -> Result<Vec<Lease>, Outage> {
        let now = self.clock.now_ms();
        let held = self.held.lock().unwrap();
        let theirs = |lease: &&Lease| lease.claim.holder == holder && !lease.finished && lease.until > now;
        Ok(held.values().filter(theirs).cloned().collect())
    }
}
