//! The worklist of this console: complaints.routed, complaints.feedback and complaints.work, read into a view of its own.
//!
//! resume where the view stands, or from the first record -> read every partition to its end -> ready -> follow, put away, look for
//! partitions that were added

mod clocks;
mod follower;
mod lag;
mod logs;
mod progress;
mod read;

pub use clocks::read_clock;
pub use follower::{Follower, TeamExists};
pub use lag::watch_lag;
pub use logs::PartitionCount;
#[cfg(test)]
pub(crate) use progress::PartitionProgress;
pub(crate) use progress::WorklistChanges;
pub use progress::{WorklistLag, WorklistProgress};
