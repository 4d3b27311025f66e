//! The next complaint of the desk and its lease, in one request.

use std::sync::Arc;

use axum::{Form, extract::State, http::HeaderMap, response::Response};
use serde::Deserialize;
use tokio::task::block_in_place;

use super::{
    address::{Address, Skipped, Written},
    in_force::InForce,
    pile::Pile,
    problem,
};
use crate::{
    claimant::claimant_of,
    claims::keep,
    desk::Queue,
    own_writes::OwnWrites,
    pages::{PageState, frame::Frame},
    queues::{NextItem, hand_out, pick, skipped},
    refused::Problem,
};

/// Asks for the next complaint, or for one by its id.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NextForm {
    complaint_id: String,
    skipped: String,
}

/// What led to the next complaint.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Before<'a> {
    /// What has just been done.
    pub(super) done: Option<&'a str>,
    /// The verdict that can be taken back, and its complaint.
    pub(super) undo: Option<(&'a str, &'a str)>,
}

/// `POST /desk/next`.
pub(super) async fn next(
    State(pages): State<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    Form(form): Form<NextForm>,
) -> Response {
    let mut written = Written::new(own);
    let skipped = Skipped::read(&form.skipped);
    if form.complaint_id.is_empty() {
        return lead_on(&pages, &frame, written, Before::default(), skipped).await;
    }
    let kept = keep(&pages.api, &frame.caller, written.own(), &form.complaint_id).await;
    match written.take(kept) {
        Ok(_) => {
            let skipped = skipped.without(&form.complaint_id);
            let complaint_id = Some(&*form.complaint_id);
            written.lead_to(&Address { complaint_id, skipped, ..Address::default() })
        }
        Err(problem) => problem::page(&frame, &problem),
    }
}

/// Takes the next complaint, and leads to its page; to the desk where nothing is left. What was done before stays done where the next
/// one can't be taken.
pub(super) async fn lead_on(
    pages: &PageState,
    frame: &Frame,
    mut written: Written,
    before: Before<'_>,
    skipped: Skipped,
) -> Response {
    let next = take_next(pages, frame, written.own(), &skipped).await;
    let next = match written.take(next) {
        Ok(next) => next,
        Err(problem) if before.done.is_none() => return problem::page(frame, &problem),
        Err(_) => None,
    };
    let complaint_id = next.as_ref().map(|next| &*next.item.complaint_id);
    written.lead_to(&Address { complaint_id, done: before.done, undo: before.undo, skipped })
}

async fn take_next(
    pages: &PageState,
    frame: &Frame,
    own: OwnWrites,
    unwanted: &Skipped,
) -> Result<(HeaderMap, Option<NextItem>), Problem> {
    let (state, caller) = (&*pages.api, &frame.caller);
    let claimant = claimant_of(caller, None)?;
    let skipped = skipped(unwanted.ids().to_vec())?;
    own.wait(state).await?;
    let answer = block_in_place(|| {
        let in_force = InForce::read(pages);
        let pile = Pile::of(caller, &in_force);
        let mut queue = Queue {
            is_of: &|team| caller.works_for(team),
            page: &mut |after, most| pile.page(&*state.worklist, after, most),
            // What they work on elsewhere is no work of this desk, and stays theirs.
            item: &mut |complaint_id| Ok(state.worklist.item(complaint_id)?.filter(|item| pile.has(item))),
            skipped: &skipped,
        };
        pick(state, &claimant, &mut queue)
    })?;
    hand_out(state, caller, own, answer).await
}
