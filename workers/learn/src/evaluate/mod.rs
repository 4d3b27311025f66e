//! `ombud evaluate`: how good models are on labelled complaints, and how sure one may be of that.
//!
//! `run` scores the rows; `report` sorts them by task and taxonomy level; `choice`, `flag` and
//! `interval` compute the figures from plain numbers; `table` shows them to people.

mod choice;
mod error;
mod flag;
mod interval;
mod listing;
mod report;
mod run;
mod subject;
mod table;

pub use choice::{ChoiceIntervals, ChoiceReport, Class, Graded, Majority};
pub use error::EvaluateError;
pub use flag::{AtThreshold, FlagIntervals, FlagReport, Marked};
pub use interval::{Interval, Resampling};
pub use listing::{Listed, list};
pub use report::{Evaluated, Evaluation, RECENT_FROM_MS, Recent, TaskReport};
#[cfg(feature = "torch")]
pub(crate) use report::{Scored, Scores, tasks};
pub use run::Evaluate;
pub use subject::Subject;
