//! `GET /desk`: what is left, and the way to the next complaint.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use maud::html;
use tokio::task::block_in_place;

use super::{
    address::{DeskQuery, Skipped},
    case::Strip,
    in_force::InForce,
    problem, show,
    tally::Tally,
};
use crate::{
    own_writes::OwnWrites,
    pages::{PageState, frame::Frame, parts},
};

pub(super) async fn index(
    State(pages): State<Arc<PageState>>,
    Extension(tally): Extension<Arc<Tally>>,
    frame: Frame,
    own: OwnWrites,
    query: Result<Query<DeskQuery>, QueryRejection>,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    if let Err(problem) = own.wait(&pages.api).await {
        return problem::page(&frame, &problem);
    }
    let strip = block_in_place(|| Strip::read(&pages, &frame, &InForce::read(&pages), &tally));
    let nothing = strip.left.is_some_and(|left| left.count == 0);
    let skipped = Skipped::read(&query.skipped);
    let body = html! {
        div.stack {
            (show::strip(&frame, &strip))
            @if !query.undo.is_empty() {
                (show::undo_form(&frame, (&query.undo, &query.undo_of), &skipped))
            }
            @if nothing {
                (parts::empty(&frame.say("desk-nothing"), &frame.say("desk-nothing-why")))
            }
            p { (frame.say("desk-about")) }
            (show::to_next(&frame, &Skipped::default()))
        }
    };
    frame.page(&frame.say("desk-title"), &body)
}
