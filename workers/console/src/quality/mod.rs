//! How good the decisions were, by what humans made of them.
//!
//! feedback of some days -> their cases -> count -> a table, JSON, or a page. Counting is pure. `arms` sets who decides
//! beside who is tried; `drift` says whether the world is still the one that the models were made in.

mod arms;
mod count;
pub mod drift;
mod figures;
mod gather;
mod page;
mod tables;

pub use arms::{Arm, Arms, Outcomes};
pub use count::{Cell, Counts, Flags, Judged, Quality, Tally, count};
pub use figures::{ArmFigures, Part, Report, Tallies, TaskPart};
pub use gather::gather;
pub use page::page;
pub use tables::tables;
