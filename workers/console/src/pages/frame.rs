//! What stands around every page: where one is, where one may go, who one is, and what has just happened.

use std::{borrow::Cow, sync::Arc};

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
    rail,
    shell::{self, Document, HeldLease, Surroundings},
    team_names::{KnownNames, TeamNames},
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
    teams: TeamNames,
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

    /// What `id` says, with `args`.
    pub(crate) fn say_with(&self, id: &str, args: &FluentArgs<'_>) -> String {
        self.language.words().say_with(id, args)
    }

    /// What `id` says with `$count`, in the singular or the plural that it needs.
    pub(crate) fn say_count(&self, id: &str, count: i64) -> String {
        let mut args = FluentArgs::new();
        args.set("count", count);
        self.say_with(id, &args)
    }

    /// What `team` is called.
    pub(crate) fn team<'a>(&'a self, team: &'a str) -> Cow<'a, str> {
        shown(self.teams.of(team))
    }

    /// A whole page.
    pub(crate) fn page(&self, title: &str, body: &Markup) -> Response {
        self.page_with(StatusCode::OK, title, body)
    }

    /// A whole page with another status.
    pub(crate) fn page_with(&self, status: StatusCode, title: &str, body: &Markup) -> Response {
        self.whole(status, title, None, body)
    }

    /// A whole page of a complaint that its reader has taken: the script renews the lease at its path's `/renew` while the page
    /// is seen, and gives it back at `/release` when it is left by any way other than a form of the page.
    pub(crate) fn held_page(
        &self,
        status: StatusCode,
        title: &str,
        held: HeldLease<'_>,
        body: &Markup,
    ) -> Response {
        self.whole(status, title, Some(held), body)
    }

    fn whole(&self, status: StatusCode, title: &str, held: Option<HeldLease<'_>>, body: &Markup) -> Response {
        let body = html! {
            @if let Some(text) = self.done_text() { p.status role="status" { (text) } }
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

    fn links(&self) -> Markup {
        rail::links(&self.caller, &self.path, self.language.words())
    }

    fn rail(&self) -> Markup {
        html! { nav.rail aria-label=(self.say("frame-pages")) { (self.links()) } }
    }

    fn top(&self) -> Markup {
        html! {
            // The rail of phones. The style shows one of the two.
            details.menu {
                summary { (self.say("frame-menu")) }
                nav aria-label=(self.say("frame-pages")) { (self.links()) }
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
                h2 id="keys-title" tabindex="-1" autofocus { (self.say("frame-keys")) }
                dl {
                    @for (keys, id) in fixed {
                        div { dt { @for key in keys.split(' ') { kbd { (key) } " " } } dd { (self.say(id)) } }
                    }
                }
                form method="dialog" { button type="submit" { (self.say("frame-close")) } }
            }
            // "#" stands where the script writes a number.
            template id="words" data-new=(self.counted("frame-new")) data-changed=(self.say("frame-changed"))
                data-failed=(self.say("frame-failed")) {}
        }
    }

    /// What `id` says with a number that the script writes later.
    fn counted(&self, id: &str) -> String {
        let mut args = FluentArgs::new();
        args.set("count", "#");
        self.say_with(id, &args)
    }
}

impl FromRequestParts<Arc<PageState>> for Frame {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<PageState>) -> Result<Self, Response> {
        let caller = parts.extensions.get::<Caller>().cloned().unwrap_or_default();
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let done = pairs.ok().and_then(|Query(pairs)| Done::of(&pairs));
        let teams = KnownNames::now(state).await;
        Ok(Self { teams, ..Self::new(caller, Choice::of(&parts.headers), parts.uri.path(), done) })
    }
}

impl Frame {
    fn new(caller: Caller, choice: Choice, path: &str, done: Option<Done>) -> Self {
        Self {
            caller,
            language: choice.language(),
            path: path.to_owned(),
            choice,
            done,
            teams: TeamNames::default(),
        }
    }

    /// The frame of somebody at `path`.
    #[cfg(test)]
    pub(in crate::pages) fn of(caller: Caller, language: Language, path: &str) -> Self {
        Self::new(caller, Choice { language: Some(language), ..Choice::default() }, path, None)
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use ombud_launch::guard::Role;

    use super::*;
    use crate::pages::{choice::Theme, rail::tests::person};

    async fn text(answer: Response) -> String {
        String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
    }

    fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
        query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[tokio::test]
    async fn a_page_says_its_language_its_place_and_where_one_may_go() {
        let frame = Frame::of(person(&[Role::Operator]), Language::Spanish, "/teams/cards");
        let page = text(frame.page("Equipo \u{202e}<x>", &html! { p { "dentro" } })).await;
        for part in [
            r#"<html lang="es">"#,
            "<title>Equipo \\u202e&lt;x&gt; – Ombud</title>",
            r##"<a class="skip" href="#main">Ir al contenido</a>"##,
            r#"<a href="/teams" data-go="t" aria-current="page">Equipos</a>"#,
            r#"<a href="/health" data-go="h">Estado</a>"#,
            r#"action="/complaints""#,
            r#"action="/sign-out""#,
            r#"<main id="main" tabindex="-1">"#,
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        assert!(!page.contains(r#"href="/desk""#) && !page.contains(r#"href="/trail""#), "{page}");
        assert_eq!(page.matches("<h1>").count(), 1);
        let owner =
            text(Frame::of(person(&[Role::ModelOwner]), Language::English, "/models").page("M", &html! {}));
        assert!(!owner.await.contains(r#"id="search""#), "they may search for no complaint");
    }

    #[tokio::test]
    async fn what_is_chosen_is_on_the_page() {
        let choice = Choice { theme: Theme::Dark, has_keys: false, ..Choice::default() };
        let frame = Frame::new(person(&[Role::Clerk]), choice, "/desk", None);
        let page = text(frame.page("Desk", &html! {})).await;
        assert!(page.contains(r#"<html lang="en" class="dark" data-keys="off">"#), "{page}");
        assert!(!page.contains("show-keys"), "{page}");
    }

    #[tokio::test]
    async fn what_was_done_is_said_in_words_of_the_catalogue_alone() {
        let said = async |query: &[(&str, &str)]| {
            let done = Done::of(&pairs(query));
            let frame = Frame::new(person(&[Role::Clerk]), Choice::default(), "/settings", done);
            text(frame.page("Settings", &html! {})).await
        };
        let page = said(&[("done", "settings-kept")]).await;
        assert!(page.contains(r#"<p class="status" role="status">Saved.</p>"#), "{page}");
        for other in ["nothing-of-ours", "<b>You won</b>", "frame-skip", ""] {
            let page = said(&[("done", other), ("count", "x")]).await;
            assert!(!page.contains(r#"role="status""#) && !page.contains("won"), "{other}: {page}");
        }
    }

    #[tokio::test]
    async fn the_page_of_something_taken_says_where_it_is_renewed_and_given_back() {
        let frame = Frame::of(person(&[Role::Clerk]), Language::English, "/desk/c-1");
        let held = HeldLease { path: "/desk/c-1", lease_id: "1-2" };
        let page = text(frame.held_page(StatusCode::OK, "Desk", held, &html! {})).await;
        let main = r#"data-renew="/desk/c-1/renew" data-release="/desk/c-1/release" data-lease="1-2""#;
        assert!(page.contains(main), "{page}");
    }
}
