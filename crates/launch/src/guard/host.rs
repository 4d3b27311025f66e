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
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let usual = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return false,
    };
    let (Some(from), Some(to)) = (parts(authority), parts(host)) else { return false };
    from.0.eq_ignore_ascii_case(to.0) && from.1.unwrap_or(usual) == to.1.unwrap_or(usual)
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
