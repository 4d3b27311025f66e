//! Why a request under `/api` is not answered by its route; what it was sent is never repeated.

use std::time::Duration;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{PageRefusal, Right, Role};
use crate::JsonRefusal;

pub(super) enum Refusal {
    /// It asks another host.
    Host,
    /// A page of another site asks.
    Origin,
    /// No token that is known, and nobody is signed in.
    Unknown(Right),
    /// A token that may not do this.
    Scope { name: String, right: Right },
    /// A person who may not do this.
    Role(Right),
    /// Whether somebody is signed in can't be read now; safe to show.
    Unavailable(String),
    /// No path of ours.
    Nowhere,
    /// The body is not JSON.
    NotJson,
    /// The body is longer than this.
    TooLarge(usize),
    /// The body did not come in this time.
    Late(Duration),
    /// As many requests as may be are under way.
    Busy,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::Origin | Self::Scope { .. } | Self::Role(_) => StatusCode::FORBIDDEN,
            Self::Unknown(_) => StatusCode::UNAUTHORIZED,
            Self::Nowhere => StatusCode::NOT_FOUND,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Late(_) => StatusCode::REQUEST_TIMEOUT,
            Self::Busy | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Host => {
                "answer for this Host: it is no loopback name, not the address that it came to and not in \
                           http.hosts (OMBUD_HTTP__HOSTS)"
                    .to_owned()
            }
            Self::Origin => "take what a page of another site sends: its Origin is not this host".to_owned(),
            Self::Unknown(right) if !right.is_open() => format!(
                "let you in: sign in, or send the header `Authorization: Bearer TOKEN` with the token in operator.token of \
                 the data folder, or with one under http.tokens whose http.scopes have {}",
                right.scope().name()
            ),
            Self::Unknown(_) => {
                "let you in: sign in, or send the header `Authorization: Bearer TOKEN` with a token whose SHA-256 stands \
                 under http.tokens"
                    .to_owned()
            }
            Self::Scope { name, right } => {
                format!("let {name} do this: its http.scopes.{name} must have {}", right.scope().name())
            }
            Self::Role(right) if right.roles().is_empty() => {
                "let you do this: only a token whose http.scopes have ".to_owned() + right.scope().name() + " may"
            }
            Self::Role(right) => {
                let roles: Vec<&str> = right.roles().iter().copied().map(Role::name).collect();
                format!("let you do this: it needs the role {}", roles.join(" or "))
            }
            Self::Unavailable(why) => format!("find out who you are: it failed to {why}; send it again in a moment"),
            Self::Nowhere => "find this path: GET /api/openapi.json has those that there are".to_owned(),
            Self::NotJson => {
                "read the body: send JSON with the header `content-type: application/json`".to_owned()
            }
            Self::TooLarge(most) => format!("read the body: it may have {most} bytes (http.body_bytes)"),
            Self::Late(bound) => format!("read the body: it has not come within {bound:?}"),
            Self::Busy => {
                "take one more: as many as may be (http.connections) are under way; send it again in a \
                           moment"
                    .to_owned()
            }
        }
    }
}

impl From<Refusal> for PageRefusal {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown(_) => Self::SignIn { back_to: None },
            Refusal::Role(right) | Refusal::Scope { right, .. } => Self::Role(right),
            Refusal::Nowhere => Self::Nowhere,
            other => Self::Other(other.status(), other.text()),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut answer = JsonRefusal::answer(self.status(), self.text()).into_response();
        if matches!(self, Self::Unknown(_)) {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        answer
    }
}
