//! What goes out packed, to whoever unpacks it: a table of a team is a tenth as long then, and is there sooner on a thin line.
//!
//! How long a packed page is says a little about what is in it. Nobody can make use of that: the page of another site can't have
//! a browser ask with its session, whose cookie is `SameSite=Strict`.

use std::io::Write as _;

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY},
    },
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};

/// What fits into one packet anyway is sent as it is.
const LEAST: usize = 1_400;

/// Packs the pages that `next` answers.
pub(super) async fn packed(request: Request, next: Next) -> Response {
    let takes_it = takes_gzip(request.headers());
    let answer = next.run(request).await;
    match takes_it && is_page(answer.headers()) {
        true => pack(answer).await,
        false => answer,
    }
}

/// Whether it is a page of ours: a stream of events, for one, has no end at which it could be packed.
fn is_page(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media_type.starts_with("text/html") && !headers.contains_key(CONTENT_ENCODING)
}

async fn pack(answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    // It lies in memory already, as one piece.
    let Ok(plain) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    parts.headers.append(VARY, HeaderValue::from_static("accept-encoding"));
    let packed = (plain.len() >= LEAST).then(|| gzip(&plain, Compression::default())).flatten();
    let Some(packed) = packed else { return Response::from_parts(parts, Body::from(plain)) };
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    Response::from_parts(parts, Body::from(packed))
}

/// Nothing where it can't be made: then the plain bytes go out.
pub(super) fn gzip(plain: &[u8], how: Compression) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), how);
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// Whether a client says that it reads gzip.
pub(super) fn takes_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|one| {
        let (coding, weight) = one.split_once(';').unwrap_or((one, ""));
        let weight = weight.trim().strip_prefix("q=").map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
        coding.trim().eq_ignore_ascii_case("gzip") && weight > 0.0
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use axum::{Router, middleware::from_fn, response::Html, routing::get};
    use flate2::read::GzDecoder;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(path: &str, encoding: &str) -> (HeaderMap, Vec<u8>) {
        let long = get(|| async { Html("<p>A row of a table.</p>".repeat(1_000)) });
        let short = get(|| async { Html("<p>Short.</p>") });
        let table = get(|| async { "a,b\n".repeat(1_000) });
        let pages = Router::new().route("/long", long).route("/short", short).route("/csv", table);
        let request = Request::get(path).header(ACCEPT_ENCODING, encoding).body(Body::empty()).unwrap();
        let answer = pages.layer(from_fn(packed)).oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        (parts.headers, to_bytes(body, 1 << 20).await.unwrap().to_vec())
    }

    #[tokio::test]
    async fn a_page_goes_out_packed_to_whoever_unpacks_it() {
        let (headers, body) = ask("/long", "gzip, br").await;
        assert_eq!(
            (&headers[CONTENT_ENCODING], &headers[VARY]),
            (&"gzip".parse().unwrap(), &"accept-encoding".parse().unwrap())
        );
        assert!(headers.get(CONTENT_LENGTH).is_none_or(|length| length == body.len().to_string().as_str()));
        let mut plain = String::new();
        GzDecoder::new(&*body).read_to_string(&mut plain).unwrap();
        assert_eq!(plain, "<p>A row of a table.</p>".repeat(1_000));
        assert!(body.len() * 10 < plain.len());
        for (path, encoding) in [("/long", "br"), ("/long", ""), ("/short", "gzip"), ("/csv", "gzip")] {
            let (headers, body) = ask(path, encoding).await;
            assert!(!headers.contains_key(CONTENT_ENCODING), "{path} for {encoding:?}");
            assert!(body.is_ascii());
        }
    }
}
