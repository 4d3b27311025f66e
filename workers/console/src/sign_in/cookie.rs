//! Cookies: how they are called, set, cleared and read.
//!
//! Over TLS a name begins with `__Host-`, which browsers take only with Secure, from this host, for every path: no neighbour
//! under the same domain can set one. On loopback there is no TLS, and the name is plain.

use axum::http::{HeaderMap, HeaderValue, header};

/// The session.
pub(crate) const SESSION: &str = "ombud";
/// What a browser keeps while it is at the provider.
pub(crate) const ROUND_TRIP: &str = "ombud-oidc";
/// The page to which a sign-in at the provider leads back.
pub(crate) const BACK: &str = "ombud-back";

/// Whether a cookie is sent with a page that another site leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SameSite {
    /// Never.
    Strict,
    /// Where a link or a redirect leads to it, as a provider's does.
    Lax,
}

/// Writes and reads the cookies of one console.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cookies {
    is_secure: bool,
}

impl Cookies {
    /// Those of a console that browsers reach under `public_url`; nothing where that is its own address on this machine.
    pub(crate) fn of(public_url: &str) -> Self {
        Self { is_secure: public_url.starts_with("https://") }
    }

    /// The header that sets a cookie, for `seconds` or until the browser ends; `None` for a value that is no token.
    pub(crate) fn set(
        self,
        name: &str,
        value: &str,
        same_site: SameSite,
        seconds: Option<u64>,
    ) -> Option<HeaderValue> {
        let lasts = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let same_site = match same_site {
            SameSite::Strict => "Strict",
            SameSite::Lax => "Lax",
        };
        let secure = if self.is_secure { "; Secure" } else { "" };
        let name = self.full(name);
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite={same_site}{secure}{lasts}");
        HeaderValue::from_str(&text).ok().filter(|_| value.chars().all(is_plain))
    }

    /// The header that clears a cookie.
    pub(crate) fn clear(self, name: &str) -> Option<HeaderValue> {
        self.set(name, "", SameSite::Strict, Some(0))
    }

    /// The value of the cookie `name`. Two of one name are none: somebody else may have set one of them.
    pub(crate) fn read<'h>(self, headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
        let name = self.full(name);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut found = pairs.filter(|(given, _)| *given == name).map(|(_, value)| value);
        let value = found.next()?;
        (found.next().is_none() && !value.is_empty() && value.chars().all(is_plain)).then_some(value)
    }

    fn full(self, name: &str) -> String {
        if self.is_secure { format!("__Host-{name}") } else { name.to_owned() }
    }
}

/// What our own values are made of.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let lines = lines.iter().map(|line| (header::COOKIE, HeaderValue::from_str(line).unwrap()));
        lines.fold(HeaderMap::new(), |mut headers, (name, value)| {
            headers.append(name, value);
            headers
        })
    }

    #[test]
    fn over_tls_a_cookie_is_this_hosts_alone_and_on_loopback_it_is_plain() {
        let tls = Cookies::of("https://ombud.bank.example");
        let set = tls.set(SESSION, "a1", SameSite::Strict, None).unwrap();
        assert_eq!(set, "__Host-ombud=a1; Path=/; HttpOnly; SameSite=Strict; Secure");
        for url in ["", "http://127.0.0.1:8080"] {
            let set = Cookies::of(url).set(ROUND_TRIP, "a1", SameSite::Lax, Some(600)).unwrap();
            assert_eq!(set, "ombud-oidc=a1; Path=/; HttpOnly; SameSite=Lax; Max-Age=600");
        }
        let cleared = tls.clear(SESSION).unwrap();
        assert_eq!(cleared, "__Host-ombud=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0");
        assert_eq!(tls.set(SESSION, "a; Domain=bank.example", SameSite::Strict, None), None);
    }

    #[test]
    fn one_cookie_of_the_name_is_read_and_two_are_none() {
        let (tls, plain) = (Cookies::of("https://ombud.bank.example"), Cookies::of(""));
        let both = headers(&["theme=dark; ombud=plain", "__Host-ombud=tls"]);
        assert_eq!((tls.read(&both, SESSION), plain.read(&both, SESSION)), (Some("tls"), Some("plain")));
        for none in
            [&["theme=dark"][..], &["ombud="], &["ombud=a; ombud=b"], &["ombud=a", "ombud=b"], &["ombud=a b"]]
        {
            assert_eq!(plain.read(&headers(none), SESSION), None, "{none:?}");
        }
    }
}
