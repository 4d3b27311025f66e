//! How good the decisions were, by what humans made of them.
//!
//! feedback of some days -> their cases -> count, one after another -> a table, JSON, or a page. Counting is pure. `arms` sets
//! who decides beside who is tried; `audit` says how much of what was drawn at random is judged; `drift` says whether the world is still the one that the models were made in.

mod arms;
mod audit;
mod count;
pub mod drift;
mod figures;
mod gather;
mod page;
mod tables;
mod tally;

pub use arms::{Arm, Arms, Outcomes};
pub use audit::{Audit, Drawn};
pub use count::{Cell, Counts, Flags, Judged, Quality, Unsettled};
pub use figures::{ArmFigures, Labelled, Part, Report, Tallies, TaskPart};
pub use gather::gather;
pub use page::page;
pub use tables::tables;
pub use tally::Tally;
