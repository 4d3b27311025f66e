//! How hosts and URLs are written.

use std::net::IpAddr;

/// A name or an address with a port.
pub(super) fn is_host_and_port(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ':');
        !host.is_empty() && host.chars().all(plain) && port.parse().is_ok_and(|port: u16| port > 0)
    })
}

/// A name or an address, as `Host` has it without port and brackets.
pub(super) fn is_host(text: &str) -> bool {
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !text.is_empty() && (text.chars().all(name) || text.parse::<IpAddr>().is_ok())
}

/// A URL without a user: a password in it would be shown wherever the URL is.
pub(super) fn is_url(text: &str) -> bool {
    let after = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    after.is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with('/') && !rest.contains(|c: char| c == '@' || c.is_whitespace())
    })
}
