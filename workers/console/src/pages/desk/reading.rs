//! `GET /desk/{complaint_id}`.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use tokio::task::block_in_place;

use super::{
    address::{DeskQuery, Skipped},
    case::{Opening, Strip, open},
    problem, show,
    tally::Tally,
};
use crate::{
    own_writes::OwnWrites,
    pages::{PageState, address::encoded, frame::Frame},
    refused::Problem,
    request::Segment,
};

/// Shows the complaint, or leads to where it is judged blind.
pub(super) async fn read(
    State(pages): State<Arc<PageState>>,
    Extension(tally): Extension<Arc<Tally>>,
    frame: Frame,
    own: OwnWrites,
    segment: Result<Segment, Problem>,
    query: Result<Query<DeskQuery>, QueryRejection>,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let opened = match segment {
        Ok(Segment(complaint_id)) => {
            open(&pages, &frame, &own, &complaint_id).await.map(|it| (it, complaint_id))
        }
        Err(problem) => Err(problem),
    };
    match opened {
        Err(problem) => problem::page(&frame, &problem),
        Ok((Opening::Blind, complaint_id)) => {
            Redirect::to(&format!("/sample/{}", encoded(&complaint_id))).into_response()
        }
        Ok((Opening::Shown(case), _)) => {
            let strip = block_in_place(|| Strip::read(&pages, &frame, &case.in_force, &tally));
            let undo = (!query.undo.is_empty()).then_some((&*query.undo, &*query.undo_of));
            let beside = show::Beside {
                skipped: Skipped::read(&query.skipped),
                undo,
                strip,
                ..show::Beside::default()
            };
            show::page(&frame, StatusCode::OK, &case, &beside)
        }
    }
}
