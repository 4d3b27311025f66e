//! `MODEL@VERSION`, as people read it.

/// The first 12 digits of a version distinguish it from others.
pub(crate) fn short_version(version: &str) -> &str {
    version.get(..12).unwrap_or(version)
}

/// A name with a short version.
pub fn short(name: &str) -> String {
    match name.split_once('@') {
        Some((model, version)) => format!("{model}@{}", short_version(version)),
        None => name.to_owned(),
    }
}
