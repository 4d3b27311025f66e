//! `GET /complaints/{complaint_id}/dossier`: the signed file, as the API gives it.

use std::sync::Arc;

use axum::{extract::State as Shared, response::Response};

use super::explain::end_of_day;
use crate::{
    cases,
    dossier::{DossierQuery, export},
    own_writes::OwnWrites,
    pages::{
        PageState,
        fields::{Fields, Named, QueryFields},
        frame::Frame,
        trouble,
    },
    refused::Problem,
};

/// Sends it.
pub(super) async fn dossier(
    Shared(state): Shared<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    Named(complaint_id): Named,
    QueryFields(asked): QueryFields,
) -> Response {
    match file(&state, &frame, &own, &complaint_id, &asked).await {
        Ok(answer) => answer,
        Err(problem) => trouble::page(&frame, &problem),
    }
}

async fn file(
    state: &PageState,
    frame: &Frame,
    own: &OwnWrites,
    complaint_id: &str,
    asked: &Fields,
) -> Result<Response, Problem> {
    let (api, caller) = (&state.api, &frame.caller);
    let found = cases::find(api, caller, own, complaint_id).await?;
    let reason = asked.one("reason").map(str::to_owned);
    let query = DossierQuery { as_of: end_of_day(asked.one("as_of"))?, reason, evidence: None };
    export(api, caller, &found, query).await
}
