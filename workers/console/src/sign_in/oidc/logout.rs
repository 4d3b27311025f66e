//! What a provider says when a person's session ends there: a logout token (OpenID Connect Back-Channel Logout 1.0).

use serde_json::Value;

/// The event that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How old a token may be, and how far its clock may be ahead, in seconds.
const MOST_AGE_S: i64 = 300;

/// Whose sessions end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// All of this person.
    Subject(String),
    /// Whoever had this session of the provider's.
    Sid(String),
}

/// Whose sessions the logout token with these `claims` ends, at `now_s`; why it is none. Its signature is known to be right.
pub(crate) fn ended(
    claims: &Value,
    issuer: &str,
    client_id: &str,
    now_s: i64,
) -> Result<Ended, &'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if text("iss") != Some(issuer) {
        return Err("its issuer is another");
    }
    let is_for_us = match claims.get("aud") {
        Some(Value::String(audience)) => audience == client_id,
        Some(Value::Array(all)) => all.iter().any(|audience| audience.as_str() == Some(client_id)),
        _ => false,
    };
    if !is_for_us {
        return Err("it is for another client");
    }
    let seconds = |name: &str| claims.get(name).and_then(Value::as_i64);
    let is_new =
        seconds("iat").is_some_and(|at| now_s.saturating_sub(at).unsigned_abs() <= MOST_AGE_S.unsigned_abs());
    if !is_new || seconds("exp").is_some_and(|at| at.saturating_add(MOST_AGE_S) < now_s) {
        return Err("it is not of now");
    }
    // An ID token has a nonce and no such event: none may pass for a logout token.
    if claims.get("nonce").is_some()
        || claims.pointer("/events").is_none_or(|events| events.get(EVENT).is_none())
    {
        return Err("it is no logout token");
    }
    match (text("sub"), text("sid")) {
        (Some(subject), _) => Ok(Ended::Subject(subject.to_owned())),
        (None, Some(sid)) => Ok(Ended::Sid(sid.to_owned())),
        (None, None) => Err("it names neither a person nor a session"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://login.bank.example";
    const NOW: i64 = 1_700_000_000;

    fn token() -> Value {
        json!({"iss": ISSUER, "aud": "ombud", "iat": NOW - 3, "exp": NOW + 117, "jti": "j-1", "sub": "u-17", "sid": "s-1",
            "events": {EVENT: {}}})
    }

    #[test]
    fn a_logout_token_ends_the_sessions_that_it_names() {
        let ended = |claims: &Value| ended(claims, ISSUER, "ombud", NOW);
        assert_eq!(ended(&token()), Ok(Ended::Subject("u-17".into())));
        let mut by_sid = token();
        by_sid.as_object_mut().unwrap().remove("sub");
        by_sid["aud"] = json!(["other", "ombud"]);
        assert_eq!(ended(&by_sid), Ok(Ended::Sid("s-1".into())));
    }

    #[test]
    fn what_is_no_logout_token_for_us_and_of_now_ends_nothing() {
        for (name, value) in [
            ("iss", json!("https://other.example")),
            ("aud", json!("other")),
            ("aud", json!(null)),
            ("iat", json!(NOW - 301)),
            ("iat", json!(NOW + 301)),
            ("iat", json!("now")),
            ("exp", json!(NOW - 301)),
            ("nonce", json!("n-1")),
            ("events", json!({})),
            ("events", json!({"http://other.example": {}})),
        ] {
            let mut wrong = token();
            wrong[name] = value;
            assert!(ended(&wrong, ISSUER, "ombud", NOW).is_err(), "{name}");
        }
        let mut nobody = token();
        nobody.as_object_mut().unwrap().retain(|name, _| name != "sub" && name != "sid");
        assert!(ended(&nobody, ISSUER, "ombud", NOW).is_err());
    }
}
