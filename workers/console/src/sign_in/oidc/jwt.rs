//! Tokens as they are written: three parts, and whether a provider's key signed the first two.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    JsonWebKey as _, JsonWebKeyId,
    core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm},
};
use serde::Deserialize;
use serde_json::Value;

/// What signs a token that a provider sends by itself: with its key, never with a secret that both know, and never nothing.
pub(super) const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: Option<JsonWebKeyId>,
}

/// What a token says; nothing is known of who wrote it.
pub(crate) fn claims(token: &str) -> Option<Value> {
    part(token.split('.').nth(1)?)
}

/// What a token says that one of `keys` signed.
pub(crate) fn signed_claims(token: &str, keys: &CoreJsonWebKeySet) -> Option<Value> {
    let (signed, signature) = token.rsplit_once('.')?;
    let header: Header = serde_json::from_value(part(signed.split_once('.')?.0)?).ok()?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    if !ALGORITHMS.contains(&header.alg) {
        return None;
    }
    let named = |id: Option<&JsonWebKeyId>| header.kid.is_none() || id == header.kid.as_ref();
    let is_signed = keys
        .keys()
        .iter()
        .filter(|key| named(key.key_id()))
        .any(|key| key.verify_signature(&header.alg, signed.as_bytes(), &signature).is_ok());
    is_signed.then(|| claims(token)).flatten()
}

fn part(text: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}
