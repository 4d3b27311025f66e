//! Whether the world is still the one that the models were made in: what they answer and what they read, by week.
//!
//! decisions of some days -> `seen` (counted by task, version and week; of a sample, what was read) -> `figures` -> tables
//! and charts. Only deciding answers count: a shadow would count a complaint twice.

mod figures;
mod seen;
mod tables;

pub use figures::{Drift, Mover, Moving, Series, Week, figures};
pub use seen::{Cell, Seen, gather};
pub(super) use tables::{charts, tables};
