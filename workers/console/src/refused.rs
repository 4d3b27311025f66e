//! Why a verdict is not taken: the field, and what would be right. Never what stood there.

use std::borrow::Cow;

use ombud_contract::verdict::InvalidFeedback;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A verdict that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refused {
    /// Its place among those that were sent together, from 0.
    #[serde(default)]
    pub at: usize,
    /// The field that is wrong.
    pub field: Cow<'static, str>,
    /// A code that stays the same.
    pub code: Cow<'static, str>,
    /// What would be right.
    pub mend: Cow<'static, str>,
}

impl Refused {
    pub(crate) fn new(
        field: impl Into<Cow<'static, str>>,
        code: &'static str,
        mend: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { at: 0, field: field.into(), code: code.into(), mend: mend.into() }
    }

    /// For people: the field and what would be right.
    pub fn text(&self) -> String {
        format!("{}: {}", self.field, self.mend)
    }
}

impl From<InvalidFeedback> for Refused {
    fn from(invalid: InvalidFeedback) -> Self {
        Self::new(invalid.field, invalid.code, invalid.mend)
    }
}
