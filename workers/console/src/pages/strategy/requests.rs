//! Changes that wait for another person: what each would change, why, on which evaluation; approve and close.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use fluent_bundle::FluentValue;
use maud::{Markup, html};
use ombud_contract::{records::ModelEvaluation, shown::shown};
use ombud_launch::guard::Right;
use ombud_models::{StrategyChange, is_same_person};

use super::{
    ask_desk,
    draft::words,
    parts_of_strategy,
    pieces::{age, args, differences, evaluation, names},
    unavailable,
};
use crate::pages::{
    ChangeRefusal, OpenRequest, PageState, RolloutLog,
    address::encoded,
    frame::Frame,
    parts::{Tone, badge, empty, moment, problem},
};

/// `GET /strategy/requests`.
pub(super) async fn requests(State(state): State<Arc<PageState>>, frame: Frame) -> Response {
    page(&state, &frame, None).await
}

/// `POST /strategy/requests/{id}/approve`: the approval that completes it publishes it.
pub(super) async fn approve(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    Path(id): Path<String>,
) -> Response {
    let caller = frame.caller.clone();
    match ask_desk(&state, move |desk| desk.approve(&id, None, &caller)).await {
        Ok(Some(version)) => {
            Redirect::to(&format!("/strategy/versions/{version}?done=strategy-published")).into_response()
        }
        Ok(None) => Redirect::to("/strategy/requests?done=strategy-approved").into_response(),
        Err(refusal) => page(&state, &frame, Some(&refusal)).await,
    }
}

/// `POST /strategy/requests/{id}/close`: refuses it, or takes one's own back.
pub(super) async fn close(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    Path(id): Path<String>,
) -> Response {
    let caller = frame.caller.clone();
    match ask_desk(&state, move |desk| desk.close(&id, &caller)).await {
        Ok(()) => Redirect::to("/strategy/requests?done=strategy-closed").into_response(),
        Err(refusal) => page(&state, &frame, Some(&refusal)).await,
    }
}

/// The list, with why something was not done where it was tried.
async fn page(state: &PageState, frame: &Frame, refusal: Option<&ChangeRefusal>) -> Response {
    let asked = ask_desk(state, |desk| -> Result<_, ChangeRefusal> { Ok((desk.log()?, desk.requests()?)) });
    let (log, open) = match asked.await {
        Ok(both) => both,
        // What was tried before says more than that the list can't be read either.
        Err(unread) => return unavailable(frame, "strategy-requests", refusal.unwrap_or(&unread)),
    };
    let now_ms = state.api.clock.now_ms();
    let body = html! {
        div.stack {
            (parts_of_strategy(frame))
            @if let Some(refusal) = refusal { (problem(&refusal.text)) }
            @if open.is_empty() {
                (empty(&frame.say("strategy-no-request"), &frame.say("strategy-no-request-why")))
            }
            @for request in &open { (ShownRequest { frame, log: &log, request, now_ms }.card()) }
        }
    };
    let status = refusal.map_or(StatusCode::OK, |refusal| refusal.status);
    frame.page_with(status, &frame.say("strategy-requests"), &body)
}

/// A request as it is shown to one person.
struct ShownRequest<'a> {
    frame: &'a Frame,
    log: &'a RolloutLog,
    request: &'a OpenRequest,
    now_ms: i64,
}

impl ShownRequest<'_> {
    fn card(&self) -> Markup {
        let Self { frame, request, now_ms, .. } = self;
        let what = match &request.change {
            Some(change) => words(frame, change),
            None => frame.say("strategy-change-unreadable"),
        };
        let heading = format!("request-{}", request.request_id);
        let caption = frame.say_count("strategy-differs-from", request.base_version);
        let approvals: [(&'static str, FluentValue<'_>); 2] =
            [("given", request.approved_by.len().into()), ("needed", request.approvals_needed.into())];
        html! {
            article.card aria-labelledby=(heading) {
                h2 id=(heading) { (what) }
                p { (self.state()) " " code { (shown(&request.request_id)) } }
                dl {
                    dt { (frame.say("strategy-why")) }
                    dd { (shown(&request.reason)) }
                    dt { (frame.say("strategy-requested-by")) }
                    dd {
                        (shown(&request.requested_by)) ", " (moment(request.requested_at))
                        " (" (age(frame, request.requested_at, *now_ms)) ")"
                    }
                    dt { (frame.say("strategy-approved-by")) }
                    dd {
                        (names(frame, &request.approved_by)) " – "
                        (frame.say_with("strategy-approvals-given", &args(approvals)))
                    }
                }
                @if let Some(what) = &request.problem { p.problem { (shown(what)) } }
                @if !request.differences.is_empty() {
                    (differences(frame, &caption, &request.differences))
                }
                @if let Some(known) = self.evaluation() {
                    h3 { (frame.say("strategy-rests-on")) }
                    (evaluation(frame, known))
                }
                (self.actions())
            }
        }
    }

    fn state(&self) -> Markup {
        let Self { frame, request, .. } = self;
        if request.is_stale {
            return badge(Tone::Bad, &frame.say("strategy-stale"));
        }
        match request.problem {
            Some(_) => badge(Tone::Bad, &frame.say("strategy-not-possible")),
            None => badge(Tone::Plain, &frame.say("strategy-waits")),
        }
    }

    /// What a promotion rests on.
    fn evaluation(&self) -> Option<&ModelEvaluation> {
        let Some(StrategyChange::Promote { evaluation: Some(id), .. }) = &self.request.change else {
            return None;
        };
        self.log.registry.versions().find_map(|version| version.evaluation(id))
    }

    /// What this person may do. That nobody approves their own request, the book holds as well.
    fn actions(&self) -> Markup {
        let Self { frame, request, .. } = self;
        let me = frame.caller.signature("");
        let is_own = is_same_person(&request.requested_by, me);
        let has_approved = request.approved_by.iter().any(|name| is_same_person(name, me));
        let can_be_approved = !request.is_stale && request.problem.is_none();
        let may_approve = frame.caller.may(Right::Approve) && can_be_approved;
        let place = format!("/strategy/requests/{}", encoded(&request.request_id));
        html! {
            @if may_approve && is_own { p.muted { (frame.say("strategy-own-request")) } }
            @if may_approve && has_approved { p.muted { (frame.say("strategy-approved-already")) } }
            div.actions {
                @if may_approve && !is_own && !has_approved {
                    form method="post" action={ (place) "/approve" } {
                        button type="submit" { (frame.say("strategy-approve")) }
                    }
                }
                @if frame.caller.may(Right::CloseRequest) {
                    form method="post" action={ (place) "/close" } {
                        button.danger type="submit" {
                            @if is_own { (frame.say("strategy-take-back")) } @else { (frame.say("strategy-refuse")) }
                        }
                    }
                }
            }
        }
    }
}
