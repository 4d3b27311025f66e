//! The strategies of the log: read, explained, published, the first one included.

pub(crate) mod first_start;
mod known;
mod port;
mod publish;
pub(crate) mod requests;
mod teams;
mod why;

pub(crate) use known::{LogSnapshot, deciders, read_feed, unpublished};
pub(crate) use publish::{Published, publish};
pub(crate) use teams::{known_teams, team_exists};
pub(crate) use why::ArmReason;
#[cfg(any(feature = "torch", test))]
pub(crate) use {port::routes, publish::StrategyPublisher};
