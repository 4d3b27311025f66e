//! `POST /teams/{team}/work`: something is done with chosen rows, once their number is confirmed.

use std::sync::Arc;

use axum::{extract::State as Shared, http::StatusCode, response::Response};
use ombud_contract::records::WorkKind;
use ombud_launch::guard::Caller;
use ombud_store::WorkItem;
use tokio::task::block_in_place;

use super::{MOST_ROWS, confirm::Confirmation, led_to, table, team_path, undo::Undo, view::View};
use crate::{
    claims::workable,
    own_writes::OwnWrites,
    pages::{
        PageState,
        fields::{Fields, Named, Posted},
        frame::Frame,
        trouble,
    },
    queues::no_queue,
    refused::Problem,
    state::RequestState,
    work::report,
    work_report::{WorkReport, WorkReportKind, may_not_follow},
};

/// What is done with many at once. Whatever answers a customer is done one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// The customers know that it was received.
    Acknowledge,
    /// The customers know why there is no answer yet.
    Holding,
    /// Another team's.
    Move,
}

impl Action {
    const ALL: [Self; 3] = [Self::Acknowledge, Self::Holding, Self::Move];

    /// As forms and the catalogue write it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Holding => "holding",
            Self::Move => "move",
        }
    }

    /// What is reported; nothing, where a verdict is given instead.
    const fn report(self) -> Option<WorkReportKind> {
        match self {
            Self::Acknowledge => Some(WorkReportKind::Acknowledged),
            Self::Holding => Some(WorkReportKind::HoldingResponse),
            Self::Move => None,
        }
    }
}

/// What was chosen.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// With these it can be done.
    pub(super) able: Vec<String>,
    /// With these not: the complaint, and why by its code.
    pub(super) left_out: Vec<(String, &'static str)>,
}

/// The complaints that a form names, each once.
pub(super) fn named(form: &Fields) -> Result<Vec<String>, Problem> {
    let mut ids: Vec<String> = Vec::new();
    for id in form.all("complaint") {
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    match ids.len() {
        0 => Err(Problem::wrong("complaint", "nothing-chosen", "choose at least one complaint")),
        1..=MOST_ROWS => Ok(ids),
        _ => Err(Problem::wrong("complaint", "too-many", "choose at most 50 complaints")),
    }
}

/// With which of `ids` `action` can be done for `team`. One that the caller does not work on stops all.
pub(super) async fn gather(
    state: &RequestState,
    caller: &Caller,
    own: &OwnWrites,
    team: &str,
    action: Action,
    ids: Vec<String>,
) -> Result<Chosen, Problem> {
    own.wait(state).await?;
    block_in_place(|| {
        let mut chosen = Chosen::default();
        for id in ids {
            let item = workable(state, caller, &id)?;
            match obstacle(&item, team, action) {
                None => chosen.able.push(id),
                Some(code) => chosen.left_out.push((id, code)),
            }
        }
        Ok(chosen)
    })
}

fn obstacle(item: &WorkItem, team: &str, action: Action) -> Option<&'static str> {
    if item.team != team {
        return Some("moved-already");
    }
    let kind = action.report().map(WorkKind::from)?;
    may_not_follow(kind, item.state).map(|(code, _)| code)
}

/// Shows what is about to be done, and does it once that is confirmed.
pub(super) async fn work(
    Shared(state): Shared<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    Named(team): Named,
    Posted(form): Posted,
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
