//! How everything looks: one style for the console's pages and for reports.

/// The style, as CSS.
pub const STYLE: &str = include_str!("../look/ombud.css");
