//! What stands around every page: where one is, where one may go, who one is, and what has just happened.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Query},
    http::{StatusCode, request::Parts},
    response::Response,
};
use fluent_bundle::FluentArgs;
use maud::{Markup, html};
use ombud_contract::shown::shown;
use ombud_launch::guard::Caller;

use super::{
    PageState,
    choice::Choice,
    parts, rail,
    shell::{self, Document, Surroundings},
    words::Language,
};

/// The longest code of what has just happened.
const MOST_OF_A_CODE: usize = 40;

/// Who asks for a page, and how they like it.
pub(crate) struct Frame {
    /// Who asks.
    pub(crate) caller: Caller,
    /// In which language.
    pub(crate) language: Language,
    /// The path of the page.
    pub(crate) path: String,
    /// What they chose for their browser.
    pub(crate) choice: Choice,
    /// What the form did that led here, as the catalogue's `done-` calls it.
    done: Option<Done>,
}

/// What a form has just done.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Done {
    code: String,
    /// To how many.
    count: Option<i64>,
}

impl Done {
    /// Of the query `?done=CODE` or `?done=CODE&count=N`. The code becomes part of an id, so whatever is no code is left out.
    fn of(pairs: &[(String, String)]) -> Option<Self> {
        let value =
            |name: &str| pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
        let is_code = |code: &&str| {
            code.len() <= MOST_OF_A_CODE
                && code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        let code = value("done").filter(is_code)?;
        Some(Self { code: code.to_owned(), count: value("count").and_then(|count| count.parse().ok()) })
    }
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

    /// A whole page with another status.
    pub(crate) fn page_with(&self, status: StatusCode, title: &str, body: &Markup) -> Response {
        self.whole(status, title, None, body)
    }

    /// A whole page of a complaint that its reader has taken: the script renews the lease at `held`/renew while the page is
    /// seen, and gives it back at `held`/release when it is left by any way other than a form of the page.
    pub(crate) fn held_page(&self, status: StatusCode, title: &str, held: &str, body: &Markup) -> Response {
        self.whole(status, title, Some(held), body)
    }

    fn whole(&self, status: StatusCode, title: &str, held: Option<&str>, body: &Markup) -> Response {
        let body = html! {
            @if let Some(text) = self.done_text() { (parts::status(&text)) }
            (body)
        };
        let document = Document { held, ..Document::new(title, &body) };
        let around = Surroundings { top: self.top(), rail: self.rail(), below: self.below() };
        shell::framed(&self.choice, status, &document, &around)
    }

    /// What the form did that led here.
    fn done_text(&self) -> Option<String> {
        let done = self.done.as_ref()?;
        let id = format!("done-{}", done.code);
        // Only what a catalogue says: an address that somebody sends shows no words of theirs.
        self.language.words().has(&id).then(|| self.say_count(&id, done.count.unwrap_or(1)))
    }

    fn rail(&self) -> Markup {
        html! { nav.rail aria-label=(self.say("frame-pages")) { (rail::links(self)) } }
    }

    fn top(&self) -> Markup {
        html! {
            // The rail of phones. The style shows one of the two.
            details.menu {
                summary { (self.say("frame-menu")) }
                nav aria-label=(self.say("frame-pages")) { (rail::links(self)) }
            }
            @if rail::may_see(&self.caller, "/complaints") {
                form.search role="search" method="get" action="/complaints" {
                    label.unseen for="search" { (self.say("frame-search")) }
                    input id="search" name="q" type="search" placeholder=(self.say("frame-search-hint"))
                        autocomplete="off" required;
                    button type="submit" { (self.say("frame-search-go")) }
                }
            }
            div.person {
                span.muted { (shown(self.caller.signature(""))) }
                a href="/settings" data-go="e" { (self.say("frame-settings")) }
                @if self.caller.source() == "session" {
                    form method="post" action="/sign-out" {
                        button.quiet type="submit" { (self.say("frame-sign-out")) }
                    }
                }
            }
        }
    }

    /// What the script shows and fills in: the sheet of keys, and its words.
    fn below(&self) -> Markup {
        let fixed = [
            ("?", "frame-key-sheet"),
            ("/", "frame-key-search"),
            ("j k", "frame-key-rows"),
            ("Enter", "frame-key-open"),
            ("Esc", "frame-key-leave"),
        ];
        html! {
            @if self.choice.has_keys {
                footer.foot {
                    button.quiet type="button" id="show-keys" hidden { (self.say("frame-keys")) " " kbd { "?" } }
                }
            }
            dialog id="keys" aria-labelledby="keys-title" {
                h2 id="keys-title" { (self.say("frame-keys")) }
                dl {
                    @for (key, id) in fixed { div { dt { kbd { (key) } } dd { (self.say(id)) } } }
                }
                form method="dialog" { button type="submit" { (self.say("frame-close")) } }
            }
            // "#" stands where the script writes a number.
            template id="words" data-new=(self.counted("frame-new")) data-changed=(self.say("frame-changed"))
                data-failed=(self.say("frame-failed")) {}
        }
    }

    /// What `id` says of a number that the script writes later.
    fn counted(&self, id: &str) -> String {
        let mut args = FluentArgs::new();
        args.set("count", "#");
        self.say_with(id, &args)
    }
}

impl FromRequestParts<Arc<PageState>> for Frame {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<PageState>) -> Result<Self, Response> {
        let caller = parts.extensions.get::<Caller>().cloned().unwrap_or_default();
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let done = pairs.ok().and_then(|Query(pairs)| Done::of(&pairs));
        Ok(Self::new(caller, Choice::of(&parts.headers), parts.uri.path(), done))
    }
}

impl Frame {
    fn new(caller: Caller, choice: Choice, path: &str, done: Option<Done>) -> Self {
        Self { caller, language: choice.language(), path: path.to_owned(), choice, done }
    }

    /// The frame of somebody at `path`.
    #[cfg(test)]
    pub(in crate::pages) fn of(caller: Caller, language: Language, path: &str) -> Self {
        Self::new(caller, Choice { language: Some(language), ..Choice::default() }, path, None)
    }
}
