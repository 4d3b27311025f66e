//! What a request says in its path, its query and its body. What is wrong with it is answered in the one form of all refusals,
//! by field and never with what stood there.

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::QueryRejection},
    http::request::Parts,
};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::refused::{Problem, RefusedVerdict};

/// The longest id, name or text of a search, in bytes.
const MOST_BYTES: usize = 256;

/// The one variable segment of the path.
pub(crate) struct Segment(pub(crate) String);

/// The query, field by field.
pub(crate) struct Fields<T>(pub(crate) T);

/// The body, from JSON.
pub(crate) struct Sent<T>(pub(crate) T);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let wrong =
            || Problem::wrong("path", "id-malformed", "give an id of 1 to 256 bytes, percent-encoded UTF-8");
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(segment)) if (1..=MOST_BYTES).contains(&segment.len()) => Ok(Self(segment)),
            _ => Err(wrong()),
        }
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Fields<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(fields)) => Ok(Self(fields)),
            Err(rejection) => Err(malformed(&rejection)),
        }
    }
}

fn malformed(_: &QueryRejection) -> Problem {
    // The rejection repeats what was sent.
    Problem::wrong("query", "query-malformed", "give only the parameters of this path, each at most once")
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|_| Problem::wrong("body", "body-unread", "send it again"))?;
        let mut reader = serde_json::Deserializer::from_slice(&body);
        let sent =
            serde_path_to_error::deserialize(&mut reader).map_err(|error| Problem::from(field_of(&error)))?;
        reader.end().map(|()| Self(sent)).map_err(|_| Problem::from(malformed_body()))
    }
}

fn malformed_body() -> RefusedVerdict {
    RefusedVerdict::new(
        "body",
        "json-malformed",
        "send one JSON value of the form that GET /api/openapi.json has",
    )
}

/// The first field that is wrong, and what would be right.
pub(crate) fn field_of(error: &serde_path_to_error::Error<serde_json::Error>) -> RefusedVerdict {
    if error.inner().is_syntax() || error.inner().is_eof() {
        return malformed_body();
    }
    let (path, said) = (error.path().to_string(), error.inner().to_string());
    if let Some(missing) = said.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        return RefusedVerdict::new(missing.to_owned(), "missing-field", "give it: it is needed");
    }
    match &*path {
        "." => malformed_body(),
        _ if said.starts_with("unknown field") => {
            RefusedVerdict::new(path, "unknown-field", "leave it out: there is no such field")
        }
        _ => RefusedVerdict::new(path, "wrong-type", "give what GET /api/openapi.json has for this field"),
    }
}
