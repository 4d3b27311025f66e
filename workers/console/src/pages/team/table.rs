//! `GET /teams/{team}`: the queue.

use std::sync::Arc;

use axum::{extract::State as Shared, http::StatusCode, response::Response};
use maud::Markup;

use super::{
    rows::{Rows, read},
    sheet::{self, Sheet},
    undo::Undo,
    view::View,
};
use crate::{
    own_writes::OwnWrites,
    pages::{
        PageState,
        fields::{Fields, Named, QueryFields},
        frame::Frame,
        trouble,
    },
    refused::Problem,
};

/// Shows the part of the queue that the address asks for.
pub(super) async fn show(
    Shared(state): Shared<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    Named(team): Named,
    QueryFields(asked): QueryFields,
) -> Response {
    let view = View::of(&asked);
    let problem = match read(&state.api, &frame, &own, &team, &view).await {
        Ok(rows) => {
            let body = body(&state, &frame, &team, &view, &rows, &asked);
            return frame.page(&sheet::title(&frame, &team), &body);
        }
        Err(problem) => problem,
    };
    // What was asked for is wrong: the filters stay, to be put right.
    if problem.status() != StatusCode::UNPROCESSABLE_ENTITY {
        return trouble::page(&frame, &problem);
    }
    let body = sheet::refused(&frame, &team, &view, &problem);
    frame.page_with(problem.status(), &sheet::title(&frame, &team), &body)
}

/// The queue, and above it why what was sent is not done; and what may still be undone.
pub(super) async fn again(
    state: &PageState,
    frame: &Frame,
    own: &OwnWrites,
    team: &str,
    view: &View,
    problem: &Problem,
    undo: Undo,
) -> Response {
    match read(&state.api, frame, own, team, view).await {
        Ok(rows) => {
            let sheet =
                Sheet { problem: Some(problem), undo, ..Sheet::of(frame, team, view, &rows, now(state)) };
            frame.page_with(problem.status(), &sheet::title(frame, team), &sheet.body())
        }
        Err(_) => trouble::page(frame, problem),
    }
}

fn body(state: &PageState, frame: &Frame, team: &str, view: &View, rows: &Rows, asked: &Fields) -> Markup {
    let sheet = Sheet {
        undo: Undo::of(asked),
        all_chosen: asked.one("chosen") == Some("all"),
        ..Sheet::of(frame, team, view, rows, now(state))
    };
    sheet.body()
}

fn now(state: &PageState) -> i64 {
    state.api.clock.now_ms()
}
