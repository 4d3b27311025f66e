//! The document itself: what stands in its head, and what surrounds `main`.

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};
use ombud_contract::shown::shown;

use super::{
    assets,
    choice::{Choice, Theme},
};

/// A page.
pub(crate) struct Document<'a> {
    /// In the title of the window, and as the heading.
    pub(crate) title: &'a str,
    /// What `main` has below its heading.
    pub(crate) body: &'a Markup,
    /// Where the page leads by itself, at once.
    pub(crate) leads_to: Option<&'a str>,
    /// What the page's reader has taken.
    pub(crate) held: Option<HeldLease<'a>>,
}

/// A complaint that the reader of a page has taken.
#[derive(Clone, Copy)]
pub(crate) struct HeldLease<'a> {
    /// Where it is renewed and given back.
    pub(crate) path: &'a str,
    /// By which lease: a page that is left late gives back no other one.
    pub(crate) lease_id: &'a str,
}

impl<'a> Document<'a> {
    /// One that leads nowhere by itself and holds nothing.
    pub(crate) const fn new(title: &'a str, body: &'a Markup) -> Self {
        Self { title, body, leads_to: None, held: None }
    }
}

/// What stands around `main` for somebody who is signed in.
pub(super) struct Surroundings {
    /// Above: the menu of phones, the search, who is signed in.
    pub(super) top: Markup,
    /// Beside: the pages.
    pub(super) rail: Markup,
    /// Below: what the script shows.
    pub(super) below: Markup,
}

/// A page for somebody who is not signed in, or may not see what they asked for.
pub(crate) fn bare(choice: &Choice, status: StatusCode, document: &Document<'_>) -> Response {
    let body = html! {
        header.top { a.brand href="/" { "Ombud" } }
        div.door { (main(document)) }
    };
    answer(choice, status, document, &body)
}

/// A page with its surroundings.
pub(super) fn framed(
    choice: &Choice,
    status: StatusCode,
    document: &Document<'_>,
    around: &Surroundings,
) -> Response {
    let body = html! {
        a.skip href="#main" { (choice.language().words().say("frame-skip")) }
        header.top { a.brand href="/" { "Ombud" } (around.top) }
        div.shell { (around.rail) (main(document)) }
        (around.below)
    };
    answer(choice, status, document, &body)
}

fn main(document: &Document<'_>) -> Markup {
    let [renew, release] =
        ["renew", "release"].map(|what| document.held.map(|held| format!("{}/{what}", held.path)));
    let lease = document.held.map(|held| held.lease_id);
    html! {
        main id="main" tabindex="-1" data-renew=[renew] data-release=[release] data-lease=[lease] {
            h1 { (shown(document.title)) }
            (document.body)
        }
    }
}

fn answer(choice: &Choice, status: StatusCode, document: &Document<'_>, body: &Markup) -> Response {
    let theme = (choice.theme != Theme::System).then(|| choice.theme.name());
    let keys = (!choice.has_keys).then_some("off");
    let whole = html! {
        (DOCTYPE)
        html lang=(choice.language().tag()) class=[theme] data-keys=[keys] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                @if let Some(url) = document.leads_to { meta http-equiv="refresh" content={ "0;url=" (url) }; }
                title { (shown(document.title)) " – Ombud" }
                link rel="stylesheet" href=(assets::STYLE.path());
                link rel="icon" type="image/svg+xml" href=(assets::ICON.path());
                script src=(assets::SCRIPT.path()) defer {}
            }
            body { (body) }
        }
    };
    (status, Html(whole.into_string())).into_response()
}
