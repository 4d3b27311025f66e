//! Defaults of fields that are not their type's own.

pub(super) fn one() -> i32 {
    1
}

pub(super) fn yes() -> bool {
    true
}

pub(super) fn unknown() -> String {
    "unknown".into()
}

pub(super) fn und() -> String {
    "und".into()
}
