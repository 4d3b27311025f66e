//! `POST /teams/{team}/not-ours`: complaints go to another team, for a reason. It is a verdict on the models, and so a label and
//! a metric.

use std::sync::Arc;

use axum::{extract::State as Shared, http::StatusCode, response::Response};
use tokio::task::block_in_place;

use super::{
    bulk,
    chosen::{self, Action, Chosen},
    confirm::Confirmation,
    table, team_path,
    undo::Undo,
    view::View,
};
use crate::{
    feedback,
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
    verdict::{Kind, Verdict},
};

/// Moves what the form names to another team.
pub(super) async fn move_on(
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
    let chosen = match choose(&state, &frame, &own, &team, &form).await {
        Ok(chosen) => chosen,
        Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            return table::again(&state, &frame, &own, &team, &view, &problem, Undo::default()).await;
        }
        Err(problem) => return trouble::page(&frame, &problem),
    };
    match give(&state, &frame, &own, &form, &chosen).await {
        Ok((headers, undo)) => {
            let fields = undo.add_to(view.fields(), "team-move");
            led_to(headers, &fields.address(&team_path(&team)))
        }
        Err(problem) => {
            let teams = block_in_place(|| bulk::other_teams(&state.api, &team)).unwrap_or_default();
            let again = Confirmation {
                frame: &frame,
                team: &team,
                view: &view,
                action: Action::Move,
                chosen: &chosen,
                typed: &form,
                problem: Some(&problem),
            };
            again.page(problem.status(), &teams)
        }
    }
}

async fn choose(
    state: &PageState,
    frame: &Frame,
    own: &OwnWrites,
    team: &str,
    form: &Fields,
) -> Result<Chosen, Problem> {
    let ids = chosen::named(form)?;
    chosen::gather(&state.api, &frame.caller, own, team, Action::Move, ids).await
}

async fn give(
    state: &PageState,
    frame: &Frame,
    own: &OwnWrites,
    form: &Fields,
    chosen: &Chosen,
) -> Result<(axum::http::HeaderMap, Undo), Problem> {
    if !chosen.left_out.is_empty() {
        let error = "look at the list again: some of these went to another team meanwhile";
        return Err(Problem::new(StatusCode::CONFLICT, "list-changed", error));
    }
    let to_team = form
        .one("to_team")
        .ok_or_else(|| Problem::wrong("to_team", "to-team-missing", "say which team gets it"))?;
    let reason = form.one("reason_code").ok_or_else(|| {
        Problem::wrong("reason_code", "reason-missing", "say why, by a code of your bank's")
    })?;
    let verdict = |id: &String| Verdict {
        to_team: Some(to_team.to_owned()),
        reason_code: reason.to_owned(),
        ..Verdict::new(id, Kind::Reallocated, "")
    };
    let verdicts = chosen.able.iter().map(verdict).collect();
    let (headers, given) = feedback::give(&state.api, &frame.caller, own.clone(), verdicts).await?;
    Ok((headers, Undo::of_verdicts(given)))
}
