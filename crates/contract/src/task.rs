//! The names of the tasks that Ombud comes with; a bank adds others.

/// Which product a complaint is about.
pub const PRODUCT: &str = "product";
/// What went wrong.
pub const ISSUE: &str = "issue";
/// Whether the customer may be vulnerable: its answer is a [`crate::records::Vulnerability`].
pub const VULNERABLE: &str = "vulnerable";
