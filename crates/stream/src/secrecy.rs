//! Which addresses a token or a password may be sent to: over TLS to any, over plain HTTP to this machine alone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// A secret is not sent to the address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "send a token or a password to {0}: it would go over plain HTTP to another host, and whoever is on the way could \
     read it; use https, or an address of this machine"
)]
pub struct Exposed(String);

/// Asked by every client before it sends an `Authorization` header to `url`.
///
/// # Errors
/// It is neither https nor http to an address of this machine.
pub fn may_carry_secret(url: &str) -> Result<(), Exposed> {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let is_private = scheme.eq_ignore_ascii_case("https")
        || scheme.eq_ignore_ascii_case("http") && is_this_machine(host(rest));
    if is_private { Ok(()) } else { Err(Exposed(without_user(url))) }
}

/// Whether `url` names a user, with or without a password.
pub fn names_user(url: &str) -> bool {
    url.split_once("://").is_some_and(|(_, rest)| authority(rest).contains('@'))
}

/// `url` as it may be shown: user and password are three stars.
pub fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match authority(rest).rfind('@') {
        Some(at) => format!("{scheme}://***{}", &rest[at..]),
        None => url.to_owned(),
    }
}

/// What stands between the scheme and the path; clients take a backslash for a slash.
fn authority(after_scheme: &str) -> &str {
    after_scheme.split(['/', '?', '#', '\\']).next().unwrap_or_default()
}

/// The host alone; empty where it is none.
fn host(after_scheme: &str) -> &str {
    let authority = authority(after_scheme);
    let place = authority.rsplit('@').next().unwrap_or_default();
    let Some(bracketed) = place.strip_prefix('[') else { return place.split(':').next().unwrap_or_default() };
    match bracketed.split_once(']') {
        Some((address, port)) if port.is_empty() || port.starts_with(':') => address,
        _ => "",
    }
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(is_own_address)
}

/// Whether what is sent to `address` never leaves this machine.
pub fn is_own_address(address: IpAddr) -> bool {
    let address = address.to_canonical();
    if address.is_loopback() || address.is_unspecified() {
        return true;
    }
    let any = match address {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    // Nothing is sent: the system only chooses the address that it would send from, which is the same one for its own alone.
    let route = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((address, 9))?;
        socket.local_addr()
    });
    route.is_ok_and(|from| from.ip() == address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_goes_over_tls_to_any_host_and_over_plain_http_to_this_machine_alone() {
        for right in [
            "https://hub.example",
            "HTTPS://hub.example/path",
            "http://127.0.0.1:8080",
            "http://127.8.0.1/apis",
            "HTTP://localhost:8080/x?y#z",
            "http://[::1]:8080",
            "http://[::ffff:127.0.0.1]",
            "http://0.0.0.0:8080",
            "http://user:password@127.0.0.1:8080",
        ] {
            assert_eq!(may_carry_secret(right), Ok(()), "{right}");
        }
        // 192.0.2.0/24 and 2001:db8::/32 are nobody's: they are there for documents.
        for wrong in [
            "http://hub.example",
            "http://192.0.2.1:8080",
            "http://[2001:db8::1]:8080",
            "http://127.0.0.1@hub.example",
            "http://127.0.0.1:80@hub.example/",
            "http://hub.example\\@127.0.0.1",
            "http://hub.example?@127.0.0.1",
            "http://hub.example#@127.0.0.1",
            "http://127.0.0.1.hub.example",
            "http://127.0.0.1\t.hub.example",
            "http://[::1].hub.example",
            "http://localhost.hub.example",
            "http://",
            "ftp://127.0.0.1",
            "127.0.0.1:8080",
            "",
        ] {
            assert!(may_carry_secret(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn who_may_not_have_it_is_told_without_the_password() {
        let refused = may_carry_secret("http://me:correct%20horse@hub.example/x").unwrap_err().to_string();
        assert!(refused.contains("http://***@hub.example/x") && !refused.contains("horse"), "{refused}");
        assert!(refused.contains("use https"), "{refused}");
    }

    #[test]
    fn users_are_seen_in_the_authority_alone() {
        assert!(names_user("https://me@hub.example") && names_user("https://me:x@hub.example/@"));
        assert!(!names_user("https://hub.example/@me") && !names_user("me@hub.example"));
        assert_eq!(without_user("https://a:b@c@hub.example/d@e"), "https://***@hub.example/d@e");
        assert_eq!(without_user("https://hub.example/d@e"), "https://hub.example/d@e");
    }
}
