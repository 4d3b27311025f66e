//! `ombud strategy`: the strategy as the log has it, the changes to it, and what a change would do.

mod args;
mod change;
mod check;
mod command;
mod diff;
mod history;
mod known;
mod port;
mod publish;
#[cfg(feature = "torch")]
mod replay;
mod show;
mod simulate;
mod teams;
#[cfg(test)]
mod tests;
mod why;

pub(crate) use command::{StrategyCommand, run};
#[cfg(feature = "torch")]
pub(crate) use known::Known;
pub(crate) use known::{deciders, read_feed};
pub(crate) use teams::known_teams;
pub(crate) use why::Why;
#[cfg(feature = "torch")]
pub(crate) use {port::routes, publish::Desk};
