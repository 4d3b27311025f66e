//! Sign-in by an OpenID provider: authorization code with PKCE, state and nonce; who comes back is known by the ID token.
//!
//! browser -> /oidc/start -> provider -> /oidc/callback -> code for tokens -> ID token checked -> groups -> person

mod http;
mod jwt;
mod logout;

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use ombud_launch::{config::Settings, guard::Person};
use ombud_stream::{Clock, may_carry_secret};
use openidconnect::{
    AuthenticationFlow, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, ProviderMetadataWithLogout, RedirectUrl, Scope,
    SignatureVerificationError, TokenResponse as _,
    core::{CoreClient, CoreIdToken, CoreIdTokenVerifier, CoreResponseType, CoreTokenResponse},
    http as wire,
};
use serde_json::Value;
use subtle::ConstantTimeEq as _;

pub use http::ProviderClientError;
pub(crate) use logout::Ended;

use self::http::ProviderClient;
use super::{groups::GroupTable, sessions::random_id};

/// The path to which a provider leads back.
pub(crate) const CALLBACK: &str = "/oidc/callback";
/// How long what a provider says about itself is believed, in milliseconds.
const METADATA_MS: i64 = 3_600_000;
/// How soon it is asked again because a key is unknown, in milliseconds: strangers can send unknown keys.
const REFRESH_PAUSE_MS: i64 = 10_000;
/// How long a provider that did not answer is not asked again, in milliseconds: strangers begin sign-ins as well.
const FAILURE_PAUSE_MS: i64 = 5_000;
/// The most groups of one person.
const MOST_GROUPS: usize = 1_000;

type ReadyClient = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why nobody is signed in.
#[derive(Debug)]
pub(crate) enum OidcFault {
    /// The provider doesn't answer, or not as one does: for the log.
    Provider(String),
    /// What came back is not what was begun here, or was begun too long ago.
    NotBegun,
    /// The provider refused, or its token is wrong: for the log.
    Refused(String),
    /// Records can't be signed with what the provider calls this person.
    Name,
}

/// What the browser keeps while it is at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoundTrip {
    state: String,
    nonce: String,
    verifier: String,
}

impl RoundTrip {
    fn begin() -> Self {
        Self { state: random_id(), nonce: random_id(), verifier: random_id() }
    }

    /// As a cookie's value.
    pub(crate) fn text(&self) -> String {
        format!("{}.{}.{}", self.state, self.nonce, self.verifier)
    }

    /// What a cookie has.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(str::to_owned);
        let (state, nonce, verifier) = (parts.next()?, parts.next()?, parts.next()?);
        parts.next().is_none().then_some(Self { state, nonce, verifier })
    }
}

/// What a provider leads back with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Callback<'a> {
    pub(crate) code: &'a str,
    pub(crate) state: &'a str,
    /// Who says so; empty where the provider doesn't.
    pub(crate) issuer: &'a str,
}

/// Who came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// What the provider calls them.
    pub(crate) subject: String,
    /// The provider's own session, where it names one.
    pub(crate) sid: Option<String>,
    pub(crate) person: Person,
}

/// What a provider said about itself, and when it was asked last.
#[derive(Default)]
struct KnownMetadata {
    found: Option<(Arc<ProviderMetadataWithLogout>, i64)>,
    failed: Option<(String, i64)>,
}

/// One provider. Every call but [`Self::known_end_session`] may block.
pub(crate) struct OidcProvider {
    issuer: String,
    client_id: String,
    client_secret: Option<String>,
    scopes: Vec<String>,
    name_claim: String,
    groups_claim: String,
    public_url: String,
    table: GroupTable,
    client: ProviderClient,
    clock: Arc<dyn Clock>,
    known: Mutex<KnownMetadata>,
}

