//! Who is at the console: people who signed in at an OpenID provider, whom a proxy names, or with a password that Ombud keeps.
//!
//! request -> proxy's headers, or a session's cookie -> person with roles and teams (for the guard)
//! /sign-in, /sign-in/link, /sign-out -> local users      /oidc/start, /callback, /back-channel -> provider

pub(crate) mod cookie;
mod deeds;
#[cfg(test)]
mod given;
mod groups;
mod local;
mod oidc;
mod pages;
mod password;
mod proxy;
mod round_trip;
mod routes;
mod sessions;
mod stores;
#[cfg(test)]
mod tests;
mod throttle;
mod users;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    http::HeaderMap,
    routing::{get, post},
};
pub use oidc::ProviderClientError;
use ombud_contract::catalogue::Topic;
use ombud_launch::{
    config::Settings,
    guard::{People, Person, PersonSource, SignedIn},
};
use ombud_stream::{Clock, Outage, Sink};
pub use stores::{OpenSessions, OpenStore, OpenUsers};
use tokio::sync::Semaphore;
pub use users::{ChangedUser, LocalUser, UserChange};

use self::{
    cookie::Cookies,
    deeds::DeedRecorder,
    groups::GroupTable,
    local::LocalDirectory,
    oidc::OidcProvider,
    pages::Ways,
    proxy::Proxy,
    sessions::{Holder, SessionBook, SessionLimits, person_of},
    stores::Pool,
    throttle::Throttle,
};
use crate::append::{Appender, Waiter};

/// Passwords that are hashed at once.
const HASHED_AT_ONCE: usize = 2;
/// How long an attempt waits for its turn to be hashed.
const HASH_WAIT: Duration = Duration::from_secs(5);

/// What sign-in needs.
pub struct EntranceParts {
    /// Appends to console.audit; deliveries go to [`crate::answer`].
    pub sink: Box<dyn Sink<Waiter>>,
    /// Where sessions are.
    pub sessions: OpenSessions,
    /// Where local users are; `None` where there are none, as on brokers.
    pub users: Option<OpenUsers>,
    /// Says what time it is.
    pub clock: Arc<dyn Clock>,
}

/// Knows who is at the console, and lets people in and out.
#[derive(Clone)]
pub struct Entrance(Arc<State>);

struct State {
    cookies: Cookies,
    table: GroupTable,
    sessions: Arc<SessionBook>,
    local: Option<Arc<LocalDirectory>>,
    oidc: Option<Arc<OidcProvider>>,
    proxy: Option<Proxy>,
    throttle: Throttle,
    hashing: Semaphore,
    deeds: DeedRecorder,
}

impl Entrance {
    /// The ways in that `settings` offer; `None` where nobody signs in. Not to be called in a runtime.
    ///
    /// # Errors
    /// A provider's client can't be made: its authority can't be read.
    pub fn of(settings: &Settings, parts: EntranceParts) -> Result<Option<Self>, ProviderClientError> {
        let EntranceParts { sink, sessions, users, clock } = parts;
        let asked = &settings.sign_in;
        let limits = SessionLimits {
            idle: Duration::from_secs(asked.idle_s),
            absolute: Duration::from_secs(asked.absolute_s),
        };
        let sessions = Arc::new(SessionBook::new(Pool::new(sessions), limits, Arc::clone(&clock)));
        let local = users.filter(|_| settings.has_local_users()).map(|users| {
            Arc::new(LocalDirectory::new(Pool::new(users), Arc::clone(&sessions), Arc::clone(&clock)))
        });
        let oidc = OidcProvider::of(settings, Arc::clone(&clock))?.map(Arc::new);
        let proxy = Proxy::of(asked);
        if local.is_none() && oidc.is_none() && proxy.is_none() {
            return Ok(None);
        }
        routes::count_from_zero();
        let topic = Topic::Audit.name(&settings.topics.prefix).into();
        Ok(Some(Self(Arc::new(State {
            cookies: Cookies::of(&settings.http.public_url),
            table: GroupTable::of(asked),
            sessions,
            local,
            oidc,
            proxy,
            throttle: Throttle::new(Arc::clone(&clock)),
            hashing: Semaphore::new(HASHED_AT_ONCE),
            deeds: DeedRecorder::new(Appender::new(sink), topic, clock),
        }))))
    }

