//! Which clocks were kept: by team and rule, of the complaints that were received in some days.
//!
//! queues of some days -> their cases -> each clock by its own rule and what was done -> a table, or JSON. Counting is pure.

mod count;
mod gather;
mod moved;
mod tables;

pub use count::{ClockCount, ClockCounts, ClockLine, ClockReport};
pub use gather::gather;
pub use moved::{ClocksInForce, MovedClock};
pub use tables::tables;
