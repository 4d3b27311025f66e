//! What a browser and a provider ask for: the way there, the way back, and the end of a session that ended there.

use axum::{
    Form,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ombud_stream::Outage;
use serde::Deserialize;
use tracing::{info, warn};

use super::{
    Entrance, blocking,
    cookie::{BACK, ROUND_TRIP, SameSite},
    oidc::{Arrival, Callback, Ended, OidcFault, RoundTrip},
    pages,
    routes::{WayBack, begin, count, no_such_way, unavailable, with_cookies},
    sessions::Holder,
};
use crate::pages::{choice::Choice, refusal::is_page};

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
pub(super) async fn start(
    State(entrance): State<Entrance>,
    choice: Choice,
    Query(way_back): Query<WayBack>,
) -> Response {
    let Some(provider) = entrance.oidc() else { return no_such_way(&choice) };
    match off_thread(move || provider.start()).await {
        Ok((url, trip)) => {
            // Lax: the provider's page leads back, and a Strict cookie would stay behind.
            let keep =
                |name, value: &str| entrance.cookies().set(name, value, SameSite::Lax, Some(ROUND_TRIP_S));
            let back = match way_back.page() {
                Some(page) => keep(BACK, &URL_SAFE_NO_PAD.encode(page)),
                None => entrance.cookies().clear(BACK),
            };
            with_cookies(Redirect::to(&url).into_response(), [keep(ROUND_TRIP, &trip.text()), back])
        }
        Err(fault) => failed(&entrance, &choice, &fault),
    }
}

/// `GET /oidc/callback`: back from the provider, once for each time that somebody went.
pub(super) async fn callback(
    State(entrance): State<Entrance>,
    choice: Choice,
    headers: HeaderMap,
    Query(query): Query<CallbackQuery>,
) -> Response {
    let Some(provider) = entrance.oidc() else { return no_such_way(&choice) };
    let Some(trip) = entrance.cookies().read(&headers, ROUND_TRIP).and_then(RoundTrip::read) else {
        return failed(&entrance, &choice, &OidcFault::NotBegun);
    };
    let arrived = off_thread(move || {
        let callback = Callback { code: &query.code, state: &query.state, issuer: &query.iss };
        provider.finish(&callback, &trip)
    });
    let Arrival { subject, sid, person } = match arrived.await {
        Ok(arrival) => arrival,
        Err(fault) => return failed(&entrance, &choice, &fault),
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
        Ok(cookie) => {
            let cookies = entrance.cookies();
            let back = cookies.read(&headers, BACK).and_then(page_of);
            let answer = pages::arrived(&choice, back.as_deref().unwrap_or("/"));
            with_cookies(answer, [Some(cookie), cookies.clear(ROUND_TRIP), cookies.clear(BACK)])
        }
        Err(outage) => unavailable(&choice, &outage),
    }
}

/// The page that the cookie of the way back names, where it is one: a neighbour could have set it where there is no TLS.
fn page_of(cookie: &str) -> Option<String> {
    let path = String::from_utf8(URL_SAFE_NO_PAD.decode(cookie).ok()?).ok()?;
    is_page(&path).then_some(path)
}

/// `POST /oidc/back-channel`: the provider itself says that somebody's session has ended there.
pub(super) async fn back_channel(
    State(entrance): State<Entrance>,
    choice: Choice,
    Form(form): Form<LogoutForm>,
) -> Response {
    let Some(provider) = entrance.oidc() else { return no_such_way(&choice) };
    let ended = match off_thread(move || provider.ended(&form.logout_token)).await {
        Ok(ended) => ended,
        Err(OidcFault::Provider(why)) => {
            return unavailable(&choice, &Outage::passing("ask the provider of sign_in.oidc_issuer", why));
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
        Err(outage) => unavailable(&choice, &outage),
    }
}

/// Runs what may block on a thread for that.
async fn off_thread<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, OidcFault> + Send + 'static,
) -> Result<T, OidcFault> {
    let asked = tokio::task::spawn_blocking(ask).await;
    asked.unwrap_or_else(|_| Err(OidcFault::Provider("it was not asked to the end".to_owned())))
}

fn failed(entrance: &Entrance, choice: &Choice, fault: &OidcFault) -> Response {
    count("oidc", "refused");
    let (status, text) = match fault {
        OidcFault::Provider(why) => {
            let outage = Outage::passing("ask the provider of sign_in.oidc_issuer", why.clone());
            return unavailable(choice, &outage);
        }
        OidcFault::NotBegun => (StatusCode::BAD_REQUEST, "sign-in-not-begun"),
        OidcFault::Refused(why) => {
            info!(%why, "the provider's sign-in is refused");
            (StatusCode::FORBIDDEN, "sign-in-refused")
        }
        OidcFault::Name => (StatusCode::FORBIDDEN, "sign-in-no-name"),
    };
    let answer = pages::notice(choice, status, "sign-in-failed", text);
    with_cookies(answer, [entrance.cookies().clear(ROUND_TRIP)])
}
