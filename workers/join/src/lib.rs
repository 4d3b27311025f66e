//! Joins the decisions on each complaint and routes it: the shard as a pure state machine, and the shell that runs it.
//!
//! [`Recovery`] folds a shard's changelog into a [`Shard`], which takes [`Input`]s and gives [`Effect`]s; nothing
//! in them reads a clock or a log. `docs/adr/0003-joiner.md` says what was decided beyond the design.

mod act;
mod began;
mod case;
mod cases;
mod compose;
mod counts;
mod early;
mod emit;
mod erased;
mod error;
mod event;
mod follow;
mod gather;
mod labels;
mod limits;
#[cfg(any(test, feature = "simulation"))]
mod mutation;
mod owned;
mod position;
mod read;
mod recover;
mod revision;
mod rules;
mod run;
mod shard;
mod share;
#[cfg(any(test, feature = "simulation"))]
pub mod sim;
mod tail;
#[cfg(test)]
mod tests;
mod timers;

pub use act::Sent;
pub use counts::Counts;
pub use error::JoinError;
pub use event::{About, Effect, Input, Kind, Log, Logged, Origin, Submission};
pub use limits::{Limits, LimitsError};
#[cfg(any(test, feature = "simulation"))]
pub use mutation::Mutation;
pub use position::{Mark, Meta, MetaError, Position};
pub use recover::Recovery;
pub use rules::{Plan, Rules, StrategyRules};
pub use run::{GROUP, Join, Pace, Topics};
pub use shard::Shard;
