//! `GET /complaints/{complaint_id}/narrative`: what the customer wrote. That it was opened is recorded before it is shown; where
//! it can't be, the page says so and shows nothing.

use std::sync::Arc;

use axum::{extract::State as Shared, response::Response};
use fluent_bundle::FluentArgs;
use maud::html;
use ombud_contract::shown::shown;

use crate::{
    cases::{self, Narrative},
    own_writes::OwnWrites,
    pages::{PageState, fields::Named, frame::Frame, item_words::complaint_path, trouble},
    refused::Problem,
};

/// Shows it.
pub(super) async fn narrative(
    Shared(state): Shared<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    Named(complaint_id): Named,
) -> Response {
    match open(&state, &frame, &own, &complaint_id).await {
        Ok(narrative) => {
            let mut args = FluentArgs::new();
            args.set("complaint", shown(&complaint_id).into_owned());
            let body = html! {
                div.stack {
                    p.muted { (frame.say("complaint-narrative-recorded")) }
                    p.muted {
                        (frame.say_count("complaint-narrative-edition", i64::from(narrative.submission)))
                        " " code { (shown(&narrative.origin)) }
                    }
                    div.narrative lang=(narrative.language) { (shown(&narrative.narrative)) }
                    p { a href=(complaint_path(&complaint_id)) { (frame.say("complaint-narrative-back")) } }
                }
            };
            frame.page(&frame.say_with("complaint-narrative-title", &args), &body)
        }
        Err(problem) => trouble::page(&frame, &problem),
    }
}

async fn open(
    state: &PageState,
    frame: &Frame,
    own: &OwnWrites,
    complaint_id: &str,
) -> Result<Narrative, Problem> {
    let found = cases::find(&state.api, &frame.caller, own, complaint_id).await?;
    cases::open_narrative(&state.api, &frame.caller, &found).await
}
