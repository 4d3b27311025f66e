//! The pages of sign-in: small forms that need no script.

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};
use ombud_launch::guard::{Person, Teams};

use super::password::LEAST_CHARACTERS;

/// The ways in that a console offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ways {
    pub(crate) is_local: bool,
    pub(crate) is_oidc: bool,
}

/// A page with this status.
pub(crate) fn page(status: StatusCode, title: &str, body: &Markup) -> Response {
    let whole = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – Ombud" }
            }
            body { main { h1 { (title) } (body) } }
        }
    };
    (status, Html(whole.into_string())).into_response()
}

/// A page that says one thing, and leads back to the sign-in.
pub(crate) fn notice(status: StatusCode, title: &str, text: &str) -> Response {
    page(status, title, &html! { p { (text) } p { a href="/sign-in" { "To the sign-in" } } })
}

/// Where nobody is signed in; `fault` is why the last attempt failed.
pub(crate) fn sign_in(status: StatusCode, ways: Ways, fault: Option<&str>) -> Response {
    let body = html! {
        @if let Some(fault) = fault { p role="alert" { (fault) } }
        @if ways.is_oidc { p { a href="/oidc/start" { "Sign in with your organisation's account" } } }
        @if ways.is_local {
            form method="post" action="/sign-in" {
                p { label for="name" { "Name" } br; input id="name" name="name" autocomplete="username" required; }
                p {
                    label for="password" { "Password" } br;
                    input id="password" name="password" type="password" autocomplete="current-password" required;
                }
                p { button type="submit" { "Sign in" } }
            }
        }
        @if !ways.is_local && !ways.is_oidc { p { "Sign in at the proxy through which you reach this page." } }
    };
    page(status, "Sign in", &body)
}

/// Where somebody is signed in.
pub(crate) fn signed_in(person: &Person, can_sign_out: bool) -> Response {
    let roles: Vec<&str> = person.roles.iter().map(|role| role.name()).collect();
    let teams = match &person.teams {
        Teams::All => "every team".to_owned(),
        Teams::Only(teams) if teams.is_empty() => "no team".to_owned(),
        Teams::Only(teams) => teams.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
    };
    let body = html! {
        p { "You are signed in as " strong { (ombud_contract::shown::shown(&person.name)) } "." }
        @if roles.is_empty() {
            p { "No role was given to you here: ask whoever runs Ombud (sign_in.roles)." }
        } @else {
            p { "Roles: " (roles.join(", ")) ". Teams: " (ombud_contract::shown::shown(&teams)) "." }
        }
        @if can_sign_out {
            form method="post" action="/sign-out" { p { button type="submit" { "Sign out" } } }
        }
    };
    page(StatusCode::OK, "Signed in", &body)
}

/// After a sign-out; `provider` is where the provider's own session ends, where it said so.
pub(crate) fn signed_out(provider: Option<&str>) -> Response {
    let body = html! {
        p { "You are signed out here." }
        @if let Some(url) = provider {
            p { "At your organisation's sign-in you are still signed in: " a href=(url) { "sign out there too" } "." }
        }
        p { a href="/sign-in" { "To the sign-in" } }
    };
    page(StatusCode::OK, "Signed out", &body)
}

/// After the provider's answer. The page itself leads on: a redirect would still be the provider's, and browsers keep a
/// cookie that is Strict from it.
pub(crate) fn arrived() -> Response {
    let body = html! {
        meta http-equiv="refresh" content="0;url=/sign-in";
        p { a href="/sign-in" { "Go on" } }
    };
    page(StatusCode::OK, "Signed in", &body)
}

/// Where somebody with a link chooses a password.
pub(crate) fn choose_password(status: StatusCode, name: &str, secret: &str, fault: Option<&str>) -> Response {
    let body = html! {
        @if let Some(fault) = fault { p role="alert" { (fault) } }
        p { "For " strong { (ombud_contract::shown::shown(name)) } ", of at least " (LEAST_CHARACTERS) " characters." }
        form method="post" action="/sign-in/link" {
            input type="hidden" name="token" value=(secret);
            // So that a password manager keeps both.
            input type="hidden" name="name" value=(name) autocomplete="username";
            p {
                label for="password" { "New password" } br;
                input id="password" name="password" type="password" autocomplete="new-password"
                    minlength=(LEAST_CHARACTERS) required;
            }
            p { button type="submit" { "Keep it" } }
        }
    };
    page(status, "Choose a password", &body)
}
