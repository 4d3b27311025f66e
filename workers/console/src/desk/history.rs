//! What records say about leases: CLAIMED and RELEASED, with ids that come of the lease.

use ombud_contract::{
    ids::work_id,
    records::{WorkEvent, WorkKind},
    work::Work,
};
use ombud_store::Lease;

use super::claimant::Claimant;

/// The reason code of a lease that was not renewed.
const RAN_OUT: &str = "ran-out";

/// Somebody took it.
pub(super) fn claimed(lease: &Lease, by: &Claimant, reason_code: &str) -> WorkEvent {
    event(WorkKind::Claimed, lease, by, lease.since, reason_code)
}

/// They gave it back.
pub(super) fn released(lease: &Lease, by: &Claimant, reason_code: &str) -> WorkEvent {
    event(WorkKind::Released, lease, by, before(lease.until).max(lease.since), reason_code)
}

/// The lease `from` was taken over by whoever has `lease` now.
pub(super) fn taken_over(from: &str, lease: &Lease, by: &Claimant, reason_code: &str) -> WorkEvent {
    let mut event = event(WorkKind::Released, lease, by, before(lease.since), reason_code);
    event.lease_id = Some(from.to_owned());
    identified(event)
}

/// The release of the lease that `work` shows as the last one, where it is over: whoever has `lease` now appends it. Its id
/// comes of the lease that is over, so that it is one event, however many append it.
pub fn ran_out(work: &Work, lease: &Lease, by: &Claimant) -> Option<WorkEvent> {
    let (holder, lease_id) = work.claimed_by.as_ref()?;
    // A claim of a team's own system has no lease, and ends by the next claim.
    if lease_id.is_empty() || *lease_id == lease.claim.lease_id {
        return None;
    }
    let mut event = event(WorkKind::Released, lease, by, before(lease.since), RAN_OUT);
    event.actor.clone_from(holder);
    event.actor_role.clear();
    event.lease_id = Some(lease_id.clone());
    Some(identified(event))
}

/// A release is history before the claim that follows on it, which may have been made in the same millisecond.
fn before(at: i64) -> i64 {
    at.saturating_sub(1)
}

fn event(kind: WorkKind, lease: &Lease, by: &Claimant, at: i64, reason_code: &str) -> WorkEvent {
    let claim = &lease.claim;
    identified(WorkEvent {
        actor_role: by.role.clone(),
        source: by.source.clone(),
        team: Some(claim.team.clone()),
        lease_id: Some(claim.lease_id.clone()),
        reason_code: reason_code.to_owned(),
        ..WorkEvent::new(&claim.complaint_id, kind, claim.revision, at, &by.name)
    })
}

fn identified(mut event: WorkEvent) -> WorkEvent {
    event.work_id = work_id(&event);
    event
}
