//! A setting that is used and never shown.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// What is shown in place of a secret.
pub(crate) const HIDDEN: &str = "***";

/// A password; `Debug` and whatever serialises it show three stars.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for the code that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether no secret is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(hidden(&self.0))
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(hidden(&self.0))
    }
}

/// Whether `text` may be, or list, a URL with a user and a password.
pub(crate) fn holds_user(text: &str) -> bool {
    text.contains("//") && text.contains('@')
}

/// An empty one is shown as empty.
fn hidden(secret: &str) -> &'static str {
    if secret.is_empty() { "" } else { HIDDEN }
}
