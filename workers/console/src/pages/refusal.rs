//! Why a page is not shown, as a page.

use axum::{
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use fluent_bundle::FluentArgs;
use maud::html;
use ombud_contract::shown::shown;
use ombud_launch::guard::{PageRefusal, Right};

use super::{
    address::encoded,
    choice::Choice,
    shell::{self, Document},
    words::Words,
};

/// The longest path that a sign-in leads back to.
const MOST_OF_A_PATH: usize = 1_000;

/// The page for `refusal`, in the language of whoever sent `headers`.
pub fn refuse(headers: &HeaderMap, refusal: PageRefusal) -> Response {
    let choice = Choice::of(headers);
    let words = choice.language().words();
    let (status, title, text) = match refusal {
        PageRefusal::SignIn { back_to } => return to_sign_in(back_to.as_deref()),
        PageRefusal::Role(right) => {
            (StatusCode::FORBIDDEN, words.say("frame-refused-role"), role_text(words, right))
        }
        PageRefusal::Nowhere => (
            StatusCode::NOT_FOUND,
            words.say("frame-refused-nowhere"),
            words.say("frame-refused-nowhere-text"),
        ),
        // Said by the guard, in the words of the API: for whoever runs Ombud rather than for whoever works with it.
        PageRefusal::Other(status, text) => {
            let id = match status {
                StatusCode::SERVICE_UNAVAILABLE => "frame-refused-later",
                StatusCode::PAYLOAD_TOO_LARGE => "frame-refused-large",
                _ => "frame-refused-other",
            };
            let mut args = FluentArgs::new();
            args.set("why", text);
            (status, words.say(id), words.say_with("frame-refused-why", &args))
        }
    };
    let body = html! {
        p { (shown(&text)) }
        p { a.button href="/" { (words.say("frame-refused-back")) } }
    };
    shell::bare(&choice, status, &Document::new(&title, &body))
}

/// What no route is served at: the guard has said so before, and this is behind it.
pub async fn nowhere(headers: HeaderMap) -> Response {
    refuse(&headers, PageRefusal::Nowhere)
}

fn role_text(words: &Words, right: Right) -> String {
    let roles: Vec<String> =
        right.roles().iter().map(|role| words.say(&format!("sign-in-role-{}", role.name()))).collect();
    let mut args = FluentArgs::new();
    args.set("roles", roles.join(", "));
    words.say_with("frame-refused-role-text", &args)
}

/// To the sign-in, which leads back to `path` where that is a page.
fn to_sign_in(path: Option<&str>) -> Response {
    let Some(path) = path.filter(|path| *path != "/" && is_page(path)) else {
        return Redirect::to("/sign-in").into_response();
    };
    Redirect::to(&format!("/sign-in?back={}", encoded(path))).into_response()
}

/// Whether a sign-in may lead to `path`, which anybody can have written: it is a page of ours and nothing that a browser would
/// take for the address of another site.
pub(crate) fn is_page(path: &str) -> bool {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#'));
    let bare = path.split('?').next().unwrap_or_default();
    is_plain
        && path.len() <= MOST_OF_A_PATH
        && bare != "/events"
        && Right::of_page(&Method::GET, bare).is_some()
}

#[cfg(test)]
mod tests {
    use axum::{
        body::to_bytes,
        http::{HeaderValue, header},
    };

    use super::*;

    async fn refused(refusal: PageRefusal, language: &'static str) -> (StatusCode, String) {
        let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static(language))]);
        let (parts, body) = refuse(&headers, refusal).into_parts();
        (parts.status, String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap())
    }

    fn leads_to(back_to: Option<&str>) -> String {
        let refusal = PageRefusal::SignIn { back_to: back_to.map(str::to_owned) };
        refuse(&HeaderMap::new(), refusal).headers()[header::LOCATION].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_sign_in_leads_back_to_a_page_and_nowhere_else() {
        assert_eq!(leads_to(Some("/teams/cards?tab=mine")), "/sign-in?back=%2Fteams%2Fcards%3Ftab%3Dmine");
        assert_eq!(leads_to(Some("/desk/c%2F1")), "/sign-in?back=%2Fdesk%2Fc%252F1");
        for other in [
            None,
            Some("/"),
            Some("//evil.example"),
            Some("//evil.example/teams"),
            Some("/\\evil.example"),
            Some("https://evil.example/teams"),
            Some("/teams\r\nset-cookie: a=b"),
            Some("/teams/a b"),
            Some("/sign-out"),
            Some("/events"),
            Some(""),
        ] {
            assert_eq!(leads_to(other), "/sign-in", "{other:?}");
        }
        assert_eq!(leads_to(Some(&format!("/teams/{}", "a".repeat(MOST_OF_A_PATH)))), "/sign-in");
    }

    #[tokio::test]
    async fn a_refusal_is_a_page_of_its_readers_language_with_the_apis_status() {
        let (status, page) = refused(PageRefusal::Nowhere, "es").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(
            page.contains(r#"<html lang="es""#) && page.contains("<h1>Esta página no existe</h1>"),
            "{page}"
        );
        let (status, page) = refused(PageRefusal::Role(Right::ReadAudit), "en").await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(page.contains(r#"<html lang="en""#) && page.contains("auditor"), "{page}");
        let busy = PageRefusal::Other(StatusCode::SERVICE_UNAVAILABLE, "take <b>one</b>\u{202e} more".into());
        let (status, page) = refused(busy, "en").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(page.contains(r"take &lt;b&gt;one&lt;/b&gt;\u202e more"), "{page}");
    }
}
