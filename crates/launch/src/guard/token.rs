//! Whose token it is.
//!
//! A token is random and long, so its SHA-256 needs no salt, and settings that leak let nobody in.

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::{
    Caller, Right, Scope, Teams,
    caller::{NOBODY, OPERATOR, System},
};
use crate::{Error, config::Http};

/// The tokens that are let in.
#[derive(Clone)]
pub(super) struct Tokens {
    known: Vec<Known>,
    /// None is set: whoever reaches the port may do what [`Right::is_open`] says.
    is_open: bool,
}

/// A token that is let in.
#[derive(Clone)]
struct Known {
    caller: Caller,
    sha256: [u8; 32],
}

impl Tokens {
    /// Those of `http`, and the operator's. Where none is set, whoever shows nothing has what is open, if `is_open`.
    pub(super) fn of(http: &Http, operator: Option<&str>, is_open: bool) -> Result<Self, Error> {
        if let Some(name) = http.scopes.keys().find(|name| !http.tokens.contains_key(*name)) {
            return Err(Error::ScopesOfNobody { name: name.clone() });
        }
        if let Some(name) = http.teams.keys().find(|name| !http.tokens.contains_key(*name)) {
            return Err(Error::TeamsOfNobody { name: name.clone() });
        }
        if let Some(name) = http.tokens.keys().find(|name| [NOBODY, OPERATOR].contains(&name.as_str())) {
            return Err(Error::TakenName { name: name.clone() });
        }
        let mut known = Vec::with_capacity(http.tokens.len() + 1);
        for (name, digest) in &http.tokens {
            let mut sha256 = [0; 32];
            hex::decode_to_slice(digest.reveal(), &mut sha256)
                .map_err(|_| Error::TokenDigest { name: name.clone() })?;
            let scopes = match http.scopes.get(name) {
                Some(listed) => {
                    Scope::listed(listed).ok_or_else(|| Error::TokenScopes { name: name.clone() })?
                }
                None => Scope::USUAL.to_vec(),
            };
            let teams = http.teams.get(name).map_or(Teams::All, |listed| Teams::listed(listed));
            let system = System { name: name.clone(), scopes, teams, is_operator: false };
            known.push(Known { caller: system.into(), sha256 });
        }
        if let Some(token) = operator {
            let scopes = Scope::ALL.to_vec();
            let system = System { name: OPERATOR.into(), scopes, teams: Teams::All, is_operator: true };
            known.push(Known { caller: system.into(), sha256: Sha256::digest(token).into() });
        }
        Ok(Self { known, is_open: http.tokens.is_empty() && is_open })
    }

    /// Whose token `headers` show.
    pub(super) fn system(&self, headers: &HeaderMap) -> Option<Caller> {
        shown(headers).and_then(|token| self.whose(token)).map(|known| known.caller.clone())
    }

    /// Whether whoever shows nothing has `right`.
    pub(super) fn is_open_for(&self, right: Right) -> bool {
        self.is_open && right.is_open()
    }

    /// All known ones are compared, each in the same time whatever differs.
    fn whose(&self, token: &[u8]) -> Option<&Known> {
        let shown: [u8; 32] = Sha256::digest(token).into();
        let mut found = u64::MAX;
        for (at, known) in (0_u64..).zip(&self.known) {
            let same: Choice = shown.ct_eq(&known.sha256);
            found.conditional_assign(&at, same);
        }
        self.known.get(usize::try_from(found).ok()?)
    }
}

/// The token of `Authorization: Bearer TOKEN`.
fn shown(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    // The scheme's name is not case-sensitive (RFC 9110).
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}
