//! Who may use `/api/*`: never a page of another site; a system whose token may do what it asks for; a person who is signed
//! in and has a role that may; and, where no tokens are set, any client on this machine's own addresses, except for what
//! shows customers' data or changes which models decide.
//!
//! Host -> Origin -> what the path needs -> who asks, and whether they may -> JSON -> the whole body -> a seat for the
//! work -> no other site, by what the browser says about it -> the route

mod browser;
mod caller;
mod host;
#[cfg(test)]
mod page;
mod person;
mod recheck;
mod refusal;
mod right;
mod scope;
mod token;

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, HttpBody as _, to_bytes},
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
pub use caller::{Caller, PersonSource, SignedIn};
pub(crate) use host::is_origin;
use metrics::counter;
use ombud_stream::Outage;
pub use person::{Person, Role, Teams};
pub use recheck::Recheck;
use refusal::Refusal;
pub use right::{PAGES, ROUTES, Right, RouteRight};
pub use scope::Scope;
use token::Tokens;

use crate::{
    Error,
    config::Http,
    seats::{Seat, Work},
};

/// How long a body may take to come, where nothing else is said.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Finds the person whom a request's headers name: by a session's cookie, or by what a proxy says. May block, and is called
/// where that may be. `Err`: the store of sessions doesn't answer.
pub type FindPerson = Arc<dyn Fn(&HeaderMap) -> Result<Option<SignedIn>, Outage> + Send + Sync>;

/// Stands before every route under `/api`, and before the pages.
#[derive(Clone)]
pub struct Guard(Arc<Rules>);

#[derive(Clone)]
struct Rules {
    tokens: Tokens,
    find_person: Option<FindPerson>,
    /// As `find_person`, for what is no use of a session; without it, that counts as use too.
    look_for_person: Option<FindPerson>,
    hosts: Vec<String>,
    /// The origin of http.public_url, where there is one: what browsers know us by, whatever a proxy makes of `Host`.
    public_origin: Option<String>,
    body_bytes: usize,
    body_timeout: Duration,
}

/// Who signs in.
pub struct People {
    /// Finds who is signed in.
    pub find: FindPerson,
    /// They are known by something else than this machine's own users: then nobody is let in who shows nothing, unless
    /// http.open says so.
    pub is_shared: bool,
}

impl Guard {
    /// What `http` asks for, and beside it the `operator`'s own token, which may do everything. No person signs in.
    ///
    /// # Errors
    /// It has no tokens, and its address can be reached from elsewhere; or a token or its scopes are invalid.
    pub fn of(http: &Http, operator: Option<&str>) -> Result<Self, Error> {
        Self::with_people(http, operator, None)
    }

    /// As [`Self::of`], for `people` as well.
    ///
    /// # Errors
    /// As [`Self::of`]; where people are known by a provider or a proxy, an address that can be reached from elsewhere needs
    /// no tokens.
    pub fn with_people(http: &Http, operator: Option<&str>, people: Option<People>) -> Result<Self, Error> {
        let is_shared = people.as_ref().is_some_and(|people| people.is_shared);
        if http.tokens.is_empty() && !http.open && !is_shared && !http.address.ip().is_loopback() {
            return Err(Error::Unguarded(http.address));
        }
        let public_origin = host::origin_of(&http.public_url);
        let public_host = public_origin.as_deref().and_then(host::host_of_origin);
        let hosts = http.hosts.split(',').map(str::trim).filter(|host| !host.is_empty()).chain(public_host);
        let hosts = hosts.map(str::to_owned).collect();
        Ok(Self(Arc::new(Rules {
            tokens: Tokens::of(http, operator, http.open || !is_shared)?,
            find_person: people.map(|people| people.find),
            look_for_person: None,
            hosts,
            public_origin,
            body_bytes: http.body_bytes,
            body_timeout: BODY_TIMEOUT,
        })))
    }

    /// With `look`, which finds a person as [`People::find`] does and does not count as use of their session: for
    /// [`Recheck`], which nobody sits before.
    #[must_use]
    pub fn looking_by(self, look: FindPerson) -> Self {
        Self(Arc::new(Rules { look_for_person: Some(look), ..Rules::clone(&self.0) }))
    }

    /// With another time in which a body has to come.
    #[must_use]
    pub fn with_body_timeout(self, body_timeout: Duration) -> Self {
        Self(Arc::new(Rules { body_timeout, ..Rules::clone(&self.0) }))
    }

    /// `routes` under `/api`, behind this guard.
    pub fn around(&self, routes: Router) -> Router {
        routes
            .layer(browser::same_site(self.0.public_origin.as_deref()))
            // The guard has read the body, up to its own bound.
            .layer(DefaultBodyLimit::disable())
            .layer(middleware::from_fn_with_state(self.clone(), ask))
            .layer(middleware::map_response(browser::with_api_headers))
    }

    /// The pages of [`PAGES`], for whoever is signed in and may see them. Each request has its [`Caller`]; `refuse` renders why
    /// one is not answered.
    pub fn around_desk(&self, pages: Router, refuse: RefusePage) -> Router {
        pages
            .layer(browser::same_site(self.0.public_origin.as_deref()))
            .layer(DefaultBodyLimit::disable())
            .layer(middleware::from_fn_with_state((self.clone(), refuse), open_desk))
            .layer(middleware::map_response(browser::with_page_headers))
    }

    /// `pages`, which take forms and ask by themselves who it is: for no page of another site, and with bounded bodies.
    pub fn around_pages(&self, pages: Router) -> Router {
        pages
            .layer(browser::same_site(self.0.public_origin.as_deref()))
            .layer(DefaultBodyLimit::disable())
            .layer(middleware::from_fn_with_state(self.clone(), open_page))
            .layer(middleware::map_response(browser::with_page_headers))
    }
}

