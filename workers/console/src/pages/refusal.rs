//! Why a page is not shown, as a page.

use axum::{
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Redirect, Response},
};
use maud::html;
use ombud_launch::guard::PageRefusal;

/// The page for `refusal`, in the language of whoever sent `headers`.
pub fn refuse(_headers: &HeaderMap, refusal: PageRefusal) -> Response {
    let (status, text) = match refusal {
        PageRefusal::SignIn { .. } => return Redirect::to("/sign-in").into_response(),
        PageRefusal::Role(_) => (StatusCode::FORBIDDEN, "You may not see this page.".to_owned()),
        PageRefusal::Nowhere => (StatusCode::NOT_FOUND, "There is no such page.".to_owned()),
        PageRefusal::Other(status, text) => (status, text),
    };
    (status, Html(html! { p { (text) } }.into_string())).into_response()
}
