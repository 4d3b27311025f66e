//! What a console answers: pages, and answers of its API.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

/// A page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Page {
    /// Where a form leads.
    pub(crate) fn leads_to(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{self:?}");
        self.headers["location"].to_str().unwrap()
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answered {
    /// Where the records of it lie.
    pub(crate) fn after(&self) -> String {
        self.headers["ombud-after"].to_str().unwrap().to_owned()
    }

    /// The code of a refusal.
    pub(crate) fn code(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["code"].as_str().unwrap_or_default())
    }
}
