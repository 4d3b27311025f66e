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

#[cfg(test)]
mod tests {
    use axum::{body::to_bytes, http::HeaderValue};
    use ombud_launch::guard::Role;

    use super::*;
    use crate::pages::rail::tests::person;

    async fn text(answer: Response) -> String {
        String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn what_is_kept_is_what_the_form_shows_next() {
        let form = Chosen { language: "es".into(), theme: "dark".into(), keys: "off".into() };
        let origin =
            HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static("https://ombud.bank.example"))]);
        let answer = keep(origin, Form(form)).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()[header::LOCATION], "/settings?done=settings-kept");
        let set = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        let expected =
            "__Host-ombud-look=es.no-keys.dark; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=31536000";
        assert_eq!(set, expected);
        let cookie = HeaderValue::from_str(set.split(';').next().unwrap()).unwrap();
        let mut frame = Frame::of(person(&[Role::Clerk]), Language::Spanish, "/settings");
        frame.choice = Choice::of(&HeaderMap::from_iter([(header::COOKIE, cookie)]));
        let page = text(show(frame).await).await;
        for checked in
            [r#"name="language" value="es" checked"#, r#"value="dark" checked"#, r#"value="off" checked"#]
        {
            assert!(page.contains(checked), "{checked} in {page}");
        }
        assert_eq!(page.matches(" checked").count(), 3);
    }

    #[tokio::test]
    async fn the_first_page_is_one_that_the_roles_give() {
        let first = async |roles: &[Role]| first_page(Frame::of(person(roles), Language::English, "/")).await;
        assert_eq!(first(&[Role::Clerk, Role::Operator]).await.headers()[header::LOCATION], "/desk");
        let nobody = first(&[]).await;
        assert_eq!(nobody.status(), StatusCode::OK);
        assert!(text(nobody).await.contains("No role was given to you here"));
    }
}
