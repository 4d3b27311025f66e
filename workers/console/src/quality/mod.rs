//! How good the decisions were, by what humans made of them.
//!
//! feedback of some days -> their cases -> count -> a table, JSON, or a page. Counting is pure.

mod count;
mod figures;
mod gather;
mod page;
mod tables;

pub use count::{Cell, Counts, Flags, Judged, Quality, Tally, count};
pub use figures::{Part, Report, Tallies, TaskPart};
pub use gather::gather;
pub use page::page;
pub use tables::tables;
