//! Whether complaints are still like those that the models learned from: what the models answer and read, by week.
//!
//! decisions of some days -> `seen` (counted by task, version and week; of a sample, what was read) -> `figures` -> tables
//! and charts. Only deciding answers count: a shadow would count a complaint twice.

mod figures;
mod seen;
mod tables;

pub use figures::{Drift, LabelShift, Series, Week, WeekShift, figures};
pub use seen::{AnswerCounts, SeriesWeek, gather};
pub(super) use tables::{charts, tables};
