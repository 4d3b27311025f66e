//! Why a request under `/api` is not done, as JSON: `{"error": "..."}`.

use axum::{Json, http::StatusCode};
use serde::{Deserialize, Serialize};

/// The body of an answer that refuses; whoever asked reads it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonRefusal {
    /// What is wrong and what would be right; never what was sent.
    pub error: String,
}

impl JsonRefusal {
    /// An answer with this status.
    pub fn answer(status: StatusCode, error: impl ToString) -> (StatusCode, Json<Self>) {
        (status, Json(Self { error: error.to_string() }))
    }
}
