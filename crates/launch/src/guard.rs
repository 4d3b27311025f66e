//! Who may use `/api/*`: never a page of another site; a client with a token that may do what it asks for; and, where no
//! tokens are set, any client on this machine's own addresses, except for what changes which models decide.
//!
//! Host -> Origin -> token and scope -> JSON -> the whole body -> a seat for the work -> the route

mod host;
mod refusal;
mod scope;
mod token;

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, HttpBody as _, to_bytes},
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, Method, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use metrics::counter;
use refusal::Refusal;
pub use scope::Scope;
pub use token::Caller;
use token::Tokens;

use crate::{
    Error,
    config::Http,
    seats::{Seat, Work},
};

/// How long a body may take to come, where nothing else is said.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Stands before every route under `/api`.
#[derive(Clone)]
pub struct Guard(Arc<Rules>);

#[derive(Clone)]
struct Rules {
    tokens: Tokens,
    hosts: Vec<String>,
    body_bytes: usize,
    body_timeout: Duration,
}

impl Guard {
    /// What `http` asks for, and beside it the `operator`'s own token, which may do everything.
    ///
    /// # Errors
    /// It has no tokens, and its address can be reached from elsewhere; or a token or its scopes are invalid.
    pub fn of(http: &Http, operator: Option<&str>) -> Result<Self, Error> {
        if http.tokens.is_empty() && !http.open && !http.address.ip().is_loopback() {
            return Err(Error::Unguarded(http.address));
        }
        let hosts = http.hosts.split(',').map(str::trim).filter(|host| !host.is_empty());
        Ok(Self(Arc::new(Rules {
            tokens: Tokens::of(http, operator)?,
            hosts: hosts.map(str::to_owned).collect(),
            body_bytes: http.body_bytes,
            body_timeout: BODY_TIMEOUT,
        })))
    }

    /// With another time in which a body has to come.
    #[must_use]
    pub fn with_body_timeout(self, body_timeout: Duration) -> Self {
        Self(Arc::new(Rules { body_timeout, ..Rules::clone(&self.0) }))
    }

    /// `routes`, behind this guard.
    pub fn around(&self, routes: Router) -> Router {
        // The guard has read the body, up to its own bound.
        routes.layer(DefaultBodyLimit::disable()).layer(middleware::from_fn_with_state(self.clone(), ask))
    }
}

async fn ask(State(Guard(rules)): State<Guard>, request: Request, next: Next) -> Response {
    match rules.admit(request).await {
        Ok((request, work)) => {
            let answer = next.run(request).await;
            drop(work);
            answer
        }
        Err(refusal) => {
            counter!("ombud_http_refused_total").increment(1);
            refusal.into_response()
        }
    }
}

impl Rules {
    /// The request with its caller and its whole body, and the seat at which it is worked on where it came over a connection.
    async fn admit(&self, request: Request) -> Result<(Request, Option<Work>), Refusal> {
        let seat = request.extensions().get::<Seat>().cloned();
        let (method, headers) = (request.method(), request.headers());
        self.is_for_us(request.uri(), headers, seat.as_ref().and_then(Seat::bound))?;
        let scope = Scope::of(method, request.uri().path()).ok_or(Refusal::Nowhere)?;
        let caller = self.tokens.caller(scope, headers)?;
        let has_no_body = (method == Method::GET || method == Method::HEAD) && request.body().is_end_stream();
        if !has_no_body && !is_json(headers) {
            return Err(Refusal::NotJson);
        }
        let mut request = self.whole(request).await?;
        request.extensions_mut().insert(caller);
        match seat {
            None => Ok((request, None)),
            Some(seat) => Ok((request, Some(seat.work().ok_or(Refusal::Busy)?))),
        }
    }

    /// Whether it asks this host, and no page of another one does.
    fn is_for_us(&self, uri: &Uri, headers: &HeaderMap, bound: Option<IpAddr>) -> Result<(), Refusal> {
        let ours = |authority: &str| host::is_ours(authority, bound, &self.hosts);
        let mut hosts = headers.get_all(header::HOST).iter().map(text);
        // A request line or HTTP/2 may name the host as well; all that are named must be ours, and one has to be.
        let named = uri.authority().map(|authority| authority.as_str());
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host,
            (None, _) => named.unwrap_or_default(),
            (Some(_), Some(_)) => return Err(Refusal::Host),
        };
        if !ours(host) || named.is_some_and(|named| !ours(named)) {
            return Err(Refusal::Host);
        }
        let origins = headers.get_all(header::ORIGIN);
        if origins.iter().all(|origin| host::is_same(text(origin), host)) {
            return Ok(());
        }
        Err(Refusal::Origin)
    }

    /// The request with all of its body, which is neither larger nor slower than it may be.
    async fn whole(&self, request: Request) -> Result<Request, Refusal> {
        let (parts, body) = request.into_parts();
        // Before a byte of it is taken, where its length is given.
        if body.size_hint().lower() > self.body_bytes as u64 {
            return Err(Refusal::TooLarge(self.body_bytes));
        }
        match tokio::time::timeout(self.body_timeout, to_bytes(body, self.body_bytes)).await {
            Ok(Ok(body)) => Ok(Request::from_parts(parts, Body::from(body))),
            // Or the client is gone, and hears nothing.
            Ok(Err(_)) => Err(Refusal::TooLarge(self.body_bytes)),
            Err(_) => Err(Refusal::Late(self.body_timeout)),
        }
    }
}

/// A header's value; nothing where it is no text.
fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or_default()
}

/// Whether the body's type is given once, and is JSON: a page can't send that type to another site without asking first.
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter().map(text);
    let (Some(said), None) = (types.next(), types.next()) else { return false };
    let essence = said.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}
