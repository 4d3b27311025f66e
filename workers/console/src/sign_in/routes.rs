//! What a browser asks for: the sign-in by password, links that set one, and the sign-out.

use axum::{
    Form,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use metrics::counter;
use ombud_launch::guard::{Caller, PersonSource, SignedIn};
use ombud_stream::Outage;
use serde::Deserialize;
use tracing::{info, warn};

use super::{
    Entrance, HASH_WAIT, blocking,
    cookie::{SESSION, SameSite},
    deeds::Deed,
    local::PasswordSet,
    pages,
    sessions::Holder,
};

/// What a failed sign-in says, whatever was wrong.
const WRONG: &str = "This name and password do not go together, or the account is disabled.";

#[derive(Deserialize)]
pub(super) struct Credentials {
    name: String,
    password: String,
}

#[derive(Deserialize)]
pub(super) struct LinkSecret {
    token: String,
}

#[derive(Deserialize)]
pub(super) struct NewPassword {
    token: String,
    password: String,
}

/// `GET /sign-in`: the ways in, or who is in.
pub(super) async fn show(State(entrance): State<Entrance>, headers: HeaderMap) -> Response {
    match entrance.find(headers).await {
        Ok(Some(SignedIn { person, source })) => pages::signed_in(&person, source == PersonSource::Session),
        Ok(None) => pages::sign_in(StatusCode::OK, entrance.ways(), None),
        Err(outage) => unavailable(&outage),
    }
}

/// `POST /sign-in`: a name and a password.
pub(super) async fn sign_in(
    State(entrance): State<Entrance>,
    headers: HeaderMap,
    Form(given): Form<Credentials>,
) -> Response {
    let Some(directory) = entrance.local() else { return no_such_way() };
    let name = given.name.trim().to_owned();
    if let Err(wait) = entrance.throttle().begin(&name) {
        count("password", "throttled");
        return try_later(&entrance, wait.as_secs().max(1));
    }
    // Each takes 19 MiB while it is hashed.
    let Ok(Ok(_turn)) = tokio::time::timeout(HASH_WAIT, entrance.hashing().acquire()).await else {
        return try_later(&entrance, HASH_WAIT.as_secs());
    };
    let (asked, password) = (name.clone(), given.password);
    match blocking(move || directory.is_right(&asked, &password)).await {
        Ok(true) => {
            entrance.throttle().clear(&name);
            match begin(&entrance, &headers, Holder::Local { name }).await {
                Ok(cookie) => with_cookies(Redirect::to("/sign-in").into_response(), [Some(cookie)]),
                Err(outage) => unavailable(&outage),
            }
        }
        Ok(false) => {
            count("password", "refused");
            info!("sign-in refused");
            pages::sign_in(StatusCode::FORBIDDEN, entrance.ways(), Some(WRONG))
        }
        Err(outage) => unavailable(&outage),
    }
}

/// A session of `holder` under a new id, recorded before its cookie goes out; the one that the browser had ends.
pub(super) async fn begin(
    entrance: &Entrance,
    headers: &HeaderMap,
    holder: Holder,
) -> Result<HeaderValue, Outage> {
    let before = entrance.session_id(headers);
    let (book, made) = (entrance.sessions(), holder.clone());
    let session = blocking(move || {
        if let Some(before) = before {
            book.end(&before)?;
        }
        book.begin(&made)
    })
    .await?;
    let (book, id) = (entrance.sessions(), session.id.clone());
    let way = match &holder {
        Holder::Local { .. } => "password",
        Holder::Provider { .. } => "oidc",
    };
    let recorded = match entrance.person(holder).await? {
        Some(person) => {
            let caller = Caller::from(SignedIn { person, source: PersonSource::Session });
            record(entrance, "signed-in", &caller, &session.digest).await
        }
        None => Err(Outage::passing("sign in", "the account was disabled meanwhile")),
    };
    if let Err(outage) = recorded {
        blocking(move || book.end(&id)).await?;
        return Err(outage);
    }
    count(way, "signed-in");
    let cookie = entrance.cookies().set(SESSION, &session.id, SameSite::Strict, None);
    cookie.ok_or_else(|| Outage::fatal("write a cookie", "an id has other characters than it may have"))
}

async fn record(
    entrance: &Entrance,
    action: &'static str,
    caller: &Caller,
    subject: &str,
) -> Result<(), Outage> {
    let deed = Deed {
        action,
        actor: caller.signature(""),
        roles: caller.roles_text(),
        source: caller.source(),
        subject,
    };
    entrance.deeds().record(deed).await
}

/// `POST /sign-out`: ends the session in the store, whatever becomes of the cookie.
pub(super) async fn sign_out(State(entrance): State<Entrance>, headers: HeaderMap) -> Response {
    let found = entrance.find(headers.clone()).await;
    let Some(id) = entrance.session_id(&headers) else { return Redirect::to("/sign-in").into_response() };
    let book = entrance.sessions();
    let digest = match blocking(move || book.end(&id)).await {
        Ok(digest) => digest,
        Err(outage) => return unavailable(&outage),
    };
    if let Ok(Some(signed_in)) = found
        && let Err(outage) = record(&entrance, "signed-out", &Caller::from(signed_in), &digest).await
    {
        // The session has ended, which matters more than who ended it.
        warn!(%outage, "a sign-out is not recorded");
    }
    with_cookies(pages::signed_out(entrance.end_session().as_deref()), [entrance.cookies().clear(SESSION)])
}

/// `GET /sign-in/link`: where a password is chosen. It uses nothing up: mail programs look at links too.
pub(super) async fn show_link(State(entrance): State<Entrance>, Query(link): Query<LinkSecret>) -> Response {
    let Some(directory) = entrance.local() else { return no_such_way() };
    let secret = link.token.clone();
    match blocking(move || directory.link_holder(&secret)).await {
        Ok(Some(user)) => pages::choose_password(StatusCode::OK, &user.name, &link.token, None),
        Ok(None) => no_link(),
        Err(outage) => unavailable(&outage),
    }
}

/// `POST /sign-in/link`: sets the password, once.
pub(super) async fn use_link(State(entrance): State<Entrance>, Form(chosen): Form<NewPassword>) -> Response {
    let Some(directory) = entrance.local() else { return no_such_way() };
    let Ok(Ok(_turn)) = tokio::time::timeout(HASH_WAIT, entrance.hashing().acquire()).await else {
        return try_later(&entrance, HASH_WAIT.as_secs());
    };
    let (secret, password) = (chosen.token.clone(), chosen.password);
    match blocking(move || directory.set_password(&secret, &password)).await {
        Ok(PasswordSet::Done(name)) => {
            let deed =
                Deed { action: "password-set", actor: &name, roles: vec![], source: "link", subject: &name };
            if let Err(outage) = entrance.deeds().record(deed).await {
                warn!(%outage, "a new password is not recorded");
            }
            Redirect::to("/sign-in").into_response()
        }
        Ok(PasswordSet::NoLink) => no_link(),
        Ok(PasswordSet::Refused { name, why }) => {
            pages::choose_password(StatusCode::UNPROCESSABLE_ENTITY, &name, &chosen.token, Some(why))
        }
        Err(outage) => unavailable(&outage),
    }
}

/// `answer`, which sets these cookies as well.
pub(super) fn with_cookies<const N: usize>(
    mut answer: Response,
    cookies: [Option<HeaderValue>; N],
) -> Response {
    for cookie in cookies.into_iter().flatten() {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

/// Counts a sign-in.
pub(super) fn count(way: &'static str, outcome: &'static str) {
    counter!("ombud_sign_ins_total", "way" => way, "outcome" => outcome).increment(1);
}

/// Starts every counter at 0: a counter that first appears with its first count raises no alarm.
pub(super) fn count_from_zero() {
    for (way, outcomes) in
        [("password", ["signed-in", "refused", "throttled"].as_slice()), ("oidc", &["signed-in", "refused"])]
    {
        for outcome in outcomes {
            counter!("ombud_sign_ins_total", "way" => way, "outcome" => *outcome).increment(0);
        }
    }
}

/// Something that sign-in needs does not answer.
pub(super) fn unavailable(outage: &Outage) -> Response {
    warn!(%outage, "sign-in is not available");
    pages::notice(
        StatusCode::SERVICE_UNAVAILABLE,
        "Not now",
        "Something that sign-in needs does not answer. Try again in a moment.",
    )
}

/// The settings offer no such way in.
pub(super) fn no_such_way() -> Response {
    pages::notice(StatusCode::NOT_FOUND, "Not here", "Nobody signs in this way here.")
}

fn no_link() -> Response {
    let text = "This link was used, or is too old. Ask for another: `ombud users link NAME` makes one.";
    pages::notice(StatusCode::NOT_FOUND, "No such link", text)
}

fn try_later(entrance: &Entrance, seconds: u64) -> Response {
    let text = format!("Too many attempts. Try again in {seconds} s.");
    let mut answer = pages::sign_in(StatusCode::TOO_MANY_REQUESTS, entrance.ways(), Some(&text));
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    answer
}
