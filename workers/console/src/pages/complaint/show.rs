//! `GET /complaints/{complaint_id}`: all that is known of a complaint but what the customer wrote.

use std::sync::Arc;

use axum::{extract::State as Shared, response::Response};
use tokio::task::block_in_place;

use super::{
    decided::decided_tasks,
    seen::Seen,
    sheet::{self, Sheet},
};
use crate::{
    cases,
    claimant::claimant_of,
    own_writes::OwnWrites,
    pages::{
        PageState,
        fields::{Fields, Named, QueryFields},
        frame::Frame,
        team::other_teams,
        trouble,
    },
    refused::Problem,
    search,
};

/// The longest text that can be looked for.
const MOST_SEARCHED: usize = 256;

/// Shows the complaint.
pub(super) async fn show(
    Shared(state): Shared<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    Named(complaint_id): Named,
    QueryFields(asked): QueryFields,
) -> Response {
    match read(&state, &frame, &own, &complaint_id).await {
        Ok(seen) => {
            let typed = Fields::default();
            let sheet =
                Sheet { frame: &frame, seen: &seen, typed: &typed, problem: None, undo: asked.one("undo") };
            frame.page(&sheet::title(&frame, &complaint_id), &sheet.body())
        }
        Err(problem) => trouble::page(&frame, &problem),
    }
}

/// The complaint, with what was typed into a form and why that is not done.
pub(super) async fn again(
    state: &PageState,
    frame: &Frame,
    own: &OwnWrites,
    complaint_id: &str,
    typed: &Fields,
    problem: &Problem,
) -> Response {
    if problem.body().code.as_deref() == Some("case-unknown") {
        return trouble::page(frame, problem);
    }
    match read(state, frame, own, complaint_id).await {
        Ok(seen) => {
            let sheet =
                Sheet { frame, seen: &seen, typed, problem: Some(problem), undo: typed.one("undoes") };
            frame.page_with(problem.status(), &sheet::title(frame, complaint_id), &sheet.body())
        }
        Err(_) => trouble::page(frame, problem),
    }
}

async fn read(
    state: &PageState,
    frame: &Frame,
    own: &OwnWrites,
    complaint_id: &str,
) -> Result<Seen, Problem> {
    let (api, caller) = (&state.api, &frame.caller);
    let found = cases::find(api, caller, own, complaint_id).await?;
    let team = found.team.clone();
    let decided = match found.may_be_explained(caller) {
        Ok(()) => decided_tasks(&found.events),
        Err(_) => Vec::new(),
    };
    let case = block_in_place(|| found.case(api, caller))?;
    let customer = case.item.as_ref().and_then(|item| item.customer_ref.as_deref());
    let mut others = match customer.filter(|customer| customer.trim().len() <= MOST_SEARCHED) {
        Some(customer) if !customer.trim().is_empty() => search::find(api, caller, own, customer).await?,
        _ => Vec::new(),
    };
    others.retain(|item| item.complaint_id != complaint_id && item.customer_ref.as_deref() == customer);
    let name = claimant_of(caller, None)?.name;
    let (teams, lease) = block_in_place(|| {
        let teams = if caller.works_for(&team) { other_teams(api, &team)? } else { Vec::new() };
        let mut held = api.leases.ask(|leases| leases.held(&[complaint_id.to_owned()]))?;
        Ok::<_, Problem>((teams, held.remove(complaint_id)))
    })?;
    let own_lease = lease.filter(|lease| !lease.finished && lease.claim.holder == name);
    let lease_id = own_lease.map(|lease| lease.claim.lease_id);
    let (explains, writes_dossiers) = (api.explain.is_some(), api.dossiers.is_some());
    let now = api.clock.now_ms();
    Ok(Seen { case, team, others, teams, lease_id, decided, explains, writes_dossiers, now })
}
