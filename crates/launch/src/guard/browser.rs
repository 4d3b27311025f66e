//! The headers of every answer under `/api` and of every page, and how a request of another site is known.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use tower_http::csrf::{CsrfLayer, ProtectionError};

use super::refusal::Refusal;

/// An answer of the API loads nothing and stands in no frame.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// A page loads what this host serves as files and nothing that stands within it, and sends forms here alone.
const PAGE_POLICY: &str =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// With `no-referrer` browsers would send `Origin: null` with our own forms.
const REFERRER_POLICY: &str = "same-origin";

/// Refuses what a page of another site sends, by `Sec-Fetch-Site` and `Origin`, beside the guard's own comparison of `Origin`
/// with `Host`. `public_origin` may ask whatever a proxy makes of `Host`.
pub(super) fn same_site(
    public_origin: Option<&str>,
) -> CsrfLayer<impl FnMut(ProtectionError) -> Response + Clone + use<>> {
    let layer = CsrfLayer::new();
    let trusted =
        match public_origin.and_then(|origin| layer.clone().add_trusted_origin(as_sent(origin)).ok()) {
            Some(with_public) => with_public,
            None => layer,
        };
    trusted.with_rejection_response(|_: ProtectionError| Refusal::Origin.into_response())
}

/// An origin as browsers write it: in small letters and without the port that the scheme stands for.
fn as_sent(origin: &str) -> String {
    let origin = origin.to_ascii_lowercase();
    let usual = if origin.starts_with("https:") { ":443" } else { ":80" };
    origin.strip_suffix(usual).unwrap_or(&origin).to_owned()
}

/// With the headers of an answer under `/api`.
pub(super) async fn with_api_headers(answer: Response) -> Response {
    with_headers(answer, API_POLICY)
}

/// With the headers of a page.
pub(super) async fn with_page_headers(answer: Response) -> Response {
    with_headers(answer, PAGE_POLICY)
}

fn with_headers(mut answer: Response, policy: &'static str) -> Response {
    let headers = answer.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, REFERRER_POLICY),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        // What a route says about its own answer stays.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_trusted_as_browsers_write_it() {
        assert_eq!(as_sent("https://Ombud.Bank.Example:443"), "https://ombud.bank.example");
        assert_eq!(as_sent("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
        assert_eq!(as_sent("https://ombud.bank.example:8443"), "https://ombud.bank.example:8443");
    }
}