impl OidcProvider {
    /// The provider of the settings, where there is one.
    pub(crate) fn of(
        settings: &Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Self>, ProviderClientError> {
        let asked = &settings.sign_in;
        if !asked.has_oidc() {
            return Ok(None);
        }
        let secret = asked.oidc_client_secret.reveal();
        Ok(Some(Self {
            issuer: asked.oidc_issuer.clone(),
            client_id: asked.oidc_client_id.clone(),
            client_secret: (!secret.is_empty()).then(|| secret.to_owned()),
            scopes: asked.oidc_scopes.split_whitespace().map(str::to_owned).collect(),
            name_claim: asked.oidc_name_claim.clone(),
            groups_claim: asked.oidc_groups_claim.clone(),
            public_url: settings.http.public_url.trim_end_matches('/').to_owned(),
            table: GroupTable::of(asked),
            client: ProviderClient::new(&asked.oidc_ca)?,
            clock,
            known: Mutex::default(),
        }))
    }

    /// Where the browser goes, and what it keeps until it comes back.
    pub(crate) fn start(&self) -> Result<(String, RoundTrip), OidcFault> {
        let client = self.client(false)?;
        let trip = RoundTrip::begin();
        let (state, nonce) = (CsrfToken::new(trip.state.clone()), Nonce::new(trip.nonce.clone()));
        let verifier = PkceCodeVerifier::new(trip.verifier.clone());
        let mut request = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || state,
                move || nonce,
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        for scope in &self.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        Ok((request.url().0.to_string(), trip))
    }

    /// Who came back with `callback` from what `trip` began.
    pub(crate) fn finish(&self, callback: &Callback<'_>, trip: &RoundTrip) -> Result<Arrival, OidcFault> {
        let is_ours = callback.state.as_bytes().ct_eq(trip.state.as_bytes());
        if !bool::from(is_ours) || !callback.issuer.is_empty() && callback.issuer != self.issuer {
            return Err(OidcFault::NotBegun);
        }
        let client = self.client(false)?;
        let request = client
            .exchange_code(AuthorizationCode::new(callback.code.to_owned()))
            .map_err(|error| OidcFault::Provider(text_of(&error)))?;
        let tokens = request
            .set_pkce_verifier(PkceCodeVerifier::new(trip.verifier.clone()))
            .request(&|request| self.client.ask(request))
            .map_err(|error| OidcFault::Refused(text_of(&error)))?;
        let token = tokens.id_token().ok_or_else(|| OidcFault::Refused("it sends no ID token".into()))?;
        let subject = self.subject(&client, token, &trip.nonce)?;
        let mut claims = jwt::claims(&token.to_string()).unwrap_or_default();
        if claims.get(&self.groups_claim).is_none() || claims.get(&self.name_claim).is_none() {
            self.add_user_info(&mut claims, &subject, &tokens)?;
        }
        let name = claims.get(&self.name_claim).and_then(Value::as_str).unwrap_or_default();
        let person = self.table.person(name, &self.groups(&claims)).ok_or(OidcFault::Name)?;
        let sid = claims.get("sid").and_then(Value::as_str).map(str::to_owned);
        Ok(Arrival { subject, sid, person })
    }

    /// Whose sessions a logout token ends; why it is none.
    pub(crate) fn ended(&self, token: &str) -> Result<Ended, OidcFault> {
        let claims = match jwt::signed_claims(token, self.metadata(false)?.jwks()) {
            Some(claims) => Some(claims),
            // It may have changed its keys.
            None => jwt::signed_claims(token, self.metadata(true)?.jwks()),
        };
        let claims = claims.ok_or_else(|| OidcFault::Refused("no key of the provider signed it".into()))?;
        let now_s = self.clock.now_ms() / 1_000;
        logout::ended(&claims, &self.issuer, &self.client_id, now_s)
            .map_err(|why| OidcFault::Refused(why.into()))
    }

    /// Where a person signs out of the provider, as far as it is known without asking.
    pub(crate) fn known_end_session(&self) -> Option<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (metadata, _) = known.found.as_ref()?;
        let mut url = metadata.additional_metadata().end_session_endpoint.as_ref()?.url().clone();
        url.query_pairs_mut()
            .append_pair("client_id", &self.client_id)
            .append_pair("post_logout_redirect_uri", &format!("{}/sign-in", self.public_url));
        Some(url.to_string())
    }

