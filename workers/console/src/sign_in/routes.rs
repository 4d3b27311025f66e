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
    pages::{self, Ways},
    sessions::Holder,
};
use crate::pages::{choice::Choice, refusal::is_page};

/// The page to which a sign-in leads back. Anybody can have written it.
#[derive(Default, Deserialize)]
pub(super) struct WayBack {
    #[serde(default)]
    back: String,
}

impl WayBack {
    /// The page, where it is one of ours.
    pub(super) fn page(&self) -> Option<&str> {
        Some(self.back.as_str()).filter(|path| is_page(path))
    }
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    name: String,
    password: String,
    #[serde(flatten)]
    way_back: WayBack,
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
pub(super) async fn show(
    State(entrance): State<Entrance>,
    choice: Choice,
    Query(way_back): Query<WayBack>,
    headers: HeaderMap,
) -> Response {
    match entrance.find(headers).await {
        Ok(Some(SignedIn { person, source })) => {
            pages::signed_in(&choice, &person, source == PersonSource::Session)
        }
        Ok(None) => pages::sign_in(&choice, StatusCode::OK, entrance.ways(), way_back.page(), None),
        Err(outage) => unavailable(&choice, &outage),
    }
}

/// `POST /sign-in`: a name and a password.
pub(super) async fn sign_in(
    State(entrance): State<Entrance>,
    choice: Choice,
    headers: HeaderMap,
    Form(given): Form<Credentials>,
) -> Response {
    let Some(directory) = entrance.local() else { return no_such_way(&choice) };
    let (name, back) = (given.name.trim().to_owned(), given.way_back.page());
    if let Err(wait) = entrance.throttle().begin(&name) {
        count("password", "throttled");
        return try_later(&choice, entrance.ways(), back, wait.as_secs().max(1));
    }
    // Each takes 19 MiB while it is hashed.
    let Ok(Ok(_turn)) = tokio::time::timeout(HASH_WAIT, entrance.hashing().acquire()).await else {
        return try_later(&choice, entrance.ways(), back, HASH_WAIT.as_secs());
    };
    let (asked, password) = (name.clone(), given.password);
    match blocking(move || directory.is_right(&asked, &password)).await {
        Ok(true) => {
            entrance.throttle().clear(&name);
            match begin(&entrance, &headers, Holder::Local { name }).await {
                Ok(cookie) => with_cookies(Redirect::to(back.unwrap_or("/")).into_response(), [Some(cookie)]),
                Err(outage) => unavailable(&choice, &outage),
            }
        }
        Ok(false) => {
            count("password", "refused");
            info!("sign-in refused");
            let fault = pages::wrong(&choice);
            pages::sign_in(&choice, StatusCode::FORBIDDEN, entrance.ways(), back, Some(&fault))
        }
        Err(outage) => unavailable(&choice, &outage),
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
pub(super) async fn sign_out(
    State(entrance): State<Entrance>,
    choice: Choice,
    headers: HeaderMap,
) -> Response {
    let found = entrance.find(headers.clone()).await;
    let Some(id) = entrance.session_id(&headers) else { return Redirect::to("/sign-in").into_response() };
    let book = entrance.sessions();
    let digest = match blocking(move || book.end(&id)).await {
        Ok(digest) => digest,
        Err(outage) => return unavailable(&choice, &outage),
    };
    if let Ok(Some(signed_in)) = found
        && let Err(outage) = record(&entrance, "signed-out", &Caller::from(signed_in), &digest).await
    {
        // The session has ended, which matters more than who ended it.
        warn!(%outage, "a sign-out is not recorded");
    }
    let answer = pages::signed_out(&choice, entrance.end_session().as_deref());
    with_cookies(answer, [entrance.cookies().clear(SESSION)])
}

/// `GET /sign-in/link`: where a password is chosen. It uses nothing up: mail programs look at links too.
pub(super) async fn show_link(
    State(entrance): State<Entrance>,
    choice: Choice,
    Query(link): Query<LinkSecret>,
) -> Response {
    let Some(directory) = entrance.local() else { return no_such_way(&choice) };
    let secret = link.token.clone();
    match blocking(move || directory.link_holder(&secret)).await {
        Ok(Some(user)) => pages::choose_password(&choice, StatusCode::OK, &user.name, &link.token, None),
        Ok(None) => pages::no_link(&choice),
        Err(outage) => unavailable(&choice, &outage),
    }
}

/// `POST /sign-in/link`: sets the password, once.
pub(super) async fn use_link(
    State(entrance): State<Entrance>,
    choice: Choice,
    Form(chosen): Form<NewPassword>,
) -> Response {
    let Some(directory) = entrance.local() else { return no_such_way(&choice) };
    let Ok(Ok(_turn)) = tokio::time::timeout(HASH_WAIT, entrance.hashing().acquire()).await else {
        return try_later(&choice, entrance.ways(), None, HASH_WAIT.as_secs());
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
        Ok(PasswordSet::NoLink) => pages::no_link(&choice),
        Ok(PasswordSet::Refused { name, why }) => {
            pages::choose_password(&choice, StatusCode::UNPROCESSABLE_ENTITY, &name, &chosen.token, Some(why))
        }
        Err(outage) => unavailable(&choice, &outage),
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
pub(super) fn unavailable(choice: &Choice, outage: &Outage) -> Response {
    warn!(%outage, "sign-in is not available");
    pages::notice(choice, StatusCode::SERVICE_UNAVAILABLE, "sign-in-later", "sign-in-later-text")
}

/// The settings offer no such way in.
pub(super) fn no_such_way(choice: &Choice) -> Response {
    pages::notice(choice, StatusCode::NOT_FOUND, "sign-in-no-way", "sign-in-no-way-text")
}

fn try_later(choice: &Choice, ways: Ways, back: Option<&str>, seconds: u64) -> Response {
    let fault = pages::too_many(choice, seconds);
    let mut answer = pages::sign_in(choice, StatusCode::TOO_MANY_REQUESTS, ways, back, Some(&fault));
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    answer
}