    /// Who signs in, for the guard.
    pub fn people(&self) -> People {
        let state = Arc::clone(&self.0);
        People {
            find: Arc::new(move |headers: &HeaderMap| state.find(headers)),
            is_shared: self.0.oidc.is_some() || self.0.proxy.is_some(),
        }
    }

    /// The pages, for [`ombud_launch::guard::Guard::around_pages`].
    pub fn pages(&self) -> Router {
        Router::new()
            .route("/sign-in", get(routes::show).post(routes::sign_in))
            .route("/sign-in/link", get(routes::show_link).post(routes::use_link))
            .route("/sign-out", post(routes::sign_out))
            .route("/oidc/start", get(round_trip::start))
            .route(oidc::CALLBACK, get(round_trip::callback))
            .route("/oidc/back-channel", post(round_trip::back_channel))
            .with_state(self.clone())
    }

    /// The routes under `/api`, for [`ombud_launch::guard::Guard::around`].
    pub fn routes(&self) -> Router {
        Router::new().route("/api/users", get(users::list).post(users::change)).with_state(self.clone())
    }

    /// The secret of a link for the first user, where nobody can sign in with a password yet. May block.
    ///
    /// # Errors
    /// The store doesn't answer.
    pub fn first_link(&self) -> Result<Option<String>, Outage> {
        self.0.local.as_ref().map_or(Ok(None), |local| local.first_link())
    }

    /// The person whom `headers` name.
    async fn find(&self, headers: HeaderMap) -> Result<Option<SignedIn>, Outage> {
        let state = Arc::clone(&self.0);
        blocking(move || state.find(&headers)).await
    }

    /// The person of a session that was made.
    async fn person(&self, holder: Holder) -> Result<Option<Person>, Outage> {
        let state = Arc::clone(&self.0);
        blocking(move || state.person(&holder)).await
    }

    fn ways(&self) -> Ways {
        Ways { is_local: self.0.local.is_some(), is_oidc: self.0.oidc.is_some() }
    }

    fn cookies(&self) -> Cookies {
        self.0.cookies
    }

    fn session_id(&self, headers: &HeaderMap) -> Option<String> {
        self.0.cookies.read(headers, cookie::SESSION).map(str::to_owned)
    }

    fn sessions(&self) -> Arc<SessionBook> {
        Arc::clone(&self.0.sessions)
    }

    fn local(&self) -> Option<Arc<LocalDirectory>> {
        self.0.local.clone()
    }

    fn oidc(&self) -> Option<Arc<OidcProvider>> {
        self.0.oidc.clone()
    }

    fn end_session(&self) -> Option<String> {
        self.0.oidc.as_ref()?.known_end_session()
    }

    fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    fn hashing(&self) -> &Semaphore {
        &self.0.hashing
    }

    fn deeds(&self) -> &DeedRecorder {
        &self.0.deeds
    }
}

impl State {
    /// The person whom `headers` name: a proxy that is believed goes before a cookie. May block.
    fn find(&self, headers: &HeaderMap) -> Result<Option<SignedIn>, Outage> {
        if let Some(found) = self.proxy.as_ref().and_then(|proxy| proxy.person(headers, &self.table)) {
            return Ok(Some(found));
        }
        let Some(id) = self.cookies.read(headers, cookie::SESSION) else { return Ok(None) };
        let Some(holder) = self.sessions.find(id)? else { return Ok(None) };
        let person = self.person(&holder)?;
        Ok(person.map(|person| SignedIn { person, source: PersonSource::Session }))
    }

    /// Who the holder of a session is now; nobody where the way by which they came is no longer offered.
    fn person(&self, holder: &Holder) -> Result<Option<Person>, Outage> {
        match holder {
            Holder::Local { name } => self.local.as_ref().map_or(Ok(None), |local| local.person(name)),
            Holder::Provider { name, roles, teams, .. } => {
                Ok(self.oidc.as_ref().map(|_| person_of(name, roles, teams.as_deref())))
            }
        }
    }
}

/// Runs what may block on a thread for that.
async fn blocking<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, Outage> + Send + 'static,
) -> Result<T, Outage> {
    let asked = tokio::task::spawn_blocking(ask).await;
    asked.unwrap_or_else(|error| Err(Outage::passing("ask the store", error.to_string())))
}
