//! Whose token it is, and what it opens.
//!
//! A token is random and long, so its SHA-256 needs no salt, and settings that leak let nobody in.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::{refusal::Refusal, scope::Scope};
use crate::{Error, config::Http};

/// Who a change is signed by that came without a token.
const NOBODY: &str = "nobody";
/// The name of the operator's own token.
const OPERATOR: &str = "operator";

/// Who asks. An extension of every request that passes a [`super::Guard`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Its token's name; `None` where it showed none and needed none.
    name: Option<Arc<str>>,
    is_operator: bool,
}

impl Caller {
    /// The system, by the name of its token.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Who a change of it is signed by: the token's name, whatever was `said`. The operator's own token can be read by the
    /// account alone that owns the data folder, so with it the name that is given counts.
    pub fn signature<'a>(&'a self, said: &'a str) -> &'a str {
        match said.trim() {
            person if self.is_operator && !person.is_empty() => person,
            _ => self.name().unwrap_or(NOBODY),
        }
    }
}

/// The tokens that are let in.
#[derive(Clone)]
pub(super) struct Tokens {
    known: Vec<Known>,
    /// None is set: whoever reaches the port may do what changes nobody's decisions.
    is_open: bool,
}

/// A token that is let in.
#[derive(Clone)]
struct Known {
    caller: Caller,
    sha256: [u8; 32],
    scopes: Vec<Scope>,
}

impl Tokens {
    /// Those of `http`, and the operator's.
    pub(super) fn of(http: &Http, operator: Option<&str>) -> Result<Self, Error> {
        if let Some(name) = http.scopes.keys().find(|name| !http.tokens.contains_key(*name)) {
            return Err(Error::ScopesOfNobody { name: name.clone() });
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
            let caller = Caller { name: Some(name.as_str().into()), is_operator: false };
            known.push(Known { caller, sha256, scopes });
        }
        if let Some(token) = operator {
            let caller = Caller { name: Some(OPERATOR.into()), is_operator: true };
            let sha256 = Sha256::digest(token).into();
            known.push(Known { caller, sha256, scopes: Scope::ALL.to_vec() });
        }
        Ok(Self { known, is_open: http.tokens.is_empty() })
    }

    /// Who asks for `scope` with `headers`.
    pub(super) fn caller(&self, scope: Scope, headers: &HeaderMap) -> Result<Caller, Refusal> {
        match shown(headers).and_then(|token| self.whose(token)) {
            Some(known) if known.scopes.contains(&scope) => Ok(known.caller.clone()),
            Some(known) => {
                let name = known.caller.name().unwrap_or(NOBODY).to_owned();
                Err(Refusal::Scope { name, scope })
            }
            None if self.is_open && !scope.needs_token() => Ok(Caller::default()),
            None => Err(Refusal::Token(scope)),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_signs_by_its_name_and_the_operators_by_the_person_that_it_names() {
        let system = Caller { name: Some("ops-desk".into()), is_operator: false };
        let operator = Caller { name: Some(OPERATOR.into()), is_operator: true };
        assert_eq!(system.signature("ann"), "ops-desk");
        assert_eq!((operator.signature("ann"), operator.signature(" ")), ("ann", OPERATOR));
        assert_eq!(Caller::default().signature("ann"), NOBODY);
    }
}
