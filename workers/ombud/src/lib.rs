//! The command `ombud`: its words, its roles and its tools, and `up`, which runs every worker in one process.
//!
//! words -> [`Cli`] -> [`run()`], which gives them to one command -> [`Done`] -> [`exit_code`]
//!
//! It is a library so that the rules that stand in a command are tested beside it; only the binary uses it.

mod ask_up;
mod backup;
#[cfg(feature = "torch")]
mod challenge;
mod check;
mod cli;
mod connect;
mod doctor;
#[cfg(feature = "torch")]
mod evaluate;
mod exit;
mod feedback;
mod fine_tune;
mod first_start;
mod from_feedback;
mod fuse;
#[cfg(feature = "torch")]
mod learn;
#[cfg(feature = "torch")]
mod listing;
mod models;
#[cfg(test)]
#[cfg(feature = "servers")]
mod on_brokers;
mod operator;
mod publish;
mod quality;
mod reading;
mod redrive;
mod repair;
mod restore;
mod run;
mod scan;
mod send;
mod setup;
mod show;
mod strategy;
mod tail;
mod tasks;
mod terminal;
#[cfg(feature = "torch")]
mod trial;
#[cfg(feature = "torch")]
mod up;
mod when;
mod work;
mod world;

pub use cli::Cli;
pub use exit::{Done, exit_code};
pub use run::run;
