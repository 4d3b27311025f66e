//! What a browser and a provider ask for: the way there, the way back, and the end of a session that ended there.

use axum::{
    Form,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use ombud_stream::Outage;
use serde::Deserialize;
use tracing::{info, warn};

use super::{
    Entrance, blocking,
    cookie::{ROUND_TRIP, SameSite},
    oidc::{Arrival, Callback, Ended, OidcFault, RoundTrip},
    pages,
    routes::{begin, count, no_such_way, unavailable, with_cookies},
    sessions::Holder,
};

/// How long a browser may be at the provider, in seconds.
const ROUND_TRIP_S: u64 = 600;

/// What a provider leads back with.
#[derive(Deserialize)]
pub(super) struct CallbackQuery {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    iss: String,
}

#[derive(Deserialize)]
pub(super) struct LogoutForm {
    logout_token: String,
}

/// `GET /oidc/start`: off to the provider.
pub(super) async fn start(State(entrance): State<Entrance>) -> Response {
    let Some(provider) = entrance.oidc() else { return no_such_way() };
    match off_thread(move || provider.start()).await {
        Ok((url, trip)) => {
            // Lax: the provider's page leads back, and a Strict cookie would stay behind.
            let cookie = entrance.cookies().set(ROUND_TRIP, &trip.text(), SameSite::Lax, Some(ROUND_TRIP_S));
            with_cookies(Redirect::to(&url).into_response(), [cookie])
        }
        Err(fault) => failed(&entrance, &fault),
    }
}

/// `GET /oidc/callback`: back from the provider, once for each time that somebody went.
pub(super) async fn callback(
    State(entrance): State<Entrance>,
    headers: HeaderMap,
    Query(query): Query<CallbackQuery>,
) -> Response {
    let Some(provider) = entrance.oidc() else { return no_such_way() };
    let Some(trip) = entrance.cookies().read(&headers, ROUND_TRIP).and_then(RoundTrip::read) else {
        return failed(&entrance, &OidcFault::NotBegun);
    };
    let arrived = off_thread(move || {
        let callback = Callback { code: &query.code, state: &query.state, issuer: &query.iss };
        provider.finish(&callback, &trip)
    });
    let Arrival { subject, sid, person } = match arrived.await {
        Ok(arrival) => arrival,
        Err(fault) => return failed(&entrance, &fault),
    };
    let holder = Holder::of_provider(&subject, &person);
    let signed_in = async {
        if let Some(sid) = sid {
            let book = entrance.sessions();
            blocking(move || book.note_sid(&sid, &subject)).await?;
        }
        begin(&entrance, &headers, holder).await
    };
    match signed_in.await {
        Ok(cookie) => with_cookies(pages::arrived(), [Some(cookie), entrance.cookies().clear(ROUND_TRIP)]),
        Err(outage) => unavailable(&outage),
    }
}

/// `POST /oidc/back-channel`: the provider itself says that somebody's session has ended there.
pub(super) async fn back_channel(State(entrance): State<Entrance>, Form(form): Form<LogoutForm>) -> Response {
    let Some(provider) = entrance.oidc() else { return no_such_way() };
    let ended = match off_thread(move || provider.ended(&form.logout_token)).await {
        Ok(ended) => ended,
        Err(OidcFault::Provider(why)) => {
            return unavailable(&Outage::passing("ask the provider of sign_in.oidc_issuer", why));
        }
        Err(fault) => {
            warn!(?fault, "a logout token is refused");
            return StatusCode::BAD_REQUEST.into_response();
        }
    };
    let book = entrance.sessions();
    let done = blocking(move || {
        let subject = match ended {
            Ended::Subject(subject) => Some(subject),
            Ended::Sid(sid) => book.subject_of_sid(&sid)?,
        };
        subject.map_or(Ok(()), |subject| book.end_of_provider(&subject))
    });
    match done.await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(outage) => unavailable(&outage),
    }
}

/// Runs what may block on a thread for that.
async fn off_thread<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, OidcFault> + Send + 'static,
) -> Result<T, OidcFault> {
    let asked = tokio::task::spawn_blocking(ask).await;
    asked.unwrap_or_else(|_| Err(OidcFault::Provider("it was not asked to the end".to_owned())))
}

fn failed(entrance: &Entrance, fault: &OidcFault) -> Response {
    count("oidc", "refused");
    let (status, text) = match fault {
        OidcFault::Provider(why) => {
            let outage = Outage::passing("ask the provider of sign_in.oidc_issuer", why.clone());
            return unavailable(&outage);
        }
        OidcFault::NotBegun => (
            StatusCode::BAD_REQUEST,
            "This sign-in was not begun in this browser, or too long ago. Begin again.",
        ),
        OidcFault::Refused(why) => {
            info!(%why, "the provider's sign-in is refused");
            (StatusCode::FORBIDDEN, "The provider did not sign you in.")
        }
        OidcFault::Name => (
            StatusCode::FORBIDDEN,
            "The provider gives no name that records can be signed with (sign_in.oidc_name_claim).",
        ),
    };
    let answer = pages::notice(status, "Not signed in", text);
    with_cookies(answer, [entrance.cookies().clear(ROUND_TRIP)])
}
