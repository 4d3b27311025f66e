//! Whether this process may write routes: the claim of a shard, the lease that each commit renews, and what ends both.
//!
//! *Invariant: a shard has one writer.* Nothing is written before the claiming commit is acknowledged, after the lease
//! has run out, after a greater epoch has written, or once the shard is revoked.

use crate::{limits::JoinLimits, position::Position};

/// Whether the shard may be worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ownership {
    /// The commit with the new epoch is not acknowledged yet.
    Claiming,
    /// Owned.
    Live,
    /// Given to another joiner.
    Revoked,
}

/// A commit that is not acknowledged yet.
#[derive(Debug)]
struct CommitInFlight {
    requested_at: i64,
    position: Position,
}

/// What became of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renewal {
    /// It was the claim: the shard is live.
    Claimed,
    /// The lease is renewed.
    Renewed,
}

/// The right to write for a shard.
#[derive(Debug)]
pub(super) struct Lease {
    epoch: i64,
    ownership: Ownership,
    /// When the last acknowledged commit was requested. Not when it was acknowledged: a process that freezes in
    /// between would believe in a lease that ran out long ago.
    renewed_at: Option<i64>,
    /// A greater epoch has written: another joiner owns the shard, whatever the group says.
    is_fenced: bool,
    in_flight: Option<CommitInFlight>,
    next_commit_at: i64,
    committed: Position,
    live_since: i64,
    lease_ms: i64,
    retry_ms: i64,
}

impl Lease {
    /// Before the claiming commit, which is due at once. `greatest_epoch` is that of all owners so far.
    pub(super) fn claiming(found: Position, greatest_epoch: i64, now: i64, limits: &JoinLimits) -> Self {
        Self {
            epoch: greatest_epoch + 1,
            ownership: Ownership::Claiming,
            renewed_at: None,
            is_fenced: false,
            in_flight: None,
            next_commit_at: now,
            committed: found,
            live_since: now,
            lease_ms: limits.lease_ms,
            retry_ms: limits.commit_retry_ms,
        }
    }

    /// Whether a route may be written now.
    pub(super) fn allows_writing(&self, now: i64) -> bool {
        let is_leased = self.renewed_at.is_some_and(|from| now < from + self.lease_ms);
        self.is_live() && is_leased && !self.is_fenced
    }

    pub(super) fn is_live(&self) -> bool {
        self.ownership == Ownership::Live
    }

    /// Whether the claim was acknowledged, whatever has happened since.
    pub(super) fn has_claimed(&self) -> bool {
        self.renewed_at.is_some()
    }

    /// Which ownership of the shard this is.
    pub(super) fn epoch(&self) -> i64 {
        self.epoch
    }

    /// When the claim was acknowledged; before that, when the shard was taken over.
    pub(super) fn live_since(&self) -> i64 {
        self.live_since
    }

    /// The position that was committed last, by this owner or by the one before.
    pub(super) fn committed(&self) -> &Position {
        &self.committed
    }

    /// One commit at a time, and none for a shard that is revoked.
    pub(super) fn is_commit_due(&self, now: i64) -> bool {
        self.ownership != Ownership::Revoked && self.in_flight.is_none() && now >= self.next_commit_at
    }

    pub(super) fn request_commit(&mut self, now: i64, position: Position) {
        self.in_flight = Some(CommitInFlight { requested_at: now, position });
    }

    /// The commit is durable: the lease counts from when it was requested. `None` where none was.
    pub(super) fn commit_acked(&mut self, now: i64) -> Option<Renewal> {
        let CommitInFlight { requested_at, position } = self.in_flight.take()?;
        self.renewed_at = Some(requested_at);
        self.next_commit_at = requested_at + self.lease_ms / 3;
        self.committed = position;
        if self.ownership != Ownership::Claiming {
            return Some(Renewal::Renewed);
        }
        (self.ownership, self.live_since) = (Ownership::Live, now);
        Some(Renewal::Claimed)
    }

    pub(super) fn commit_failed(&mut self, now: i64) {
        self.in_flight = None;
        self.next_commit_at = now + self.retry_ms;
    }

    /// The group gives the shard to another joiner.
    pub(super) fn revoke(&mut self) {
        self.ownership = Ownership::Revoked;
    }

    /// A later owner has written.
    pub(super) fn fence(&mut self) {
        self.is_fenced = true;
    }
}
