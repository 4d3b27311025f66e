//! Leases in memory: by one true clock, stamped by clocks that differ, and with processes that die before or after a write.

use std::{collections::BTreeMap, time::Duration};

use ombud_store::{Claim, Lease, LeaseAnswer, Leases};
use ombud_stream::Outage;

/// A stretch in which somebody had a complaint, by the true clock.
#[derive(Debug)]
pub(super) struct Period {
    pub(super) complaint_id: String,
    pub(super) lease_id: String,
    pub(super) from: i64,
    pub(super) to: i64,
}

/// When the process dies that asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Death {
    /// After so many calls.
    pub(super) calls: u32,
    /// What it asked for last was done all the same.
    pub(super) is_done: bool,
}

/// What the replicas share.
#[derive(Default)]
pub(super) struct MemoryLeases {
    /// The true time.
    pub(super) now: i64,
    /// By how much the clock of whoever answers is wrong.
    pub(super) skew: i64,
    pub(super) death: Option<Death>,
    pub(super) rows: BTreeMap<String, (Lease, i64)>,
    pub(super) periods: Vec<Period>,
}

impl MemoryLeases {
    /// Counts a call; whether it is done, and whether its answer comes.
    fn call<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> Result<T, Outage> {
        let died = || Outage::passing("ask for a lease", "the process died");
        match &mut self.death {
            Some(Death { calls: 0, is_done: true }) => {
                act(self);
                Err(died())
            }
            Some(Death { calls: 0, is_done: false }) => Err(died()),
            Some(death) => {
                death.calls -= 1;
                Ok(act(self))
            }
            None => Ok(act(self)),
        }
    }

    pub(super) fn live(&self, complaint_id: &str) -> Option<Lease> {
        let (lease, ends) = self.rows.get(complaint_id)?;
        (*ends > self.now).then(|| lease.clone())
    }

    /// Whoever has one, in the order of the complaints.
    pub(super) fn all(&self) -> Vec<Lease> {
        self.rows.keys().filter_map(|complaint_id| self.live(complaint_id)).collect()
    }

    fn put(&mut self, mut lease: Lease, length: Duration) -> LeaseAnswer {
        let length = i64::try_from(length.as_millis()).expect("short");
        lease.until = self.now + self.skew + length;
        let ends = self.now + length;
        let Claim { complaint_id, lease_id, .. } = &lease.claim;
        let last = self.periods.iter_mut().rev().find(|period| period.complaint_id == *complaint_id);
        match last {
            Some(last) if last.lease_id == *lease_id && last.to > self.now => last.to = ends,
            last => {
                if let Some(last) = last {
                    last.to = last.to.min(self.now);
                }
                let (complaint_id, lease_id) = (complaint_id.clone(), lease_id.clone());
                self.periods.push(Period { complaint_id, lease_id, from: self.now, to: ends });
            }
        }
        self.rows.insert(complaint_id.clone(), (lease.clone(), ends));
        LeaseAnswer::Yours(lease)
    }

    fn begin(&mut self, claim: &Claim, length: Duration) -> LeaseAnswer {
        let since = self.now + self.skew;
        self.put(Lease { claim: claim.clone(), since, until: 0, finished: false }, length)
    }

    fn remove(&mut self, complaint_id: &str) {
        self.rows.remove(complaint_id);
        let last = self.periods.iter_mut().rev().find(|period| period.complaint_id == complaint_id);
        if let Some(last) = last {
            last.to = last.to.min(self.now);
        }
    }
}

fn is_at_work(lease: &Lease, lease_id: &str) -> bool {
    lease.claim.lease_id == lease_id && !lease.finished
}

fn not_yours(found: Option<Lease>) -> LeaseAnswer {
    found.map_or(LeaseAnswer::Nobody, LeaseAnswer::Held)
}

impl Leases for MemoryLeases {
    fn take(&mut self, claim: &Claim, length: Duration) -> Result<LeaseAnswer, Outage> {
        self.call(|this| match this.live(&claim.complaint_id) {
            Some(lease) if is_at_work(&lease, &claim.lease_id) => LeaseAnswer::Yours(lease),
            Some(lease) => LeaseAnswer::Held(lease),
            None => this.begin(claim, length),
        })
    }

    fn renew(&mut self, complaint_id: &str, lease_id: &str, length: Duration) -> Result<LeaseAnswer, Outage> {
        self.call(|this| match this.live(complaint_id) {
            Some(lease) if is_at_work(&lease, lease_id) => this.put(lease, length),
            other => not_yours(other),
        })
    }

    fn take_over(&mut self, claim: &Claim, from: &str, length: Duration) -> Result<LeaseAnswer, Outage> {
        self.call(|this| match this.live(&claim.complaint_id) {
            Some(lease) if is_at_work(&lease, from) => this.begin(claim, length),
            other => not_yours(other),
        })
    }

    fn release(&mut self, complaint_id: &str, lease_id: &str) -> Result<Option<Lease>, Outage> {
        self.call(|this| {
            let lease = this.live(complaint_id).filter(|lease| is_at_work(lease, lease_id))?;
            this.remove(complaint_id);
            Some(Lease { until: this.now + this.skew, ..lease })
        })
    }

    fn finish(
        &mut self,
        complaint_id: &str,
        lease_id: &str,
        length: Duration,
    ) -> Result<LeaseAnswer, Outage> {
        self.call(|this| match this.live(complaint_id) {
            Some(lease) if lease.claim.lease_id == lease_id => {
                let since = if lease.finished { lease.since } else { this.now + this.skew };
                this.put(Lease { since, finished: true, ..lease }, length)
            }
            other => not_yours(other),
        })
    }

    fn forget(&mut self, complaint_id: &str) -> Result<(), Outage> {
        self.call(|this| {
            if this.live(complaint_id).is_some_and(|lease| lease.finished) {
                this.remove(complaint_id);
            }
        })
    }

    fn held(&mut self, complaint_ids: &[String]) -> Result<BTreeMap<String, Lease>, Outage> {
        self.call(|this| {
            let held = complaint_ids.iter().filter_map(|id| Some((id.clone(), this.live(id)?)));
            held.collect()
        })
    }

    fn held_by(&mut self, holder: &str) -> Result<Vec<Lease>, Outage> {
        self.call(|this| {
            let mut leases = this.all();
            leases.retain(|lease| lease.claim.holder == holder && !lease.finished);
            leases.sort_by_key(|lease| lease.since);
            leases
        })
    }
}
