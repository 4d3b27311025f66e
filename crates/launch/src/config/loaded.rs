//! Settings as they were loaded, and how they are shown: with their origins, and without secrets.

use std::fmt;

use config::{Value, ValueKind};

use super::{
    rule,
    secret::{HIDDEN, holds_user},
    settings::Settings,
    values::{DEFAULT_ORIGIN, Values},
};

/// Settings, each with its value's origin. Shown as TOML, with a remark where a value is no default; secrets
/// are three stars.
#[derive(Clone)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    pub(super) values: Values,
}

/// A setting as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownSetting<'l> {
    /// Its full name.
    pub setting: &'l str,
    /// Its value as TOML; three stars where it is secret.
    pub value: String,
    /// The flag, the variable, or the file and its line; `None` for a default.
    pub origin: Option<&'l str>,
}

impl Loaded {
    /// The settings that are no defaults, in one line: name, value and where it was written; secrets are three stars.
    pub fn changed(&self) -> String {
        let changed = self.each().filter_map(|ShownSetting { setting, value, origin }| {
            Some(format!("{setting} = {value} ({})", origin?))
        });
        changed.collect::<Vec<_>>().join(", ")
    }

    /// Every setting, by name.
    pub fn each(&self) -> impl Iterator<Item = ShownSetting<'_>> {
        self.values.iter().map(|(setting, value)| ShownSetting {
            setting,
            value: shown(setting, value),
            origin: value.origin().filter(|origin| *origin != DEFAULT_ORIGIN),
        })
    }

    /// Where `setting` was written; `None` for a default.
    pub fn origin(&self, setting: &str) -> Option<&str> {
        self.values.get(setting)?.origin().filter(|origin| *origin != DEFAULT_ORIGIN)
    }
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ShownSetting { setting, value, origin } in self.each() {
            write!(f, "{setting} = {value}")?;
            match origin {
                None => writeln!(f)?,
                Some(origin) => writeln!(f, "  # {origin}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The value as TOML, where it may be seen.
pub(super) fn shown(setting: &str, value: &Value) -> String {
    match &value.kind {
        ValueKind::String(text) if text.is_empty() => "\"\"".to_owned(),
        _ if rule::is_secret(setting) => format!("{HIDDEN:?}"),
        // A URL with a user is refused, and was written with a password.
        ValueKind::String(text) if holds_user(text) => format!("{HIDDEN:?}"),
        ValueKind::String(text) => format!("{text:?}"),
        other => other.to_string(),
    }
}
