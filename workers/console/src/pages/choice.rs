//! What a person chose for their browser: language, single keys, light or dark.
//!
//! It is kept in a cookie of a year and not in the store: a choice is no secret and gives no right, it counts before the
//! sign-in as well, and somebody who sees well at the desk and badly on the phone wants two. Script never reads it.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};

use super::words::Language;
use crate::sign_in::cookie::{Cookies, SameSite};

/// The cookie.
const COOKIE: &str = "ombud-look";
/// How long a browser keeps it, in seconds: a year.
const KEPT_SECONDS: u64 = 365 * 86_400;

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Every theme.
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// As the cookie and the form write it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The one that is called `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// What a person chose, and what their browser asks for where they chose nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The language that they chose.
    pub(crate) language: Option<Language>,
    /// The one that the browser asks for.
    pub(crate) asked: Language,
    /// Single keys press buttons.
    pub(crate) has_keys: bool,
    /// Light or dark.
    pub(crate) theme: Theme,
}

impl Default for Choice {
    fn default() -> Self {
        Self { language: None, asked: Language::default(), has_keys: true, theme: Theme::default() }
    }
}

impl Choice {
    /// Of whoever sent `headers`.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let asked = asked.map(accepted).unwrap_or_default();
        // Nobody knows here whether TLS ends in front of us; whoever could plant the plain one would choose a language.
        let mut cookies = ["https://", ""].map(Cookies::of).into_iter();
        let kept = cookies.find_map(|cookies| cookies.read(headers, COOKIE));
        Self { asked, ..kept.map(Self::read).unwrap_or_default() }
    }

    /// The language of pages.
    pub(crate) fn language(&self) -> Language {
        self.language.unwrap_or(self.asked)
    }

    /// The header that keeps it, for a browser that knows us by `origin`. It is Secure where that is https: the browser itself
    /// says so with each form, and the guard has compared it with http.public_url.
    pub(crate) fn cookie(&self, origin: &str) -> Option<HeaderValue> {
        Cookies::of(origin).set(COOKIE, &self.text(), SameSite::Strict, Some(KEPT_SECONDS))
    }

    fn text(&self) -> String {
        let language = self.language.map_or("auto", Language::tag);
        let keys = if self.has_keys { "keys" } else { "no-keys" };
        format!("{language}.{keys}.{}", self.theme.name())
    }

    /// What of `text` is understood: a newer console may have written it.
    fn read(text: &str) -> Self {
        let words: Vec<&str> = text.split('.').collect();
        Self {
            language: words.iter().find_map(|word| Language::of(word)),
            has_keys: !words.contains(&"no-keys"),
            theme: words.iter().find_map(|word| Theme::named(word)).unwrap_or_default(),
            ..Self::default()
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Choice {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

/// The language of ours that a browser likes best.
fn accepted(header: &str) -> Language {
    let mut best = (0.0, Language::default());
    for one in header.split(',') {
        let (tag, weight) = one.split_once(';').unwrap_or((one, ""));
        let weight = weight.trim().strip_prefix("q=").map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
        if let Some(language) = Language::of(tag)
            && weight > best.0
        {
            best = (weight, language);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn what_is_chosen_is_what_the_next_request_brings() {
        for origin in ["http://127.0.0.1:8080", "https://ombud.bank.example"] {
            for language in [None, Some(Language::English), Some(Language::Spanish)] {
                for theme in Theme::ALL {
                    let chosen = Choice { language, has_keys: false, theme, ..Choice::default() };
                    let set = chosen.cookie(origin).unwrap().to_str().unwrap().to_owned();
                    assert!(set.contains("; HttpOnly; SameSite=Strict"), "{set}");
                    assert!(set.ends_with("; Max-Age=31536000"), "{set}");
                    assert_eq!(set.contains("; Secure"), origin.starts_with("https"), "{set}");
                    let pair = set.split(';').next().unwrap();
                    assert_eq!(Choice::of(&headers(header::COOKIE, pair)), chosen, "{pair}");
                }
            }
        }
    }

    #[test]
    fn a_cookie_that_nobody_here_wrote_chooses_nothing_else_than_it_says() {
        for (value, expected) in [
            ("", Choice::default()),
            ("dark", Choice { theme: Theme::Dark, ..Choice::default() }),
            ("fr.no-keys.sepia", Choice { has_keys: false, ..Choice::default() }),
            (
                "es.keys.dark.large",
                Choice { language: Some(Language::Spanish), theme: Theme::Dark, ..Choice::default() },
            ),
        ] {
            assert_eq!(
                Choice::of(&headers(header::COOKIE, &format!("ombud-look={value}"))),
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn without_a_choice_the_browser_says_in_which_language() {
        for (asked, expected) in [
            ("es", Language::Spanish),
            ("es-MX,es;q=0.9,en;q=0.8", Language::Spanish),
            ("en-GB,es;q=0.5", Language::English),
            ("de, es;q=0.1", Language::Spanish),
            ("es;q=0, en;q=0.1", Language::English),
            ("de", Language::English),
            ("", Language::English),
            (";;q=,*", Language::English),
        ] {
            let choice = Choice::of(&headers(header::ACCEPT_LANGUAGE, asked));
            assert_eq!(choice.language(), expected, "{asked}");
        }
    }
}
