//! Joins the decisions on each complaint and routes it: the shard as a pure state machine, and the loop that runs it.
//!
//! [`Recovery`] folds a shard's changelog into a [`Shard`], which takes [`Input`]s and gives [`Effect`]s; nothing
//! in them reads a clock or a log. `docs/adr/0003-joiner.md` says what was decided beyond the design.

mod calendars;
mod counts;
mod error;
mod event;
mod flow;
mod labels;
mod limits;
mod outbox;
mod position;
mod read;
mod revision;
mod rules;
mod shard;
mod shards;
#[cfg(any(test, feature = "simulation"))]
pub mod sim;
mod strategy_watch;
mod takeover;
#[cfg(test)]
mod tests;
mod topics;
mod traces;

pub use counts::Counts;
pub use error::JoinError;
pub use event::{ChangelogRecord, ComplaintDetails, Effect, Input, Log, Origin, Submission, SubmissionKind};
pub use flow::{GROUP, Join, Pace};
pub use limits::{JoinLimits, JoinLimitsError};
pub use outbox::Sent;
pub use position::{Mark, Meta, MetaError, Position};
pub use rules::{Plan, Rules, StrategyRules};
pub use shard::{Recovery, Shard, ShardStatus};
pub use topics::Topics;
