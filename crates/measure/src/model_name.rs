//! `MODEL@VERSION`, as people read it.

/// The first 12 digits of a version distinguish it from others.
pub(crate) fn short(name: &str) -> String {
    match name.split_once('@') {
        Some((model, version)) => format!("{model}@{}", version.chars().take(12).collect::<String>()),
        None => name.to_owned(),
    }
}
