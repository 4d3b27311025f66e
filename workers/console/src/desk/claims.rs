//! Claiming, step by step: one conditional write each, and the events that follow from it.

use std::time::Duration;

use ombud_contract::records::WorkEvent;
use ombud_store::{Claim, Lease, LeaseAnswer, Leases, WorkItem};
use ombud_stream::Outage;

use super::{claimant::Claimant, history, lease_id::LeaseId, limits::ClaimLimits};

/// What came of a request about a lease. Its events are appended before the answer goes out.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimAnswer {
    /// The asker has it.
    Yours(Lease, Vec<WorkEvent>),
    /// The asker doesn't have it, and nobody else has: it was given back now or before, or its time ran out.
    Ended(Vec<WorkEvent>),
    /// Somebody else has it, or had and has just finished the work; or the asker has.
    Conflict(Lease),
    /// There is no such lease of this complaint and this asker.
    NotYours,
    /// To take over needs a reason.
    NoReason,
}

/// What came of finishing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The closing event may be appended. Again gives the same.
    Yours {
        /// Under which it was done.
        lease: Lease,
        /// When, by the store's clock: the event's time where nobody says another, so that a repeat is the same event.
        at: i64,
    },
    /// Somebody else has it, or has finished it: nothing is to be appended.
    Conflict(Lease),
    /// There is no such lease of this complaint and this asker.
    NotYours,
}

/// Claims on behalf of one who asks. Blocks where the store does.
pub struct Claims<'a> {
    /// Holds the leases.
    pub leases: &'a mut dyn Leases,
    /// Who asks.
    pub claimant: &'a Claimant,
    /// How long, and how far.
    pub limits: &'a ClaimLimits,
    /// How far the worklist is behind its topics. One that is too far behind shows what was done long ago as work to do.
    pub behind: Duration,
    /// Draws a number that nobody has drawn before.
    pub draw: &'a mut dyn FnMut() -> u64,
}

