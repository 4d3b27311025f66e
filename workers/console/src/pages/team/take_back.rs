//! `POST /teams/{team}/undo`.

use std::sync::Arc;

use axum::{extract::State as Shared, response::Response};

use super::{table, team_path, undo::Undo, view::View};
use crate::{
    own_writes::OwnWrites,
    pages::{
        PageState,
        address::led_to,
        fields::{FormFields, Named},
        frame::Frame,
        trouble,
    },
    queues::no_queue,
    refused::Problem,
};

/// Undoes what the form names.
pub(super) async fn take_back(
    Shared(state): Shared<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    Named(team): Named,
    FormFields(form): FormFields,
) -> Response {
    if !frame.caller.works_for(&team) {
        return trouble::page(&frame, &no_queue());
    }
    let (undo, view) = (Undo::of(&form), View::before(&form));
    if undo.is_empty() {
        let problem = Problem::wrong("undo", "nothing-chosen", "name what is undone");
        return table::again(&state, &frame, &own, &team, &view, &problem, undo).await;
    }
    match undo.take_back(&state.api, &frame.caller, own.clone()).await {
        Ok(headers) => {
            let done = view.fields().with("done", Some("team-undone"));
            let address = done.with("count", Some(&undo.count().to_string())).address(&team_path(&team));
            led_to(headers, &address)
        }
        Err(problem) => table::again(&state, &frame, &own, &team, &view, &problem, undo).await,
    }
}
