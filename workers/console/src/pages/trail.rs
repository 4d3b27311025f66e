//! Who did and who looked at what, for auditors: the newest first.

mod backwards;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, extract::State as Shared, http::StatusCode, response::Response, routing::get};
use maud::{Markup, html};
use ombud_contract::shown::shown;
use ombud_launch::guard::Right;
use tokio::task::block_in_place;

use self::backwards::{Newest, Place};
use super::{
    PageState,
    fields::{Fields, QueryFields},
    frame::Frame,
    item_words::{complaint_path, symbol},
    parts::{self, Field},
    team::team_path,
    trouble,
};
use crate::{audit_page::AuditLine, refused::Problem};

/// The most entries of a page.
const MOST: usize = 100;
/// The most roles or scopes that stand side by side.
const MOST_ROLES: usize = 3;
/// How long one page reads. What is left, the next page has.
const READ_TIME: Duration = Duration::from_secs(2);

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    Router::new().route("/trail", get(trail))
}

async fn trail(
    Shared(state): Shared<Arc<PageState>>,
    frame: Frame,
    QueryFields(asked): QueryFields,
) -> Response {
    let complaint = asked.one("complaint");
    match read(&state, &frame, complaint, asked.one("before")) {
        Ok(newest) => {
            let body = body(&frame, complaint, asked.one("before").is_some(), &newest);
            frame.page(&frame.say("trail-title"), &body)
        }
        Err(problem) => trouble::page(&frame, &problem),
    }
}

fn read(
    state: &PageState,
    frame: &Frame,
    complaint: Option<&str>,
    before: Option<&str>,
) -> Result<Newest, Problem> {
    if !frame.caller.may(Right::ReadAudit) {
        return Err(Problem::forbidden("auditors-only", "read who did what: auditors may"));
    }
    let before = before.map(Place::read).transpose().map_err(|()| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "after-unknown",
            "go on from the page before, as it was",
        )
    })?;
    block_in_place(|| {
        let trail = (state.api.trail)()?;
        Ok(backwards::read(trail, before, complaint, MOST, Instant::now() + READ_TIME)?)
    })
}

fn body(frame: &Frame, complaint: Option<&str>, goes_on: bool, newest: &Newest) -> Markup {
    let of = Fields::default().with("complaint", complaint);
    let first = of.address("/trail");
    let next =
        newest.next.as_ref().map(|place| of.clone().with("before", Some(&place.text())).address("/trail"));
    html! {
        div.stack {
            (filter(frame, complaint))
            @if newest.entries.is_empty() {
                @let why = if newest.next.is_some() { "trail-empty-more" } else { "trail-empty-why" };
                (parts::empty(&frame.say("trail-empty"), &frame.say(why)))
            } @else {
                table.dense {
                    caption { (frame.say_count("trail-caption", newest.entries.len() as i64)) }
                    thead { tr {
                        @for column in ["at", "who", "roles", "way", "what", "about", "record", "reason"] {
                            th scope="col" { (frame.say(&format!("trail-col-{column}"))) }
                        }
                    } }
                    tbody { @for entry in &newest.entries { (row(frame, entry)) } }
                }
            }
            (parts::pager(frame, goes_on.then_some(first.as_str()), next.as_deref()))
        }
    }
}

fn filter(frame: &Frame, complaint: Option<&str>) -> Markup {
    let (label, hint) = (frame.say("trail-complaint"), frame.say("trail-complaint-hint"));
    let field = Field { id: "trail-complaint", label: &label, hint: Some(&hint), problem: None };
    html! {
        form.filters method="get" action="/trail" {
            (parts::field(field, |described| html! {
                input id="trail-complaint" name="complaint" maxlength="256" autocomplete="off" value=[complaint]
                    aria-describedby=[described];
            }))
            div.actions { button type="submit" { (frame.say("trail-filter")) } }
        }
    }
}

/// What somebody was then. A system's scopes may be many: they are counted, and unfold.
fn roles(frame: &Frame, roles: &[String]) -> Markup {
    let all = roles.join(", ");
    html! {
        @if roles.len() > MOST_ROLES {
            details { summary { (frame.say_count("trail-roles", roles.len() as i64)) } (shown(&all)) }
        } @else { (shown(&all)) }
    }
}

fn row(frame: &Frame, entry: &AuditLine) -> Markup {
    let subject = shown(&entry.subject);
    html! {
        tr data-row {
            td { (parts::moment(entry.at)) }
            th scope="row" { (shown(&entry.actor)) }
            td { (roles(frame, &entry.roles)) }
            td { (symbol(frame, "trail-way", &entry.source)) }
            td { (shown(&symbol(frame, "trail-action", &entry.action))) }
            td {
                @if let Some(complaint_id) = &entry.complaint_id {
                    a href=(complaint_path(complaint_id)) { (shown(complaint_id)) }
                } @else if entry.action == "exported" {
                    a href=(team_path(&entry.subject)) { (subject) }
                } @else { code { (subject) } }
            }
            td { @if let Some(record) = &entry.record_id { code { (shown(record)) } } }
            td { (shown(&entry.reason_code)) }
        }
    }
}
