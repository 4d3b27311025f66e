//! Settings as values by their full names, each with where it was written.

use std::collections::BTreeMap;

use config::{Config, ConfigError, Map, Source, Value, ValueKind};

use super::{property, rule, settings::Settings};
use crate::Error;

/// The origin of a value that nobody wrote.
pub(super) const DEFAULT_ORIGIN: &str = "the defaults";

/// Values by their full names.
pub(super) type Values = BTreeMap<String, Value>;

/// Every default.
pub(super) fn defaults() -> Result<Values, Error> {
    let defaults = Config::try_from(&Settings::default()).map_err(unreadable)?;
    leaves(&defaults, DEFAULT_ORIGIN).map_err(unreadable)
}

/// The settings that `values` make.
pub(super) fn settings_of(values: &Values) -> Result<Settings, Error> {
    let source = Merged(property::gathered(values));
    let merged = Config::builder().add_source(source).build().map_err(unreadable)?;
    merged.try_deserialize().map_err(unreadable)
}

fn unreadable(cause: ConfigError) -> Error {
    Error::Settings(Box::new(cause))
}

/// The values of `tree` by their full names, each marked with `origin`.
pub(super) fn leaves(tree: &Config, origin: &str) -> Result<Values, ConfigError> {
    let mut leaves = BTreeMap::new();
    let mut open: Vec<(String, Value)> = tree.collect()?.into_iter().collect();
    while let Some((name, value)) = open.pop() {
        match value.kind {
            ValueKind::Table(section) if !section.is_empty() => {
                open.extend(section.into_iter().map(|(field, value)| (format!("{name}.{field}"), value)));
            }
            ValueKind::Table(_) if rule::is_section(&name) => {}
            kind => {
                leaves.insert(name, Value::new(Some(&origin.to_owned()), kind));
            }
        }
    }
    Ok(leaves)
}

/// Values by their full names, as a source of the `config` crate.
#[derive(Clone, Debug)]
struct Merged(Values);

impl Source for Merged {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone().into_iter().collect())
    }
}
