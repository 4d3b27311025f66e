//! Why a complaint or a verdict is not taken: the field, and what would be right. Never what stood there.

use std::borrow::Cow;

use axum::{Json, http::StatusCode};
use ombud_contract::verdict::InvalidFeedback;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::append::Unavailable;

/// A verdict that is not taken.
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

/// Why nothing was taken.
#[derive(Serialize, ToSchema)]
pub(crate) struct NotTaken {
    /// What is wrong and what would be right.
    error: String,
}

pub(crate) fn not_taken(status: StatusCode, error: impl ToString) -> (StatusCode, Json<NotTaken>) {
    (status, Json(NotTaken { error: error.to_string() }))
}

impl From<Unavailable> for (StatusCode, Json<NotTaken>) {
    fn from(Unavailable(why): Unavailable) -> Self {
        not_taken(StatusCode::SERVICE_UNAVAILABLE, why)
    }
}