/// Why a page is not shown; whoever renders pages says it in the language of the one who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageRefusal {
    /// Nobody is signed in: the sign-in is first, and leads back to this path where one may go back to it.
    SignIn {
        /// The path with its query; `None` for a form, which nobody sends again unseen.
        back_to: Option<String>,
    },
    /// The one who is signed in may not.
    Role(Right),
    /// There is no such page.
    Nowhere,
    /// Anything else: a status and what to do, in words.
    Other(StatusCode, String),
}

/// Renders why a page is not shown.
pub type RefusePage = fn(&HeaderMap, PageRefusal) -> Response;

async fn open_desk(
    State((Guard(rules), refuse)): State<(Guard, RefusePage)>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers().clone();
    match rules.admit_person(request).await {
        Ok((request, work)) => {
            let answer = next.run(request).await;
            drop(work);
            answer
        }
        Err(refusal) => {
            counter!("ombud_http_refused_total").increment(1);
            refuse(&headers, refusal)
        }
    }
}

async fn open_page(State(Guard(rules)): State<Guard>, request: Request, next: Next) -> Response {
    answer(rules.admit_to_page(request).await, next).await
}

async fn ask(State(Guard(rules)): State<Guard>, request: Request, next: Next) -> Response {
    answer(rules.admit(request).await, next).await
}

async fn answer(admitted: Result<(Request, Option<Work>), Refusal>, next: Next) -> Response {
    match admitted {
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
        let right = Right::of(method, request.uri().path()).ok_or(Refusal::Nowhere)?;
        let caller = self.caller(headers, right).await?;
        let has_no_body = (method == Method::GET || method == Method::HEAD) && request.body().is_end_stream();
        if !has_no_body && !is_json(headers) {
            return Err(Refusal::NotJson);
        }
        let mut request = self.whole(request).await?;
        request.extensions_mut().insert(caller);
        with_work(request, seat)
    }

    /// As [`Self::admit`], for whoever it is and whatever the body's type.
    async fn admit_to_page(&self, request: Request) -> Result<(Request, Option<Work>), Refusal> {
        let seat = request.extensions().get::<Seat>().cloned();
        self.is_for_us(request.uri(), request.headers(), seat.as_ref().and_then(Seat::bound))?;
        with_work(self.whole(request).await?, seat)
    }

    /// As [`Self::admit`], for a page: whoever is signed in, or shows a token that may do it.
    async fn admit_person(
        self: &Arc<Self>,
        request: Request,
    ) -> Result<(Request, Option<Work>), PageRefusal> {
        let seat = request.extensions().get::<Seat>().cloned();
        let (method, headers) = (request.method(), request.headers());
        self.is_for_us(request.uri(), headers, seat.as_ref().and_then(Seat::bound))?;
        let right = Right::of_page(method, request.uri().path()).ok_or(PageRefusal::Nowhere)?;
        let caller = match self.caller(headers, right).await {
            Err(Refusal::Unknown(_)) => Caller::default(),
            caller => caller?,
        };
        // A page shows who is signed in, and records say who did it.
        if caller == Caller::default() {
            let path = request.uri().path_and_query().map(|path| path.as_str().to_owned());
            return Err(PageRefusal::SignIn { back_to: path.filter(|_| method == Method::GET) });
        }
        let recheck = Recheck::new(self, headers.clone(), right);
        let mut request = self.whole(request).await?;
        request.extensions_mut().insert(caller);
        request.extensions_mut().insert(recheck);
        Ok(with_work(request, seat)?)
    }

    /// Who asks with `headers`, if they have `right`. A token goes before a person: whoever shows one says by it who asks.
    async fn caller(&self, headers: &HeaderMap, right: Right) -> Result<Caller, Refusal> {
        self.caller_by(self.find_person.as_ref(), headers, right).await
    }

    /// The same, where `find` finds persons.
    async fn caller_by(
        &self,
        find: Option<&FindPerson>,
        headers: &HeaderMap,
        right: Right,
    ) -> Result<Caller, Refusal> {
        let caller = match self.tokens.system(headers) {
            Some(system) => Some(system),
            None => person(find, headers).await?,
        };
        match caller {
            Some(caller) if caller.may(right) => Ok(caller),
            Some(caller) => Err(match caller.system() {
                Some(name) => Refusal::Scope { name: name.to_owned(), right },
                None => Refusal::Role(right),
            }),
            None if self.tokens.is_open_for(right) => Ok(Caller::default()),
            None => Err(Refusal::Unknown(right)),
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
        let is_public =
            |origin: &str| self.public_origin.as_deref().is_some_and(|public| host::is_one(origin, public));
        let mut origins = headers.get_all(header::ORIGIN).iter().map(text);
        if origins.all(|origin| host::is_same(origin, host) || is_public(origin)) {
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

async fn person(find: Option<&FindPerson>, headers: &HeaderMap) -> Result<Option<Caller>, Refusal> {
    let Some(find) = find.cloned() else { return Ok(None) };
    let headers = headers.clone();
    // It may ask the store.
    let found = tokio::task::spawn_blocking(move || find(&headers)).await;
    match found {
        Ok(Ok(person)) => Ok(person.map(Caller::from)),
        Ok(Err(outage)) => Err(Refusal::Unavailable(outage.to_string())),
        Err(_) => Err(Refusal::Unavailable("read the session".to_owned())),
    }
}

/// The request with the seat at which it is worked on, where there is one.
fn with_work(request: Request, seat: Option<Seat>) -> Result<(Request, Option<Work>), Refusal> {
    match seat {
        None => Ok((request, None)),
        Some(seat) => Ok((request, Some(seat.work().ok_or(Refusal::Busy)?))),
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
