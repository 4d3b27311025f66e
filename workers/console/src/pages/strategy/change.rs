//! A change before it is made: what would differ, who else is needed, and why one wants it. Then it is asked for, or published
//! where nobody else is needed.

use std::sync::Arc;

use axum::{
    Form,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use ombud_models::StrategyChange;

use super::{
    ask_desk,
    draft::{ChangeForm, DraftedChange, MOST_REASON, words},
    pieces::{self, arms, evaluation, evaluation_of},
    unavailable,
};
use crate::pages::{
    ChangeRefusal, PageState, RolloutLog,
    address::encoded,
    frame::Frame,
    parts::{Field, field, moment, problem},
};

/// `GET /strategy/change`: what a form asks for, before it is asked for.
pub(super) async fn preview(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    Query(form): Query<ChangeForm>,
) -> Response {
    let log = match ask_desk(&state, |desk| desk.log()).await {
        Ok(log) => log,
        Err(refusal) => return unavailable(&frame, "strategy-change-title", &refusal),
    };
    match DraftedChange::of(&form, &frame, &log, state.api.clock.now_ms()) {
        Ok(drafted) => Confirmation { frame: &frame, form: &form, log: &log, drafted: &drafted }.page(None),
        Err(what) => not_possible(&frame, &what),
    }
}

/// `POST /strategy/requests`: asks for it, or publishes it.
pub(super) async fn ask(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    Form(form): Form<ChangeForm>,
) -> Response {
    let log = match ask_desk(&state, |desk| desk.log()).await {
        Ok(log) => log,
        Err(refusal) => return unavailable(&frame, "strategy-change-title", &refusal),
    };
    let drafted = match DraftedChange::of(&form, &frame, &log, state.api.clock.now_ms()) {
        Ok(drafted) => drafted,
        Err(what) => return not_possible(&frame, &what),
    };
    let confirmation = Confirmation { frame: &frame, form: &form, log: &log, drafted: &drafted };
    let refuse = |status, text: String| confirmation.page(Some(&ChangeRefusal { status, text }));
    if form.base != drafted.base.to_string() {
        return refuse(StatusCode::CONFLICT, frame.say("strategy-changed-meanwhile"));
    }
    let reason = form.reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > MOST_REASON {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, frame.say("strategy-wrong-reason"));
    }
    let (change, caller, base) = (drafted.change.clone(), frame.caller.clone(), drafted.base);
    let done = if drafted.is_at_once(&frame.caller) {
        let published = ask_desk(&state, move |desk| desk.publish(change, Some(reason), base, &caller)).await;
        published.map(|version| format!("/strategy/versions/{version}?done=strategy-published"))
    } else {
        let asked = ask_desk(&state, move |desk| desk.ask(change, Some(reason), &caller)).await;
        asked.map(|id| format!("/strategy/requests?done=strategy-asked#request-{}", encoded(&id)))
    };
    match done {
        Ok(to) => Redirect::to(&to).into_response(),
        Err(refusal) => confirmation.page(Some(&refusal)),
    }
}

/// A change that can't be made: why, and the way back to the forms.
fn not_possible(frame: &Frame, what: &str) -> Response {
    let body = html! {
        (problem(what))
        p { a href="/strategy" { (frame.say("strategy-back")) } }
    };
    frame.page_with(StatusCode::UNPROCESSABLE_ENTITY, &frame.say("strategy-change-title"), &body)
}

/// The page that shows a change and asks whether it shall be made.
struct Confirmation<'a> {
    frame: &'a Frame,
    form: &'a ChangeForm,
    log: &'a RolloutLog,
    drafted: &'a DraftedChange,
}

impl Confirmation<'_> {
    /// With why it was not made, where it was tried.
    fn page(&self, refusal: Option<&ChangeRefusal>) -> Response {
        let Self { frame, drafted, .. } = self;
        let caption = frame.say_count("strategy-differs-from", drafted.base);
        let body = html! {
            div.stack {
                @if let Some(refusal) = refusal { (problem(&refusal.text)) }
                h2 { (words(frame, &drafted.change)) }
                (pieces::differences(frame, &caption, &drafted.differences))
                @if let Some(task) = drafted.task() { (arms(frame, task, None)) }
                (self.grounds())
                (self.form())
            }
        };
        let status = refusal.map_or(StatusCode::OK, |refusal| refusal.status);
        frame.page_with(status, &frame.say("strategy-change-title"), &body)
    }

    /// What it rests on: the evaluation of a promotion, and of a roll-back who made that version and why.
    fn grounds(&self) -> Markup {
        let Self { frame, log, drafted, .. } = self;
        let id = drafted.next.evaluation_id.as_deref();
        let known = id.and_then(|id| evaluation_of(id, &drafted.next, &log.registry));
        let back_to = match drafted.change {
            StrategyChange::RollBack { to: Some(to) } => log.strategies.version(to),
            _ => None,
        };
        html! {
            @if let Some(known) = known {
                section {
                    h2 { (frame.say("strategy-rests-on")) }
                    (evaluation(frame, known))
                }
            }
            @if let Some(older) = back_to {
                section {
                    h2 { (frame.say_count("strategy-version", older.record.version)) }
                    (pieces::signature(frame, &older.record))
                }
            }
        }
    }

    fn form(&self) -> Markup {
        let Self { frame, form, drafted, .. } = self;
        let is_at_once = drafted.is_at_once(&frame.caller);
        let hint = frame.say("strategy-reason-hint");
        html! {
            form.stack method="post" action="/strategy/requests" {
                (form.hidden())
                input type="hidden" name="base" value=(drafted.base);
                (field(
                    Field { id: "reason", label: &frame.say("strategy-reason"), hint: Some(&hint), problem: None },
                    |described| html! {
                        textarea id="reason" name="reason" rows="3" maxlength=(MOST_REASON) required
                            aria-describedby=[described] { (form.reason) }
                    },
                ))
                p {
                    @if is_at_once {
                        (frame.say("strategy-nobody-needed")) " "
                        (frame.say("strategy-begins")) " " (moment(drafted.next.effective_from)) "."
                    } @else {
                        (frame.say_count("strategy-others-needed", i64::from(drafted.needed.max(1))))
                    }
                }
                div.actions {
                    @if is_at_once {
                        button.danger type="submit" { (frame.say("strategy-publish")) }
                    } @else {
                        button type="submit" { (frame.say("strategy-ask")) }
                    }
                    a.button href="/strategy" { (frame.say("strategy-cancel")) }
                }
            }
        }
    }
}
