//! The files that pages load: style, script and icon, named by what is in them, so that a browser keeps them for a year and
//! never one of a version before.

use std::sync::LazyLock;

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use flate2::Compression;
use ombud_report::look;
use sha2::{Digest as _, Sha256};

use super::packed::{gzip, takes_gzip};

/// How everything looks.
pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::of("ombud", "css", "text/css; charset=utf-8", look::STYLE));
/// Keys, the event stream, the heartbeat of a lease.
pub(super) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::of("console", "js", "text/javascript; charset=utf-8", include_str!("../../assets/console.js"))
});
/// What stands on the browser's tab.
pub(super) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::of("ombud", "svg", "image/svg+xml", include_str!("../../assets/ombud.svg")));

/// Digits of the hash in a name.
const DIGITS: usize = 16;

/// A file that pages load.
pub(super) struct Asset {
    path: String,
    media_type: &'static str,
    plain: &'static str,
    /// Made once: the same bytes go to everybody.
    gzip: Option<Bytes>,
}

impl Asset {
    fn of(stem: &str, extension: &str, media_type: &'static str, plain: &'static str) -> Self {
        let hash = hex::encode(Sha256::digest(plain));
        let path = format!("/assets/{stem}-{}.{extension}", &hash[..DIGITS]);
        Self { path, media_type, plain, gzip: gzip(plain.as_bytes(), Compression::best()) }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    fn answer(&self, takes_gzip: bool) -> Response {
        let headers = [
            (header::CONTENT_TYPE, self.media_type),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            (header::VARY, "accept-encoding"),
        ];
        match &self.gzip {
            Some(gzip) if takes_gzip => {
                (headers, [(header::CONTENT_ENCODING, "gzip")], gzip.clone()).into_response()
            }
            _ => (headers, self.plain).into_response(),
        }
    }
}

/// The routes.
pub(super) fn routes() -> Router {
    Router::new().route("/assets/{file}", get(file))
}

async fn file(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let asked = format!("/assets/{file}");
    match [&STYLE, &SCRIPT, &ICON].into_iter().find(|asset| asset.path() == asked) {
        Some(asset) => asset.answer(takes_gzip(&headers)),
        // A page of a version before asks for it, and would keep the answer.
        None => (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")]).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use axum::{
        body::{Body, to_bytes},
        http::Request,
    };
    use flate2::read::GzDecoder;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(path: &str, encoding: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
        let request =
            Request::get(path).header(header::ACCEPT_ENCODING, encoding).body(Body::empty()).unwrap();
        let (parts, body) = routes().oneshot(request).await.unwrap().into_parts();
        (parts.status, parts.headers, to_bytes(body, 1 << 20).await.unwrap().to_vec())
    }

    #[tokio::test]
    async fn a_file_is_kept_for_a_year_under_the_name_of_its_content() {
        for (asset, extension, media_type) in [
            (&STYLE, ".css", "text/css; charset=utf-8"),
            (&SCRIPT, ".js", "text/javascript; charset=utf-8"),
            (&ICON, ".svg", "image/svg+xml"),
        ] {
            let (status, headers, body) = ask(asset.path(), "identity").await;
            assert_eq!(status, StatusCode::OK);
            assert!(asset.path().ends_with(extension));
            assert!(asset.path().contains(&hex::encode(Sha256::digest(&body))[..DIGITS]));
            assert_eq!(headers[header::CONTENT_TYPE], media_type);
            assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
            assert!(!headers.contains_key(header::CONTENT_ENCODING));
        }
    }

    #[tokio::test]
    async fn whoever_reads_gzip_gets_the_same_in_fewer_bytes() {
        for (encoding, is_gzip) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("br", false),
            ("", false),
        ] {
            let (_, headers, body) = ask(STYLE.path(), encoding).await;
            assert_eq!(headers[header::VARY], "accept-encoding");
            assert_eq!(headers.contains_key(header::CONTENT_ENCODING), is_gzip, "{encoding}");
            if is_gzip {
                let mut plain = String::new();
                GzDecoder::new(body.as_slice()).read_to_string(&mut plain).unwrap();
                assert_eq!(plain, look::STYLE);
                assert!(body.len() < plain.len() / 2, "{} of {}", body.len(), plain.len());
            }
        }
    }

    #[tokio::test]
    async fn another_name_is_no_file_and_nobody_keeps_that_answer() {
        let old = STYLE.path().replace("ombud-", "ombud-0");
        for path in [&*old, "/assets/ombud.css", "/assets/..%2Fconsole.js"] {
            let (status, headers, _) = ask(path, "gzip").await;
            assert_eq!(
                (status, &headers[header::CACHE_CONTROL]),
                (StatusCode::NOT_FOUND, &"no-store".parse().unwrap())
            );
        }
    }

    #[test]
    fn style_and_script_stay_small() {
        assert!(look::STYLE.len() <= 20_000, "{}", look::STYLE.len());
        let gzipped: usize =
            [&STYLE, &SCRIPT].iter().filter_map(|asset| asset.gzip.as_ref()).map(Bytes::len).sum();
        assert!(gzipped <= 12_000, "{gzipped}");
    }
}
