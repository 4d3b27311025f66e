//! `POST /desk/undo`: takes the last decision back, and the complaint with it.

use std::{sync::Arc, time::Duration};

use axum::{Form, extract::State, response::Response};
use ombud_launch::guard::Right;
use serde::Deserialize;
use tokio::{task::block_in_place, time};

use super::{
    address::{Address, Skipped, Written},
    problem,
};
use crate::{
    cases,
    claimant::claimant_of,
    claims::keep,
    feedback::give,
    own_writes::OwnWrites,
    pages::{PageState, frame::Frame},
    refused::Problem,
    verdict::{Kind, Verdict},
};

/// The reason code of a verdict that takes another back here.
pub(super) const TAKEN_BACK: &str = "UNDO";
/// A verdict of a moment ago is not archived yet: so often it is looked for.
const LOOKS: usize = 20;
/// How long from one look to the next.
const BETWEEN: Duration = Duration::from_millis(100);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UndoForm {
    undo: String,
    undo_of: String,
    skipped: String,
}

pub(super) async fn undo(
    State(pages): State<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    Form(form): Form<UndoForm>,
) -> Response {
    let mut written = Written::new(own);
    let retracted = match retract(&pages, &frame, written.own(), &form).await {
        Ok(headers) => written.take(Ok(headers)),
        Err(problem) => Err(problem),
    };
    if let Err(problem) = retracted {
        return problem::page(&frame, &problem);
    }
    // To be decided again, where nobody has taken it meanwhile.
    let kept = keep(&pages.api, &frame.caller, written.own(), &form.undo_of).await;
    let complaint_id = written.take(kept).is_ok().then_some(&*form.undo_of);
    let skipped = Skipped::read(&form.skipped).without(&form.undo_of);
    written.lead_to(&Address { complaint_id, done: Some("desk-undone"), undo: None, skipped })
}

async fn retract(
    pages: &PageState,
    frame: &Frame,
    own: OwnWrites,
    form: &UndoForm,
) -> Result<(axum::http::HeaderMap, ()), Problem> {
    let (state, caller) = (&*pages.api, &frame.caller);
    let reader = claimant_of(caller, None)?.name;
    let mut given_by = None;
    for look in 0..LOOKS {
        let case = block_in_place(|| state.cases.find(&form.undo_of))?;
        let verdict = case.verdicts.into_iter().find(|verdict| verdict.feedback_id == form.undo);
        given_by = verdict.map(|verdict| verdict.actor);
        if given_by.is_some() || look + 1 == LOOKS {
            break;
        }
        time::sleep(BETWEEN).await;
    }
    // One that is not archived is refused by whoever takes verdicts.
    if given_by.is_some_and(|actor| actor != reader) && !caller.may(Right::Lead) {
        // Of another team's nobody learns that somebody decided it.
        cases::find(state, caller, &own, &form.undo_of).await?;
        let error = "take back what another decided: a lead of the team may";
        return Err(Problem::forbidden("lead-only", error));
    }
    let verdict = Verdict {
        retracts: Some(form.undo.clone()),
        reason_code: TAKEN_BACK.to_owned(),
        ..Verdict::new(&*form.undo_of, Kind::Retracted, "")
    };
    let (headers, _) = give(state, caller, own, vec![verdict]).await?;
    Ok((headers, ()))
}
