//! Why something was not done, in the language of the page: as a sentence within one, and as a page of its own.

use axum::response::Response;
use fluent_bundle::FluentArgs;
use jiff::Timestamp;
use maud::html;
use ombud_contract::shown::shown;

use super::{frame::Frame, parts};
use crate::refused::Problem;

/// What is wrong and what to do. A code that the catalogue lacks is answered as the API answers it.
pub(crate) fn sentence(frame: &Frame, problem: &Problem) -> String {
    let body = problem.body();
    let mut args = FluentArgs::new();
    let holder = shown(body.holder.as_deref().unwrap_or_default());
    args.set("holder", holder.into_owned());
    let until = body.until.and_then(|until| Timestamp::from_millisecond(until).ok());
    let until = until.map(|until| until.strftime("%H:%M UTC").to_string());
    args.set("until", until.unwrap_or_default());
    let known = body.code.as_deref().and_then(|code| {
        let id = format!("complaint-trouble-{code}");
        let said = frame.say_with(&id, &args);
        (said != format!("{{{id}}}")).then_some(said)
    });
    known.unwrap_or_else(|| body.error.clone())
}

/// The field that is wrong, where one is.
pub(crate) fn field(problem: &Problem) -> Option<&str> {
    let field = problem.body().error.split_once(": ")?.0;
    let is_name = !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    (problem.status().as_u16() == 422 && is_name).then_some(field)
}

/// A page that says so, and nothing else.
pub(crate) fn page(frame: &Frame, problem: &Problem) -> Response {
    let title = match problem.status().as_u16() {
        403 => "complaint-trouble-title-forbidden",
        404 => "complaint-trouble-title-absent",
        503 => "complaint-trouble-title-later",
        _ => "complaint-trouble-title",
    };
    let body = html! { div.stack { (parts::problem(&sentence(frame, problem))) } };
    frame.page_with(problem.status(), &frame.say(title), &body)
}
