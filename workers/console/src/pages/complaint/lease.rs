//! `POST /complaints/{complaint_id}/lease`: takes a complaint, keeps it, gives it back or takes it over, as the API does.

use std::sync::Arc;

use axum::{extract::State as Shared, http::HeaderMap, response::Response};

use super::show;
use crate::{
    claims::{LeaseAction, LeaseRequest, change_lease},
    own_writes::OwnWrites,
    pages::{
        PageState,
        address::led_to,
        fields::{Fields, FormFields, Named},
        frame::Frame,
        item_words::complaint_path,
    },
    refused::Problem,
};

const ACTIONS: [(&str, LeaseAction); 4] = [
    ("take", LeaseAction::Take),
    ("renew", LeaseAction::Renew),
    ("release", LeaseAction::Release),
    ("take-over", LeaseAction::TakeOver),
];

/// Does what the form asks for.
pub(super) async fn lease(
    Shared(state): Shared<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    Named(complaint_id): Named,
    FormFields(form): FormFields,
) -> Response {
    match change(&state, &frame, &own, &complaint_id, &form).await {
        Ok(headers) => {
            let done = format!("complaint-lease-{}", form.typed("action"));
            let fields = Fields::default().with("done", Some(&done));
            led_to(headers, &fields.address(&complaint_path(&complaint_id)))
        }
        Err(problem) => show::again(&state, &frame, &own, &complaint_id, &form, &problem).await,
    }
}

async fn change(
    state: &PageState,
    frame: &Frame,
    own: &OwnWrites,
    complaint_id: &str,
    form: &Fields,
) -> Result<HeaderMap, Problem> {
    let action = ACTIONS.iter().find(|(name, _)| form.one("action") == Some(name));
    let action = action.ok_or_else(|| Problem::wrong("action", "unknown-symbol", "choose what is done"))?.1;
    let request = LeaseRequest {
        action,
        lease_id: form.one("lease_id").map(str::to_owned),
        reason_code: form.typed("reason_code").to_owned(),
        actor: None,
    };
    Ok(change_lease(&state.api, &frame.caller, own.clone(), complaint_id, request).await?.0)
}
