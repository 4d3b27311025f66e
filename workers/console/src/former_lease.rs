//! The lease that a complaint had before, where it ran out: whoever takes the complaint next appends its release.

use ombud_contract::{codec, records::WorkEvent, work::Work};
use ombud_store::{Kind, Lease};

use crate::{
    desk::{Claimant, ran_out},
    state::RequestState,
};

/// Adds to the `events` of a claim the release of the lease before it, as far as the archive knows of one. Where the archive doesn't
/// answer nothing is added: the next claim ends the one before all the same. Blocks.
pub(crate) fn with_former_release(
    state: &RequestState,
    claimant: &Claimant,
    lease: &Lease,
    mut events: Vec<WorkEvent>,
) -> Vec<WorkEvent> {
    let archived = state.cases.events(&lease.claim.complaint_id).unwrap_or_default();
    let work = archived.iter().filter(|event| event.kind == Kind::Work);
    let work: Vec<WorkEvent> = work.filter_map(|event| codec::decode(&event.body).ok()).collect();
    if let Some(release) = ran_out(&Work::fold(&work, None), lease, claimant)
        && events.iter().all(|event| event.work_id != release.work_id)
    {
        events.insert(0, release);
    }
    events
}
