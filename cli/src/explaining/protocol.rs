//! What is asked over HTTP, what is answered, and how both sides know that a question is theirs.
//!
//! POST /explain, JSON, with x-ombud-signature: HMAC-SHA256 of the body by the secret, in hexadecimal
//!     -> 200 with explanations | 401 not ours, or too old | 404 the model is gone | 422 it can't be explained | 503 ask again

use hmac::{Hmac, KeyInit, Mac};
use ombud_contract::records::ModelVersion;
use ombud_explain::{ExplainJob, Explanation};
use ombud_launch::config::Secret;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Where it is asked.
pub(crate) const PATH: &str = "/explain";
/// The header of the signature.
pub(crate) const SIGNATURE: &str = "x-ombud-signature";
/// How far the clocks of both sides may be apart, with the way between: what is recorded on the way is of no use after it.
#[cfg_attr(not(feature = "torch"), allow(dead_code, reason = "only whoever explains looks at the age"))]
const FRESH_MS: i64 = 5 * 60 * 1_000;

/// The body of a question.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// When it was asked, by the clock of whoever asks.
    pub(crate) issued_at_ms: i64,
    /// What is to be explained; no more is needed but the weights.
    pub(crate) jobs: Vec<ExplainJob>,
    /// What the registry has about the versions that answered: where a hub has them.
    #[serde(default)]
    pub(crate) models: Vec<ModelVersion>,
}

/// The body of an answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answered {
    /// One a job, in their order.
    pub(crate) explanations: Vec<Explanation>,
}

/// The body of a refusal.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WireRefusal {
    /// A code that stays the same.
    pub(crate) code: String,
    /// What is wrong and what would be right; never what a customer wrote.
    pub(crate) error: String,
}

/// The signature of `body`.
pub(crate) fn signature(secret: &Secret, body: &[u8]) -> String {
    hex::encode(mac(secret, body).finalize().into_bytes())
}

/// Why nobody listens to a question.
#[cfg(feature = "torch")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsigned {
    /// It is not signed, or by another secret.
    #[error(
        "answer this: it is not signed with the secret that is known here; both sides need the same explain.secret"
    )]
    Signature,
    /// It is from another time.
    #[error("answer this: it was signed more than five minutes ago, or ahead; set the clocks of both sides")]
    Age,
    /// Whoever signed it speaks another version.
    #[error("read the question: it is not this version's; run the same version on both sides")]
    Form,
}

/// The question in `body`, where `signed` is its signature and it is from now.
#[cfg(feature = "torch")]
pub(crate) fn verified(
    secret: &Secret,
    signed: &str,
    body: &[u8],
    now_ms: i64,
) -> Result<Question, Unsigned> {
    let signed = hex::decode(signed).map_err(|_| Unsigned::Signature)?;
    // Takes the same time wherever they differ.
    mac(secret, body).verify_slice(&signed).map_err(|_| Unsigned::Signature)?;
    let question: Question = serde_json::from_slice(body).map_err(|_| Unsigned::Form)?;
    match now_ms.abs_diff(question.issued_at_ms) {
        apart if apart <= FRESH_MS.unsigned_abs() => Ok(question),
        _ => Err(Unsigned::Age),
    }
}

fn mac(secret: &Secret, body: &[u8]) -> Hmac<Sha256> {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()) else {
        unreachable!("HMAC takes a key of any length")
    };
    mac.chain_update(body)
}

#[cfg(test)]
#[cfg(feature = "torch")]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_800_000_000_000;

    fn secret() -> Secret {
        Secret::from("0123456789abcdef0123456789abcdef")
    }

    fn body(issued_at_ms: i64) -> Vec<u8> {
        serde_json::to_vec(&Question { issued_at_ms, jobs: Vec::new(), models: Vec::new() }).unwrap()
    }

    #[test]
    fn a_signature_is_what_every_other_library_makes_of_it() {
        // printf body | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
        let expected = "612102a175629bd95ea9f6f33d86736cf7f31e3b43d438b35a78fa582e87f922";
        assert_eq!(signature(&secret(), b"body"), expected);
    }

    #[test]
    fn a_question_that_is_signed_now_is_read_and_any_other_is_not() {
        let body = body(NOW_MS);
        let signed = signature(&secret(), &body);
        assert!(verified(&secret(), &signed, &body, NOW_MS).is_ok());
        let upper = signed.to_uppercase();
        assert!(verified(&secret(), &upper, &body, NOW_MS).is_ok(), "hexadecimal is hexadecimal");
        let other = signature(&Secret::from("another secret, which is as long as it"), &body);
        let (mut changed, mut shorter) = (body.clone(), signed.clone());
        changed[20] ^= 1;
        shorter.pop();
        for (why, signed, body) in [
            ("another secret", other.as_str(), &body),
            ("nothing", "", &body),
            ("no hexadecimal", "signature", &body),
            ("half of it", &signed[..32], &body),
            ("odd", &shorter, &body),
            ("another body", &signed, &changed),
        ] {
            assert_eq!(verified(&secret(), signed, body, NOW_MS).err(), Some(Unsigned::Signature), "{why}");
        }
    }

    #[test]
    fn a_question_is_answered_within_five_minutes_of_its_signature_and_not_after() {
        let at = |issued_at_ms: i64| {
            let body = body(issued_at_ms);
            verified(&secret(), &signature(&secret(), &body), &body, NOW_MS)
                .map(|question| question.issued_at_ms)
        };
        for near in [NOW_MS - FRESH_MS, NOW_MS, NOW_MS + FRESH_MS] {
            assert_eq!(at(near), Ok(near));
        }
        for far in [NOW_MS - FRESH_MS - 1, NOW_MS + FRESH_MS + 1, i64::MIN, i64::MAX] {
            assert_eq!(at(far), Err(Unsigned::Age), "{far}");
        }
    }

    #[test]
    fn a_question_of_another_version_says_so() {
        let body = format!("{{\"issued_at_ms\": {NOW_MS}, \"jobs\": [], \"more\": 1}}");
        let signed = signature(&secret(), body.as_bytes());
        assert_eq!(verified(&secret(), &signed, body.as_bytes(), NOW_MS).err(), Some(Unsigned::Form));
    }
}
