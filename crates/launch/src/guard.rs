//! Who may use `/api/*`: whoever shows a token whose hash the settings hold; without any, whoever reaches this machine's
//! own addresses.
//!
//! A token is random and long, so its SHA-256 needs no salt, and settings that leak let nobody in.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use metrics::counter;
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::{Error, config::Http};

/// The system that asks, by the name of its token; `None` where no tokens are set. An extension of every request that
/// passes a [`Guard`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller(pub Option<Arc<str>>);

/// Asks for `Authorization: Bearer TOKEN`.
#[derive(Clone)]
pub struct Guard(Arc<[Known]>);

/// A token that is let in.
struct Known {
    name: Arc<str>,
    sha256: [u8; 32],
}

impl Guard {
    /// What `http` asks for.
    ///
    /// # Errors
    /// It has no tokens, and its address can be reached from elsewhere.
    pub fn of(http: &Http) -> Result<Self, Error> {
        if http.tokens.is_empty() && !http.open && !http.address.ip().is_loopback() {
            return Err(Error::Unguarded(http.address));
        }
        let known = http.tokens.iter().map(|(name, digest)| {
            let mut sha256 = [0; 32];
            hex::decode_to_slice(digest.reveal(), &mut sha256)
                .map_err(|_| Error::TokenDigest { name: name.clone() })?;
            Ok(Known { name: name.as_str().into(), sha256 })
        });
        Ok(Self(known.collect::<Result<_, Error>>()?))
    }

    /// `routes`, reached with a token only.
    pub fn around(&self, routes: Router) -> Router {
        routes.layer(middleware::from_fn_with_state(self.clone(), ask))
    }

    /// Whose token it is. All known ones are compared, each in the same time whatever differs.
    fn whose(&self, token: &[u8]) -> Option<Arc<str>> {
        let shown: [u8; 32] = Sha256::digest(token).into();
        let mut found = u64::MAX;
        for (at, known) in (0_u64..).zip(self.0.iter()) {
            let same: Choice = shown.ct_eq(&known.sha256);
            found.conditional_assign(&at, same);
        }
        let known = usize::try_from(found).ok().and_then(|at| self.0.get(at))?;
        Some(Arc::clone(&known.name))
    }

    /// Who asks with `headers`; an `Err` where a token is needed and not there.
    fn caller(&self, headers: &HeaderMap) -> Result<Caller, ()> {
        if self.0.is_empty() {
            return Ok(Caller(None));
        }
        let shown = headers.get(header::AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
        // The scheme's name is not case-sensitive (RFC 9110).
        let (scheme, token) = shown.split_at_checked(7).unwrap_or_default();
        if !scheme.eq_ignore_ascii_case(b"bearer ") {
            return Err(());
        }
        self.whose(token.trim_ascii()).map(|name| Caller(Some(name))).ok_or(())
    }
}

#[derive(Serialize)]
struct Refusal {
    error: &'static str,
}

async fn ask(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    match guard.caller(request.headers()) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(()) => {
            counter!("ombud_http_refused_total").increment(1);
            let error = "let you in: send the header `Authorization: Bearer TOKEN` with a token whose SHA-256 \
                         stands under http.tokens";
            let asked = [(header::WWW_AUTHENTICATE, "Bearer")];
            (StatusCode::UNAUTHORIZED, asked, Json(Refusal { error })).into_response()
        }
    }
}
