//! `ombud strategy`: the strategy as the log has it, the changes to it, and what a change would do.

mod args;
mod change;
mod changes;
mod check;
mod command;
mod diff;
mod examples;
mod history;
mod options;
#[cfg(feature = "torch")]
mod replay;
mod request;
mod show;
mod simulate;
#[cfg(test)]
mod tests;

pub(crate) use command::{StrategyCommand, strategy};
