//! Why something was not done, in the words of these pages where they have some, and else in those of all pages.

use axum::response::Response;
use maud::html;

use crate::{
    pages::{frame::Frame, parts, trouble},
    refused::Problem,
};

/// What `page` (`vulnerable` or `sample`) says about `problem`.
fn own_words(frame: &Frame, page: &str, problem: &Problem) -> Option<String> {
    let id = format!("{page}-problem-{}", problem.body().code.as_deref()?);
    frame.language.words().has(&id).then(|| frame.say(&id))
}

/// What is wrong and what to do, as `page` says it.
pub(in crate::pages) fn sentence(frame: &Frame, page: &str, problem: &Problem) -> String {
    own_words(frame, page, problem).unwrap_or_else(|| trouble::sentence(frame, problem))
}

/// A page that says so, and leads back to the list.
pub(in crate::pages) fn page(frame: &Frame, page: &str, problem: &Problem) -> Response {
    let Some(said) = own_words(frame, page, problem) else { return trouble::page(frame, problem) };
    let body = html! {
        div.stack {
            (parts::problem(&said))
            p { a href={ "/" (page) } { (frame.say(&format!("{page}-back"))) } }
        }
    };
    frame.page_with(problem.status(), &frame.say(&format!("{page}-title")), &body)
}
