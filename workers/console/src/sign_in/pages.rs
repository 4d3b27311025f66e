//! The pages of sign-in: small forms that need no script, in the language that the browser asks for.

use axum::{http::StatusCode, response::Response};
use fluent_bundle::{FluentArgs, FluentValue};
use maud::{Markup, html};
use ombud_contract::shown::shown;
use ombud_launch::guard::{Person, Teams};

use super::password::LEAST_CHARACTERS;
use crate::pages::{
    address::encoded,
    choice::Choice,
    shell::{self, Document},
};

/// The ways in that a console offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ways {
    pub(crate) is_local: bool,
    pub(crate) is_oidc: bool,
}

fn say(choice: &Choice, id: &str) -> String {
    choice.language().words().say(id)
}

fn say_of<'a>(choice: &Choice, id: &str, name: &'a str, value: impl Into<FluentValue<'a>>) -> String {
    let mut args = FluentArgs::new();
    args.set(name, value);
    choice.language().words().say_with(id, &args)
}

fn page(choice: &Choice, status: StatusCode, title: &str, body: &Markup) -> Response {
    shell::bare(choice, status, &Document::new(&say(choice, title), body))
}

/// A page that says one thing, and leads back to the sign-in.
pub(crate) fn notice(choice: &Choice, status: StatusCode, title: &str, text: &str) -> Response {
    page(choice, status, title, &html! { p { (say(choice, text)) } (to_sign_in(choice)) })
}

/// The link is none, was used, or is too old.
pub(crate) fn no_link(choice: &Choice) -> Response {
    notice(choice, StatusCode::NOT_FOUND, "sign-in-no-link", "sign-in-no-link-text")
}

fn to_sign_in(choice: &Choice) -> Markup {
    html! { p { a.button href="/sign-in" { (say(choice, "sign-in-back")) } } }
}

/// What a failed sign-in says, whatever was wrong.
pub(crate) fn wrong(choice: &Choice) -> String {
    say(choice, "sign-in-wrong")
}

/// What an attempt says that has to wait.
pub(crate) fn too_many(choice: &Choice, seconds: u64) -> String {
    say_of(choice, "sign-in-too-many", "seconds", seconds)
}

/// Where nobody is signed in; `fault` is why the last attempt failed, and `back` the page that leads here.
pub(crate) fn sign_in(
    choice: &Choice,
    status: StatusCode,
    ways: Ways,
    back: Option<&str>,
    fault: Option<&str>,
) -> Response {
    let start =
        back.map_or_else(|| "/oidc/start".to_owned(), |back| format!("/oidc/start?back={}", encoded(back)));
    let body = html! {
        @if let Some(fault) = fault { p.problem id="fault" role="alert" { (fault) } }
        @if ways.is_oidc { p { a.button href=(start) { (say(choice, "sign-in-provider")) } } }
        @if ways.is_local {
            form.stack method="post" action="/sign-in" {
                @if let Some(back) = back { input type="hidden" name="back" value=(back); }
                div.field {
                    label for="name" { (say(choice, "sign-in-name")) }
                    input id="name" name="name" autocomplete="username" autocapitalize="none" spellcheck="false"
                        required aria-describedby=[fault.map(|_| "fault")];
                }
                div.field {
                    label for="password" { (say(choice, "sign-in-password")) }
                    input id="password" name="password" type="password" autocomplete="current-password" required
                        aria-describedby=[fault.map(|_| "fault")];
                }
                div.actions { button type="submit" { (say(choice, "sign-in-go")) } }
            }
        }
        @if !ways.is_local && !ways.is_oidc { p { (say(choice, "sign-in-proxy")) } }
    };
    page(choice, status, "sign-in-title", &body)
}

/// Where somebody is signed in.
pub(crate) fn signed_in(choice: &Choice, person: &Person, can_sign_out: bool) -> Response {
    let roles: Vec<String> =
        person.roles.iter().map(|role| say(choice, &format!("sign-in-role-{}", role.name()))).collect();
    let teams = match &person.teams {
        Teams::All => say(choice, "sign-in-every-team"),
        Teams::Only(teams) if teams.is_empty() => say(choice, "sign-in-no-team"),
        Teams::Only(teams) => teams.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
    };
    let body = html! {
        p { (say(choice, "sign-in-as")) " " strong { (shown(&person.name)) } "." }
        @if roles.is_empty() {
            p { (say(choice, "sign-in-no-role")) }
        } @else {
            p { (say_of(choice, "sign-in-roles", "roles", roles.join(", "))) }
            p { (say_of(choice, "sign-in-teams", "teams", shown(&teams))) }
        }
        div.actions {
            a.button href="/" { (say(choice, "sign-in-go-on")) }
            @if can_sign_out {
                form method="post" action="/sign-out" { button type="submit" { (say(choice, "frame-sign-out")) } }
            }
        }
    };
    page(choice, StatusCode::OK, "sign-in-done", &body)
}

/// After a sign-out; `provider` is where the provider's own session ends, where it said so.
pub(crate) fn signed_out(choice: &Choice, provider: Option<&str>) -> Response {
    let body = html! {
        p { (say(choice, "sign-in-out-text")) }
        @if let Some(url) = provider {
            p { (say(choice, "sign-in-out-provider")) " " a href=(url) { (say(choice, "sign-in-out-there")) } "." }
        }
        (to_sign_in(choice))
    };
    page(choice, StatusCode::OK, "sign-in-out", &body)
}

/// After the provider's answer. The page itself leads on to `back`: a redirect would still be the provider's, and browsers
/// keep a cookie that is Strict from it.
pub(crate) fn arrived(choice: &Choice, back: &str) -> Response {
    let body = html! { p { a.button href=(back) { (say(choice, "sign-in-go-on")) } } };
    let title = say(choice, "sign-in-done");
    let document = Document { leads_to: Some(back), ..Document::new(&title, &body) };
    shell::bare(choice, StatusCode::OK, &document)
}

/// Where somebody with a link chooses a password; `fault` is what the catalogue calls what was wrong with the last one.
pub(crate) fn choose_password(
    choice: &Choice,
    status: StatusCode,
    name: &str,
    secret: &str,
    fault: Option<&str>,
) -> Response {
    let least = u64::try_from(LEAST_CHARACTERS).unwrap_or(u64::MAX);
    let described = if fault.is_some() { "hint fault" } else { "hint" };
    let body = html! {
        @if let Some(fault) = fault {
            p.problem id="fault" role="alert" { (say_of(choice, fault, "least", least)) }
        }
        p { (say(choice, "sign-in-password-for")) " " strong { (shown(name)) } "." }
        form.stack method="post" action="/sign-in/link" {
            input type="hidden" name="token" value=(secret);
            // So that a password manager keeps both.
            input type="hidden" name="name" value=(name) autocomplete="username";
            div.field {
                label for="password" { (say(choice, "sign-in-password-new")) }
                p.muted id="hint" { (say_of(choice, "sign-in-password-hint", "least", least)) }
                input id="password" name="password" type="password" autocomplete="new-password"
                    minlength=(LEAST_CHARACTERS) required aria-describedby=(described);
            }
            div.actions { button type="submit" { (say(choice, "sign-in-password-keep")) } }
        }
    };
    page(choice, status, "sign-in-password-title", &body)
}
