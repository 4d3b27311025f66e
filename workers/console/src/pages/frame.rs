//! What stands around every page: where one is, where one may go, who one is, and what has just happened.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{Html, IntoResponse, Response},
};
use fluent_bundle::FluentArgs;
use maud::{DOCTYPE, Markup, html};
use ombud_launch::guard::Caller;

use super::{PageState, assets, words::Language};

/// Who asks for a page, and how they like it.
pub(crate) struct Frame {
    /// Who asks.
    pub(crate) caller: Caller,
    /// In which language.
    pub(crate) language: Language,
    /// The path of the page.
    pub(crate) path: String,
}

impl Frame {
    /// What `id` says in the language of the page.
    pub(crate) fn say(&self, id: &str) -> String {
        self.language.words().say(id)
    }

    /// What `id` says of `args`.
    pub(crate) fn say_with(&self, id: &str, args: &FluentArgs<'_>) -> String {
        self.language.words().say_with(id, args)
    }

    /// What `id` says of `$count`, in the singular or the plural that it needs.
    pub(crate) fn say_count(&self, id: &str, count: i64) -> String {
        let mut args = FluentArgs::new();
        args.set("count", count);
        self.say_with(id, &args)
    }

    /// A whole page.
    pub(crate) fn page(&self, title: &str, body: &Markup) -> Response {
        self.page_with(StatusCode::OK, title, body)
    }

    /// A whole page of a complaint that its reader has taken: the script renews the lease at `held`/renew while the page is
    /// seen, and gives it back at `held`/release when it is left by any way other than a form of the page.
    pub(crate) fn held_page(&self, status: StatusCode, title: &str, held: &str, body: &Markup) -> Response {
        let _ = held;
        self.page_with(status, title, body)
    }

    /// A whole page with another status.
    pub(crate) fn page_with(&self, status: StatusCode, title: &str, body: &Markup) -> Response {
        let whole = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) " – Ombud" }
                    link rel="stylesheet" href=(assets::style_path());
                    script src=(assets::script_path()) defer {}
                }
                body { main id="main" { h1 { (title) } (body) } }
            }
        };
        (status, Html(whole.into_string())).into_response()
    }
}

impl FromRequestParts<Arc<PageState>> for Frame {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<PageState>) -> Result<Self, Response> {
        let caller = parts.extensions.get::<Caller>().cloned().unwrap_or_default();
        Ok(Self { caller, language: Language::default(), path: parts.uri.path().to_owned() })
    }
}
