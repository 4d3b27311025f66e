//! `POST /teams/{team}/work`: something is done with chosen rows, once their number is confirmed.

use std::sync::Arc;

use axum::{extract::State as Shared, http::StatusCode, response::Response};
use tokio::task::block_in_place;

use super::{
    chosen::{Action, gather, named},
    confirm::Confirmation,
    table, team_path,
    undo::Undo,
    view::View,
};
use crate::{
    own_writes::OwnWrites,
    pages::{
        PageState,
        address::led_to,
        fields::{Fields, FormFields, Named},
        frame::Frame,
        trouble,
    },
    queues::no_queue,
    refused::Problem,
    state::RequestState,
    work::report,
    work_report::WorkReport,
};

/// Shows what is about to be done, and does it once that is confirmed.
pub(super) async fn work(
    Shared(state): Shared<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    Named(team): Named,
    FormFields(form): FormFields,
) -> Response {
    if !frame.caller.works_for(&team) {
        return trouble::page(&frame, &no_queue());
    }
    let view = View::before(&form);
    let problem = match ask(&state, &frame, &own, &team, &view, &form).await {
        Ok(answer) => return answer,
        Err(problem) => problem,
    };
    match problem.status() {
        StatusCode::NOT_FOUND | StatusCode::FORBIDDEN => trouble::page(&frame, &problem),
        _ => table::again(&state, &frame, &own, &team, &view, &problem, Undo::default()).await,
    }
}

async fn ask(
    state: &PageState,
    frame: &Frame,
    own: &OwnWrites,
    team: &str,
    view: &View,
    form: &Fields,
) -> Result<Response, Problem> {
    let action = Action::ALL.into_iter().find(|action| form.one("action") == Some(action.name()));
    let unknown = || Problem::wrong("action", "unknown-symbol", "choose what is done");
    let action = action.ok_or_else(unknown)?;
    let (caller, ids) = (&frame.caller, named(form)?);
    let chosen = gather(&state.api, caller, own, team, action, ids).await?;
    let confirmation =
        Confirmation { frame, team, view, action, chosen: &chosen, typed: form, problem: None };
    let Some(kind) = action.report() else {
        let teams = block_in_place(|| other_teams(&state.api, team))?;
        return Ok(confirmation.page(StatusCode::OK, &teams));
    };
    if form.one("confirmed").is_none() || chosen.able.is_empty() {
        let nothing = if chosen.able.is_empty() { StatusCode::CONFLICT } else { StatusCode::OK };
        return Ok(confirmation.page(nothing, &[]));
    }
    if !chosen.left_out.is_empty() {
        // Confirmed was another number.
        return Ok(confirmation.page(StatusCode::CONFLICT, &[]));
    }
    let reports = chosen.able.iter().map(|id| WorkReport::new(id, kind)).collect();
    let (headers, accepted) = report(&state.api, caller, own.clone(), reports).await?;
    let done = format!("team-{}", action.name());
    let fields = Undo::of_work(accepted).add_to(view.fields(), &done);
    Ok(led_to(headers, &fields.address(&team_path(team))))
}

/// The teams that a complaint of `team` can go to. Blocks.
pub(in crate::pages) fn other_teams(state: &RequestState, team: &str) -> Result<Vec<String>, Problem> {
    let known = (state.teams)(crate::me::NO_VERSION)?;
    Ok(known.into_iter().flatten().filter(|one| one != team).collect())
}
