//! A person whom a proxy names: it has signed them in, and shows its secret with each request.

use axum::http::HeaderMap;
use ombud_launch::{
    config::SignIn,
    guard::{Person, PersonSource, SignedIn},
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::groups::{GroupTable, listed};

/// The header of the proxy's secret.
const SECRET: &str = "x-ombud-proxy-secret";

/// What a proxy shows, and where.
pub(crate) struct Proxy {
    secret: [u8; 32],
    name: String,
    groups: String,
}

impl Proxy {
    /// The proxy of the settings, where one is believed.
    pub(crate) fn of(settings: &SignIn) -> Option<Self> {
        settings.has_proxy().then(|| Self {
            secret: Sha256::digest(settings.proxy_secret.reveal()).into(),
            name: settings.proxy_name_header.clone(),
            groups: settings.proxy_groups_header.clone(),
        })
    }

    /// Whom the proxy names; nobody where the secret is wrong, or where a header that must be there once is not.
    pub(crate) fn person(&self, headers: &HeaderMap, table: &GroupTable) -> Option<SignedIn> {
        let shown: [u8; 32] = Sha256::digest(once(headers, SECRET)?).into();
        if !bool::from(shown.ct_eq(&self.secret)) {
            return None;
        }
        // Several lines of one header are one list; but of names there is one.
        let groups = headers.get_all(&self.groups).iter().filter_map(|line| line.to_str().ok());
        let groups: Vec<String> = groups.flat_map(listed).collect();
        let person: Person = table.person(once(headers, &self.name)?, &groups)?;
        Some(SignedIn { person, source: PersonSource::Proxy })
    }
}

/// The value of a header that is there once.
fn once<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    const RIGHT: &str = "0123456789abcdef0123456789abcdef";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().fold(HeaderMap::new(), |mut headers, (name, value)| {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
            headers
        })
    }

    #[test]
    fn a_proxy_is_believed_by_its_secret_alone() {
        let mut settings = SignIn { proxy_secret: RIGHT.into(), ..SignIn::default() };
        settings.roles.insert("clerk".into(), "cards".into());
        let (proxy, table) = (Proxy::of(&settings).unwrap(), GroupTable::of(&settings));
        let (name, groups) = (("x-forwarded-user", "u-17"), ("x-forwarded-groups", "cards, tennis"));
        let found = proxy.person(&headers(&[(SECRET, RIGHT), name, groups]), &table).unwrap();
        assert_eq!(found.person, table.person("u-17", &["cards".to_owned()]).unwrap());
        assert_eq!(found.source, PersonSource::Proxy);
        for wrong in [
            &[name, groups][..],
            &[(SECRET, ""), name, groups],
            &[(SECRET, "0123456789abcdef0123456789abcdeg"), name, groups],
            &[(SECRET, RIGHT), (SECRET, RIGHT), name, groups],
            &[(SECRET, RIGHT), groups],
            &[(SECRET, RIGHT), name, ("x-forwarded-user", "u-18"), groups],
            &[(SECRET, RIGHT), ("x-forwarded-user", "operator"), groups],
        ] {
            assert_eq!(proxy.person(&headers(wrong), &table), None, "{wrong:?}");
        }
        assert!(Proxy::of(&SignIn::default()).is_none());
    }
}
