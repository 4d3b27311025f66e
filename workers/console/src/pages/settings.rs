//! What a person chooses for themselves: language, keys, light or dark. And `/`, which leads to their first page.

use std::sync::Arc;

use axum::{
    Form, Router,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    PageState,
    choice::{Choice, Theme},
    frame::Frame,
    parts, rail,
    words::Language,
};

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    Router::new().route("/", get(first_page)).route("/settings", get(show).post(keep))
}

/// `GET /`: to where one's roles lead first.
async fn first_page(frame: Frame) -> Response {
    match rail::beginning(&frame.caller) {
        Some(path) => Redirect::to(path).into_response(),
        None => {
            let body = parts::empty(&frame.say("settings-no-role"), &frame.say("settings-no-role-why"));
            frame.page(&frame.say("settings-no-role-title"), &body)
        }
    }
}

/// `GET /settings`: what is chosen.
async fn show(frame: Frame) -> Response {
    let choice = frame.choice;
    let keys = if choice.has_keys { "on" } else { "off" };
    let languages =
        Language::ALL.map(|language| (language.tag(), language.name().to_owned(), Some(language)));
    let body = html! {
        form.stack.narrow method="post" action="/settings" {
            (radios(&frame.say("settings-language"), "language", choice.language.map_or("auto", Language::tag),
                [("auto", frame.say("settings-language-auto"), None)].into_iter().chain(languages)))
            (radios(&frame.say("settings-theme"), "theme", choice.theme.name(),
                Theme::ALL.map(|theme| (theme.name(), frame.say(theme_word(theme)), None))))
            (radios(&frame.say("settings-keys"), "keys", keys,
                [("on", frame.say("settings-keys-on"), None), ("off", frame.say("settings-keys-off"), None)]))
            p.muted { (frame.say("settings-kept-where")) }
            div.actions { button type="submit" { (frame.say("settings-keep")) } }
        }
    };
    frame.page(&frame.say("settings-title"), &body)
}

const fn theme_word(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "settings-theme-system",
        Theme::Light => "settings-theme-light",
        Theme::Dark => "settings-theme-dark",
    }
}

/// One of several, each with a value, a text and, where that is another than the page's, the language of the text.
fn radios<'a>(
    legend: &str,
    name: &str,
    chosen: &str,
    of: impl IntoIterator<Item = (&'a str, String, Option<Language>)>,
) -> Markup {
    html! {
        fieldset {
            legend { (legend) }
            @for (value, text, language) in of {
                label.choice {
                    input type="radio" name=(name) value=(value) checked[value == chosen];
                    span lang=[language.map(Language::tag)] { (text) }
                }
            }
        }
    }
}

#[derive(Deserialize)]
struct Chosen {
    language: String,
    theme: String,
    keys: String,
}

/// `POST /settings`: keeps what is chosen, in this browser.
async fn keep(headers: HeaderMap, Form(chosen): Form<Chosen>) -> Response {
    let choice = Choice {
        language: Language::of(&chosen.language),
        has_keys: chosen.keys != "off",
        theme: Theme::named(&chosen.theme).unwrap_or_default(),
        ..Choice::default()
    };
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
    match choice.cookie(origin) {
        Some(cookie) => {
            (([(header::SET_COOKIE, cookie)]), Redirect::to("/settings?done=settings-kept")).into_response()
        }
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
