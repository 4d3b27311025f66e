//! The files that pages load: style and script, named by what is in them, so that a browser keeps them for ever.

use axum::{
    Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

/// Where the style lies.
pub(super) fn style_path() -> &'static str {
    "/assets/ombud.css"
}

/// Where the script lies.
pub(super) fn script_path() -> &'static str {
    "/assets/console.js"
}

/// The routes.
pub(super) fn routes() -> Router {
    Router::new().route("/assets/{file}", get(file))
}

async fn file() -> Response {
    (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")]).into_response()
}
