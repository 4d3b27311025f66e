//! Whether a request names this host. A page whose name was pointed at our address (DNS rebinding) still sends its own.

use std::net::IpAddr;

/// Host and port of `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`.
pub(super) fn parts(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, rest) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port = match rest.strip_prefix(':') {
        Some(port) => Some(port.parse().ok()?),
        None if rest.is_empty() => None,
        None => return None,
    };
    (!host.is_empty()).then_some((host, port))
}

/// Whether `authority` is a name of loopback, the address `bound` or one of `hosts`, whatever its port: a port that is
/// forwarded has another number, and no page can choose one that makes its name ours.
pub(super) fn is_ours(authority: &str, bound: Option<IpAddr>, hosts: &[String]) -> bool {
    let Some((host, _)) = parts(authority) else { return false };
    let address = host.parse().ok().map(|address: IpAddr| address.to_canonical());
    let named = |known: &str| known.eq_ignore_ascii_case(host);
    address.is_some_and(|address| {
        address.is_loopback() || bound.is_some_and(|bound| bound.to_canonical() == address)
    }) || named("localhost")
        || hosts.iter().any(|known| named(known))
}

/// Whether the page of `origin` came from `host`.
pub(super) fn is_same(origin: &str, host: &str) -> bool {
    let Some((_, from, usual)) = origin_parts(origin) else { return false };
    let (Some(from), Some(to)) = (parts(from), parts(host)) else { return false };
    from.0.eq_ignore_ascii_case(to.0) && from.1.unwrap_or(usual) == to.1.unwrap_or(usual)
}

/// Whether two origins are one.
pub(super) fn is_one(origin: &str, other: &str) -> bool {
    let scheme = |origin| origin_parts(origin).map(|(scheme, ..)| scheme);
    let Some((_, host, _)) = origin_parts(other) else { return false };
    scheme(origin) == scheme(other) && is_same(origin, host)
}

/// The origin of a URL, without its path; `None` where there is no URL.
pub(super) fn origin_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    parts(authority)?;
    Some(format!("{scheme}://{authority}"))
}

/// Whether a URL is an origin and nothing more, but for a slash at its end.
pub(crate) fn is_origin(url: &str) -> bool {
    origin_of(url).is_some_and(|origin| url == origin || url.strip_suffix('/') == Some(&origin))
}

/// The host of an origin.
pub(super) fn host_of_origin(origin: &str) -> Option<&str> {
    Some(parts(origin_parts(origin)?.1)?.0)
}

/// Scheme and authority of an origin, and the port that the scheme stands for.
fn origin_parts(origin: &str) -> Option<(&str, &str, u16)> {
    let (scheme, authority) = origin.split_once("://")?;
    let usual = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    Some((scheme, authority, usual))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_the_bound_address_and_listed_names_are_ours_and_nothing_that_looks_like_them() {
        let bound = "10.1.2.3".parse().ok();
        let hosts = ["ombud.bank.example".to_owned(), "fd00::7".to_owned()];
        for ours in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1",
            "127.9.9.9:1",
            "[::1]:8080",
            "[::ffff:127.0.0.1]",
            "10.1.2.3:8080",
            "Ombud.Bank.Example:443",
            "[fd00::7]:8080",
        ] {
            assert!(is_ours(ours, bound, &hosts), "{ours}");
        }
        for foreign in [
            "",
            ":8080",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil.example@localhost",
            "user:1@localhost",
            "localhost:port",
            "[::1",
            "[::1]x",
            "10.1.2.4",
            "2130706433",
            "0.0.0.0",
            "xombud.bank.example",
        ] {
            assert!(!is_ours(foreign, bound, &hosts), "{foreign}");
        }
        assert!(!is_ours("10.1.2.3", None, &hosts));
    }

    #[test]
    fn the_public_url_is_one_origin_and_no_other() {
        let public = origin_of("https://ombud.bank.example/desk").unwrap();
        assert_eq!(public, "https://ombud.bank.example");
        assert_eq!(host_of_origin(&public), Some("ombud.bank.example"));
        assert!(is_one("https://OMBUD.bank.example:443", &public));
        for other in
            ["http://ombud.bank.example", "http://ombud.bank.example:443", "https://bank.example", "null"]
        {
            assert!(!is_one(other, &public), "{other}");
        }
        assert_eq!(origin_of(""), None);
        assert!(is_origin(&public) && is_origin("https://ombud.bank.example/"));
        assert!(!is_origin("https://ombud.bank.example/desk") && !is_origin("ombud.bank.example"));
    }

    #[test]
    fn a_page_is_this_hosts_by_name_and_port() {
        for (origin, host) in [
            ("http://localhost:8080", "localhost:8080"),
            ("https://ombud.bank.example", "ombud.bank.example"),
            ("https://ombud.bank.example", "ombud.bank.example:443"),
            ("http://[::1]:80", "[::1]"),
        ] {
            assert!(is_same(origin, host), "{origin} {host}");
        }
        for (origin, host) in [
            ("null", "localhost:8080"),
            ("", "localhost:8080"),
            ("http://evil.example", "localhost:8080"),
            ("http://localhost:3000", "localhost:8080"),
            ("http://127.0.0.1:8080", "localhost:8080"),
            ("https://localhost", "localhost:8080"),
            ("file://localhost:8080", "localhost:8080"),
            ("http://localhost:8080.evil.example", "localhost:8080"),
        ] {
            assert!(!is_same(origin, host), "{origin} {host}");
        }
    }
}
