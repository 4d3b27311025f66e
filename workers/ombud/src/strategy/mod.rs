//! `ombud strategy`: the strategy as the log has it, the changes to it, and what a change would do.

mod change;
mod check;
mod command;
mod diff;
mod history;
mod known;
mod port;
mod publish;
mod show;
mod simulate;
#[cfg(test)]
mod tests;
mod why;

pub(crate) use command::{StrategyCommand, run};
#[cfg_attr(
    not(feature = "torch"),
    expect(unused_imports, reason = "learning alone asks, and needs libtorch")
)]
pub(crate) use known::Known;
pub(crate) use known::read_feed;
pub(crate) use why::Why;
#[cfg(feature = "torch")]
pub(crate) use {port::routes, publish::Desk};
