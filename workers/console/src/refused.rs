//! Why a complaint, a verdict or a request is not taken: the field, and what would be right. Never what stood there.

use std::borrow::Cow;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use ombud_contract::verdict::InvalidFeedback;
use ombud_store::Lease;
use ombud_stream::Outage;
use serde::{Deserialize, Serialize};
use utoipa::{IntoResponses, ToSchema};

use crate::append::Unavailable;

/// A verdict, or a piece of work, that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Refused)]
pub struct RefusedVerdict {
    /// Its place among those that were sent together, from 0.
    #[serde(default)]
    pub at: usize,
    /// The field that is wrong.
    pub field: Cow<'static, str>,
    /// A code that stays the same.
    pub code: Cow<'static, str>,
    /// What would be right.
    #[serde(rename = "mend")]
    pub fix: Cow<'static, str>,
}

impl RefusedVerdict {
    pub(crate) fn new(
        field: impl Into<Cow<'static, str>>,
        code: &'static str,
        fix: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { at: 0, field: field.into(), code: code.into(), fix: fix.into() }
    }

    /// For people: the field and what would be right.
    pub fn text(&self) -> String {
        format!("{}: {}", self.field, self.fix)
    }
}

impl From<InvalidFeedback> for RefusedVerdict {
    fn from(invalid: InvalidFeedback) -> Self {
        Self::new(invalid.field, invalid.code, invalid.fix)
    }
}

/// Why nothing was taken, or is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotTaken {
    /// What is wrong and what would be right.
    pub error: String,
    /// A code that stays the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub code: Option<Cow<'static, str>>,
    /// Who has the complaint, where somebody else has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub holder: Option<String>,
    /// Until when, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub until: Option<i64>,
}

pub(crate) fn not_taken(status: StatusCode, error: impl ToString) -> (StatusCode, Json<NotTaken>) {
    (status, Json(NotTaken { error: error.to_string(), ..NotTaken::default() }))
}

impl From<Unavailable> for (StatusCode, Json<NotTaken>) {
    fn from(Unavailable(why): Unavailable) -> Self {
        not_taken(StatusCode::SERVICE_UNAVAILABLE, why)
    }
}

/// Why a request is not done.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    body: Box<NotTaken>,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        error: impl Into<String>,
    ) -> Self {
        let body = NotTaken { error: error.into(), code: Some(code.into()), ..NotTaken::default() };
        Self { status, body: Box::new(body) }
    }

    /// What was sent is wrong, and nothing was done.
    pub(crate) fn wrong(field: &str, code: &'static str, fix: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, format!("{field}: {fix}"))
    }

    /// It is not there, or the one who asks may not know of it.
    pub(crate) fn absent(code: &'static str, error: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, error)
    }

    /// The one who asks may not.
    pub(crate) fn forbidden(code: &'static str, error: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, error)
    }

    /// It can't be done now; to be sent again.
    pub(crate) fn later(code: &'static str, error: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, error)
    }

    /// As it is answered.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong, and who has the complaint where somebody else has.
    pub(crate) fn body(&self) -> &NotTaken {
        &self.body
    }

    /// Somebody else has the complaint.
    pub(crate) fn held(lease: &Lease) -> Self {
        let (code, error) = if lease.finished {
            ("just-finished", "its work has just been finished: look at the case again in a moment")
        } else {
            (
                "held",
                "somebody else has this complaint: wait until they are done, or take it over with a reason",
            )
        };
        let mut problem = Self::new(StatusCode::CONFLICT, code, error);
        problem.body.holder = Some(lease.claim.holder.clone());
        problem.body.until = Some(lease.until);
        problem
    }
}

impl From<RefusedVerdict> for Problem {
    fn from(refused: RefusedVerdict) -> Self {
        let body = NotTaken { error: refused.text(), code: Some(refused.code), ..NotTaken::default() };
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, body: Box::new(body) }
    }
}

impl From<Outage> for Problem {
    fn from(outage: Outage) -> Self {
        Self::later("unavailable", format!("failed to {outage}: send it again in a moment"))
    }
}

impl From<Unavailable> for Problem {
    fn from(Unavailable(why): Unavailable) -> Self {
        Self::later("unavailable", why)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

/// Every refusal that a route or the guard before it may answer, for the document.
#[derive(IntoResponses)]
pub enum Refusals {
    /// Nobody who is known
    #[response(status = 401)]
    Unknown(NotTaken),
    /// Somebody who may not, or a page of another site
    #[response(status = 403)]
    Forbidden(NotTaken),
    /// No path of ours, or nothing that you may see
    #[response(status = 404)]
    Absent(NotTaken),
    /// A path of ours that has no such method
    #[response(status = 405)]
    Method(NotTaken),
    /// The body did not come in time
    #[response(status = 408)]
    Late(NotTaken),
    /// More than http.body_bytes
    #[response(status = 413)]
    TooLarge(NotTaken),
    /// The content type is not application/json
    #[response(status = 415)]
    NotJson(NotTaken),
    /// The Host is none of ours
    #[response(status = 421)]
    Misdirected(NotTaken),
    /// A field is wrong: which, and what would be right
    #[response(status = 422)]
    Wrong(NotTaken),
    /// Not now: ask again in a moment
    #[response(status = 503)]
    Unavailable(NotTaken),
}
