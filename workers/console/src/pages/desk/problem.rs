//! Why something was not done at the desk, in the reader's language.

use axum::response::Response;
use fluent_bundle::FluentArgs;
use jiff::Timestamp;
use maud::html;
use ombud_contract::shown::shown;

use crate::{
    pages::{frame::Frame, parts},
    refused::Problem,
};

/// What is wrong and what to do. Where the catalogue does not know the code, as the API says it.
pub(super) fn sentence(frame: &Frame, problem: &Problem) -> String {
    let body = problem.body();
    let id = format!("desk-problem-{}", body.code.as_deref().unwrap_or_default());
    if !frame.language.words().has(&id) {
        return body.error.clone();
    }
    held(frame, &id, body.holder.as_deref(), body.until)
}

/// What `id` says about whoever has a complaint.
pub(super) fn held(frame: &Frame, id: &str, holder: Option<&str>, until: Option<i64>) -> String {
    let until = until.and_then(|until| Timestamp::from_millisecond(until).ok());
    let mut args = FluentArgs::new();
    args.set("holder", shown(holder.unwrap_or("–")).into_owned());
    args.set("until", until.map_or_else(|| "–".to_owned(), |until| until.strftime("%H:%M UTC").to_string()));
    frame.say_with(id, &args)
}

/// A page that says so, and leads back to the desk.
pub(super) fn page(frame: &Frame, problem: &Problem) -> Response {
    let body = html! {
        div.stack {
            (parts::problem(&sentence(frame, problem)))
            p { a.button href="/desk" { (frame.say("desk-back")) } }
        }
    };
    frame.page_with(problem.status(), &frame.say("desk-not-done"), &body)
}