impl Claims<'_> {
    /// Takes one complaint. Where the asker has it already, that lease is renewed.
    ///
    /// # Errors
    /// The store doesn't answer: whether it was taken is unknown, and the same may be asked again. Or the worklist is too far
    /// behind.
    pub fn claim(&mut self, item: &WorkItem) -> Result<ClaimAnswer, Outage> {
        self.expect_fresh_view()?;
        let claim = self.fresh(item);
        match self.leases.take(&claim, self.limits.lease)? {
            LeaseAnswer::Yours(lease) => Ok(self.yours(lease, "")),
            LeaseAnswer::Held(lease) => self.own_or_conflict(lease),
            // A lease that ended between the write and the look at it.
            LeaseAnswer::Nobody => Ok(ClaimAnswer::Ended(Vec::new())),
        }
    }

    /// Keeps a lease for its whole length from now on.
    ///
    /// # Errors
    /// The store doesn't answer.
    pub fn renew(&mut self, complaint_id: &str, lease_id: &str) -> Result<ClaimAnswer, Outage> {
        let Some(id) = LeaseId::read(lease_id, complaint_id, &self.claimant.name) else {
            return Ok(ClaimAnswer::NotYours);
        };
        Ok(match self.leases.renew(complaint_id, id.as_str(), self.limits.lease)? {
            LeaseAnswer::Yours(lease) => ClaimAnswer::Yours(lease, Vec::new()),
            LeaseAnswer::Held(lease) => ClaimAnswer::Conflict(lease),
            LeaseAnswer::Nobody => ClaimAnswer::Ended(Vec::new()),
        })
    }

    /// Gives a complaint back.
    ///
    /// # Errors
    /// The store doesn't answer. Whether it was given back is unknown, and the same may be asked again.
    pub fn release(
        &mut self,
        complaint_id: &str,
        lease_id: &str,
        reason_code: &str,
    ) -> Result<ClaimAnswer, Outage> {
        let Some(id) = LeaseId::read(lease_id, complaint_id, &self.claimant.name) else {
            return Ok(ClaimAnswer::NotYours);
        };
        let ended = self.leases.release(complaint_id, id.as_str())?;
        // Where it had ended before, whoever takes it next says so: see `ran_out`.
        let released = ended.map(|lease| history::released(&lease, self.claimant, reason_code));
        Ok(ClaimAnswer::Ended(released.into_iter().collect()))
    }

    /// Takes a complaint from whoever has it by the lease `from`, for a reason.
    ///
    /// # Errors
    /// As [`Self::claim`].
    pub fn take_over(
        &mut self,
        item: &WorkItem,
        from: &str,
        reason_code: &str,
    ) -> Result<ClaimAnswer, Outage> {
        if reason_code.trim().is_empty() {
            return Ok(ClaimAnswer::NoReason);
        }
        let claim = self.fresh(item);
        match self.leases.take_over(&claim, from, self.limits.lease)? {
            LeaseAnswer::Yours(lease) => {
                let before = history::taken_over(from, &lease, self.claimant, reason_code);
                let claimed = history::claimed(&lease, self.claimant, reason_code);
                Ok(ClaimAnswer::Yours(lease, vec![before, claimed]))
            }
            LeaseAnswer::Held(lease) => self.own_or_conflict(lease),
            // It ran out, or was given back, while somebody decided to take it over.
            LeaseAnswer::Nobody => self.claim(item),
        }
    }

    /// Marks the work as done under a lease, before the event that closes it (a summary resolution, a final response, a complaint
    /// that is forwarded) is appended. A lease that ran out is taken again where nobody has the complaint: the item must say that
    /// it is not done, unless its lease does.
    ///
    /// # Errors
    /// As [`Self::claim`].
    pub fn finish(&mut self, item: &WorkItem, lease_id: &str) -> Result<Finish, Outage> {
        let (complaint_id, length) = (&*item.complaint_id, self.limits.finished);
        let Some(id) = LeaseId::read(lease_id, complaint_id, &self.claimant.name) else {
            return Ok(Finish::NotYours);
        };
        match self.leases.finish(complaint_id, id.as_str(), length)? {
            LeaseAnswer::Yours(lease) => return Ok(Finish::Yours { at: lease.since, lease }),
            LeaseAnswer::Held(lease) => return Ok(Finish::Conflict(lease)),
            LeaseAnswer::Nobody => {}
        }
        self.expect_fresh_view()?;
        let claim = self.claim_as(item, id);
        if let LeaseAnswer::Held(lease) = self.leases.take(&claim, self.limits.lease)? {
            return Ok(Finish::Conflict(lease));
        }
        match self.leases.finish(complaint_id, &claim.lease_id, length)? {
            LeaseAnswer::Yours(lease) => Ok(Finish::Yours { at: lease.since, lease }),
            LeaseAnswer::Held(lease) => Ok(Finish::Conflict(lease)),
            LeaseAnswer::Nobody => Err(Outage::passing(
                format!("finish {complaint_id}"),
                "its lease ended at once: is the store's clock right?",
            )),
        }
    }

    /// What was finished may be taken again: after REOPENED, or after what closed it was UNDONE.
    ///
    /// # Errors
    /// The store doesn't answer. The complaint can then be taken when the time of what was finished is over.
    pub fn reopen(&mut self, complaint_id: &str) -> Result<(), Outage> {
        self.leases.forget(complaint_id)
    }

    /// A claim that nobody has made before.
    pub(super) fn fresh(&mut self, item: &WorkItem) -> Claim {
        let id = LeaseId::new(&item.complaint_id, &self.claimant.name, (self.draw)());
        self.claim_as(item, id)
    }

    /// The asker has it.
    pub(super) fn yours(&self, lease: Lease, reason_code: &str) -> ClaimAnswer {
        let claimed = history::claimed(&lease, self.claimant, reason_code);
        ClaimAnswer::Yours(lease, vec![claimed])
    }

    fn claim_as(&self, item: &WorkItem, id: LeaseId) -> Claim {
        Claim {
            complaint_id: item.complaint_id.clone(),
            lease_id: id.to_string(),
            holder: self.claimant.name.clone(),
            team: item.team.clone(),
            revision: item.revision,
        }
    }

    /// The asker's own lease, from a request before, is still theirs.
    fn own_or_conflict(&mut self, lease: Lease) -> Result<ClaimAnswer, Outage> {
        if lease.finished || lease.claim.holder != self.claimant.name {
            return Ok(ClaimAnswer::Conflict(lease));
        }
        let Claim { complaint_id, lease_id, .. } = &lease.claim;
        Ok(match self.leases.renew(complaint_id, lease_id, self.limits.lease)? {
            LeaseAnswer::Yours(lease) => self.yours(lease, ""),
            LeaseAnswer::Held(lease) => ClaimAnswer::Conflict(lease),
            LeaseAnswer::Nobody => ClaimAnswer::Ended(Vec::new()),
        })
    }

    /// An outage while the worklist is too far behind to be believed.
    fn expect_fresh_view(&self) -> Result<(), Outage> {
        if self.behind <= self.limits.most_behind {
            return Ok(());
        }
        let cause = format!("the worklist is {} s behind its topics", self.behind.as_secs());
        Err(Outage::passing("hand work out", cause))
    }
}