    /// The subject of a token that is right.
    fn subject(&self, client: &ReadyClient, token: &CoreIdToken, nonce: &str) -> Result<String, OidcFault> {
        let nonce = Nonce::new(nonce.to_owned());
        let first = token.claims(&verifier(client), &nonce);
        let is_unknown_key = matches!(
            first,
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey))
        );
        if !is_unknown_key {
            let claims = first.map_err(|error| OidcFault::Refused(text_of(&error)))?;
            return Ok(claims.subject().to_string());
        }
        // It has changed its keys since it was asked.
        let newer = self.client(true)?;
        let claims = token.claims(&verifier(&newer), &nonce);
        claims.map(|claims| claims.subject().to_string()).map_err(|error| OidcFault::Refused(text_of(&error)))
    }

    /// Adds what the provider says about this person besides the token, where it has a place for that.
    fn add_user_info(
        &self,
        claims: &mut Value,
        subject: &str,
        tokens: &CoreTokenResponse,
    ) -> Result<(), OidcFault> {
        let metadata = self.metadata(false)?;
        let Some(endpoint) = metadata.userinfo_endpoint() else { return Ok(()) };
        let wrong = |why: String| OidcFault::Provider(why);
        // The access token goes with it.
        may_carry_secret(endpoint.as_str()).map_err(|error| wrong(error.to_string()))?;
        let request = wire::Request::get(endpoint.as_str())
            .header(wire::header::ACCEPT, "application/json")
            .header(wire::header::AUTHORIZATION, format!("Bearer {}", tokens.access_token().secret()))
            .body(Vec::new())
            .map_err(|error| wrong(error.to_string()))?;
        let answer = self.client.ask(request).map_err(|error| wrong(text_of(&error)))?;
        let info: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        // Else it could be of somebody else.
        if !answer.status().is_success() || info.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(wrong("it says nothing about this person at its userinfo endpoint".to_owned()));
        }
        for name in [&self.groups_claim, &self.name_claim] {
            if let (Some(claims), Some(value)) = (claims.as_object_mut(), info.get(name)) {
                claims.entry(name.as_str()).or_insert_with(|| value.clone());
            }
        }
        Ok(())
    }

    /// The groups that `claims` list: as an array of texts, or as one text.
    fn groups(&self, claims: &Value) -> Vec<String> {
        match claims.get(&self.groups_claim) {
            Some(Value::Array(groups)) => {
                groups.iter().filter_map(Value::as_str).take(MOST_GROUPS).map(str::to_owned).collect()
            }
            Some(Value::String(group)) => vec![group.clone()],
            _ => vec![],
        }
    }

    fn client(&self, fresh: bool) -> Result<ReadyClient, OidcFault> {
        let metadata = ProviderMetadataWithLogout::clone(&*self.metadata(fresh)?);
        let callback = RedirectUrl::new(format!("{}{CALLBACK}", self.public_url))
            .map_err(|error| OidcFault::Provider(text_of(&error)))?;
        let secret = self.client_secret.clone().map(ClientSecret::new);
        let id = ClientId::new(self.client_id.clone());
        Ok(CoreClient::from_provider_metadata(metadata, id, secret).set_redirect_uri(callback))
    }

    /// What the provider says about itself, asked again after a while; and, for a key that is unknown, when it is `fresh`.
    fn metadata(&self, fresh: bool) -> Result<Arc<ProviderMetadataWithLogout>, OidcFault> {
        let now = self.clock.now_ms();
        let lasts = if fresh { REFRESH_PAUSE_MS } else { METADATA_MS };
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((metadata, at)) = &known.found
                && now.saturating_sub(*at) < lasts
            {
                return Ok(Arc::clone(metadata));
            }
            if let Some((why, at)) = &known.failed
                && now.saturating_sub(*at) < FAILURE_PAUSE_MS
            {
                return Err(OidcFault::Provider(why.clone()));
            }
        }
        let asked = self.discover();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match asked {
            Ok(metadata) => {
                *known = KnownMetadata { found: Some((Arc::clone(&metadata), now)), failed: None };
                Ok(metadata)
            }
            Err(why) => {
                known.failed = Some((why.clone(), now));
                Err(OidcFault::Provider(why))
            }
        }
    }

    fn discover(&self) -> Result<Arc<ProviderMetadataWithLogout>, String> {
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(|error| text_of(&error))?;
        let found = ProviderMetadataWithLogout::discover(&issuer, &|request| self.client.ask(request));
        let metadata = found.map_err(|error| text_of(&error))?;
        // The code, the secret and the verifier go there.
        if let Some(endpoint) = metadata.token_endpoint() {
            may_carry_secret(endpoint.as_str()).map_err(|error| error.to_string())?;
        }
        Ok(Arc::new(metadata))
    }
}

/// Checks ID tokens, and takes none that the provider has not signed with a key of its own.
fn verifier(client: &ReadyClient) -> CoreIdTokenVerifier<'_> {
    client.id_token_verifier().set_allowed_algs(jwt::ALGORITHMS)
}

/// An error with its causes, in one line.
fn text_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        // Writing to a String can't fail.
        let _ = write!(text, ": {next}");
        cause = next.source();
    }
    text
}
