//! `GET /complaints?q=`: finds complaints by their id, the customer's pseudonym or the sending system's id.

use std::sync::Arc;

use axum::{
    extract::State as Shared,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use ombud_contract::shown::shown;

use crate::{
    item::Item,
    own_writes::OwnWrites,
    pages::{
        PageState,
        fields::QueryFields,
        frame::Frame,
        item_words::{self, complaint_path, or_dash},
        parts::{self, Field},
        team::team_path,
        trouble,
    },
    search,
};

/// Shows what was found; where it is one complaint, that one.
pub(super) async fn find(
    Shared(state): Shared<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    QueryFields(asked): QueryFields,
) -> Response {
    let title = frame.say("complaint-find-title");
    let Some(text) = asked.one("q") else {
        return frame.page(&title, &html! { div.stack { (form(&frame, "", None)) } });
    };
    match search::find(&state.api, &frame.caller, &own, text).await {
        Ok(found) => match &found[..] {
            [one] => Redirect::to(&complaint_path(&one.complaint_id)).into_response(),
            _ => frame.page(&title, &body(&frame, text, &found, state.api.clock.now_ms())),
        },
        Err(problem) => {
            let sentence = trouble::sentence(&frame, &problem);
            let body = html! { div.stack { (form(&frame, text, Some(&sentence))) } };
            frame.page_with(problem.status(), &title, &body)
        }
    }
}

fn form(frame: &Frame, text: &str, problem: Option<&str>) -> Markup {
    let (label, hint) = (frame.say("complaint-find-label"), frame.say("complaint-find-hint"));
    let field = Field { id: "find", label: &label, hint: Some(&hint), problem };
    html! {
        form.filters method="get" action="/complaints" {
            (parts::field(field, |described| html! {
                input id="find" name="q" type="search" required maxlength="256" value=(text) autocomplete="off"
                    aria-describedby=[described];
            }))
            div.actions { button type="submit" { (frame.say("complaint-find")) } }
        }
    }
}

fn body(frame: &Frame, text: &str, found: &[Item], now: i64) -> Markup {
    html! {
        div.stack {
            (form(frame, text, None))
            @if found.is_empty() {
                (parts::empty(&frame.say("complaint-find-empty"), &frame.say("complaint-find-empty-why")))
            } @else {
                (complaints(frame, &frame.say_count("complaint-find-caption", found.len() as i64), found, now))
            }
        }
    }
}

/// A short table of complaints, whichever team's they are.
pub(super) fn complaints(frame: &Frame, caption: &str, items: &[Item], now: i64) -> Markup {
    html! {
        table.dense {
            caption { (caption) }
            thead { tr {
                @for column in ["id", "team", "state", "due", "product", "issue", "received", "external"] {
                    th scope="col" { (frame.say(&format!("complaint-col-{column}"))) }
                }
            } }
            tbody { @for item in items {
                tr data-row {
                    th scope="row" { a href=(complaint_path(&item.complaint_id)) { (shown(&item.complaint_id)) } }
                    td { a href=(team_path(&item.team)) { (frame.team(&item.team)) } }
                    td { (item_words::state(frame, item.state)) }
                    td { (item_words::due(frame, item, now)) }
                    td { (or_dash(item.product.as_deref())) }
                    td { (or_dash(item.issue.as_deref())) }
                    td { (parts::day(item.received_at)) }
                    td { (or_dash(item.external_ref.as_deref())) }
                }
            } }
        }
    }
}
