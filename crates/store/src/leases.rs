//! Who works on which complaint: a lease, not a lock. The store alone holds it; the records of complaints.work are history.

use std::{collections::BTreeMap, time::Duration};

use ombud_stream::Outage;

/// Somebody asks to work on a complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The complaint.
    pub complaint_id: String,
    /// Names this lease; a claim that is sent again names the same.
    pub lease_id: String,
    /// Who asks.
    pub holder: String,
    /// The team for which they ask.
    pub team: String,
    /// The route's revision that they have seen.
    pub revision: i64,
}

/// A complaint that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it.
    pub claim: Claim,
    /// When they took it, and of finished work, when it was finished first; by the store's clock, in milliseconds since the Unix
    /// epoch. To renew it leaves this as it is.
    pub since: i64,
    /// Until when, by the store's clock, in milliseconds since the Unix epoch.
    pub until: i64,
    /// The work is done: nobody gets it until then, by when every view of the work knows.
    pub finished: bool,
}

/// What came of asking for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseAnswer {
    /// The asker has it.
    Yours(Lease),
    /// Somebody else has it, or had and has just finished the work.
    Held(Lease),
    /// Nobody has it: it ran out, or was given back.
    Nobody,
}

/// Keeps leases. Each call is one conditional write (a transaction, or a lightweight transaction), so that of two who ask
/// at once one gets it. A lease ends by the store's own clock. May block until the store answers.
pub trait Leases: Send {
    /// Takes the complaint of `claim` where nobody has it. The same lease again is the asker's still, and lasts as long as
    /// it did.
    ///
    /// # Errors
    /// The store doesn't answer: whether it was taken is unknown, and the same claim may be sent again.
    fn take(&mut self, claim: &Claim, length: Duration) -> Result<LeaseAnswer, Outage>;

    /// Makes a lease last for `length` from now on, where it is still this one and not finished.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn renew(&mut self, complaint_id: &str, lease_id: &str, length: Duration) -> Result<LeaseAnswer, Outage>;

    /// Gives the complaint of `claim` to its asker where the lease is still `from` and not finished.
    ///
    /// # Errors
    /// As [`Self::take`].
    fn take_over(&mut self, claim: &Claim, from: &str, length: Duration) -> Result<LeaseAnswer, Outage>;

    /// Ends a lease where it is still this one and not finished: the lease as it was, `until` now. `None`: it is not this
    /// one any more.
    ///
    /// # Errors
    /// The store doesn't answer: the lease may have ended, and the same may be asked again.
    fn release(&mut self, complaint_id: &str, lease_id: &str) -> Result<Option<Lease>, Outage>;

    /// Marks the work under a lease as done where it is still this one: for `length` from now on nobody gets the complaint.
    /// Again is [`LeaseAnswer::Yours`], with the moment at which it was finished first.
    ///
    /// # Errors
    /// As [`Self::take`].
    fn finish(&mut self, complaint_id: &str, lease_id: &str, length: Duration)
    -> Result<LeaseAnswer, Outage>;

    /// Ends the lease of finished work, which is opened again. A lease under which somebody works stays.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn forget(&mut self, complaint_id: &str) -> Result<(), Outage>;

    /// Those of these complaints that somebody has, or has just finished. A look, not a promise: what it says may be over
    /// when it is read.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn held(&mut self, complaint_ids: &[String]) -> Result<BTreeMap<String, Lease>, Outage>;

    /// What `holder` has and has not finished, the earliest taken first. Of a [`Self::take`] whose outcome was unknown it
    /// says whether it was taken.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn held_by(&mut self, holder: &str) -> Result<Vec<Lease>, Outage>;
}
