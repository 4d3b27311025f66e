//! Leaving a complaint: skip it for a reason, give it back, or stay with it (a page that is visible says so every 30 s).

use std::sync::Arc;

use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use ombud_contract::verdict::is_code;
use serde::Deserialize;

use super::{
    address::{Address, Skipped, Written},
    problem,
    take::{Before, lead_on},
};
use crate::{
    claims::{give_back, give_back_under, keep},
    own_writes::OwnWrites,
    pages::{PageState, fields::Fields, frame::Frame},
    refused::Problem,
    request::Segment,
};

/// Why a complaint comes back whose page was left.
const LEFT: &str = "LEFT";
/// Names the lease under which a page is shown from now on.
const LEASE: &str = "ombud-lease";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SkipForm {
    reason: String,
    skipped: String,
}

/// `POST /desk/{complaint_id}/skip`: not this one, for a reason; who skips what is on record.
pub(super) async fn skip(
    State(pages): State<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    Segment(complaint_id): Segment,
    Form(form): Form<SkipForm>,
) -> Response {
    if form.reason.is_empty() || !is_code(&form.reason) {
        let fix = "say why, by a code of at most 64 letters, digits, dots, dashes and underscores";
        return problem::page(&frame, &Problem::wrong("reason_code", "no-code", fix));
    }
    let mut written = Written::new(own);
    let given_back = give_back(&pages.api, &frame.caller, written.own(), &complaint_id, &form.reason).await;
    if let Err(problem) = written.take(given_back.map(|headers| (headers, ()))) {
        return problem::page(&frame, &problem);
    }
    let before = Before { done: Some("desk-skipped"), undo: None };
    lead_on(&pages, &frame, written, before, Skipped::read(&form.skipped).and(&complaint_id)).await
}

/// `POST /desk/{complaint_id}/release`: from the button leads to the desk; from a page that is left, nobody reads the answer. Such
/// a page may say so late, when its reader has the complaint again: it gives back the lease that it was shown under, and no other.
pub(super) async fn release(
    State(pages): State<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    Segment(complaint_id): Segment,
    body: Bytes,
) -> Response {
    let mut written = Written::new(own);
    let said = Fields::read(&body);
    let is_form = said.one("to") == Some("desk");
    let lease_id = said.one("lease_id");
    let given_back =
        give_back_under(lease_id, &pages.api, &frame.caller, written.own(), &complaint_id, LEFT).await;
    match written.take(given_back.map(|headers| (headers, ()))) {
        Err(problem) if is_form => problem::page(&frame, &problem),
        Err(problem) => problem.into_response(),
        Ok(()) if is_form => {
            written.lead_to(&Address { done: Some("desk-given-back"), ..Address::default() })
        }
        Ok(()) => written.with(StatusCode::NO_CONTENT),
    }
}

/// `POST /desk/{complaint_id}/renew`: 204 with the lease that the reader has now, or 409 where somebody else has it.
pub(super) async fn renew(
    State(pages): State<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    Segment(complaint_id): Segment,
) -> Response {
    let mut written = Written::new(own);
    match written.take(keep(&pages.api, &frame.caller, written.own(), &complaint_id).await) {
        Ok(kept) => {
            // Where the former one ran out, it is another.
            let lease = kept.lease.map(|lease| [(LEASE, lease.lease_id)]);
            written.with((StatusCode::NO_CONTENT, lease, ()))
        }
        Err(problem) => problem.into_response(),
    }
}
