//! The command `ombud`: its words, its roles and its tools, and `up`, which runs every worker in one process.
//!
//! words -> [`Cli`] -> [`run()`], which gives them to one command -> [`Done`] -> [`exit_code`]
//!
//! It is a library so that the rules that stand in a command are tested beside it, and for its two binaries: `ombud`, which
//! links no libtorch and hands over what computes, and `ombud-torch` (workers/compute), which computes.

mod ask_up;
mod backfill;
mod backup;
#[cfg(feature = "torch")]
mod challenge;
mod check;
mod cli;
mod config;
mod connect;
mod doctor;
#[cfg(feature = "torch")]
mod evaluate;
mod exit;
mod feedback;
mod file_reading;
mod fine_tune;
mod first_start;
mod from_feedback;
mod fuse;
mod given;
#[cfg(test)]
mod golden;
mod hand_over;
#[cfg(feature = "torch")]
mod learn;
#[cfg(feature = "torch")]
mod listing;
mod manual;
mod mirror;
mod models;
#[cfg(test)]
#[cfg(feature = "servers")]
mod on_brokers;
mod operator;
mod process;
mod publish;
mod quality;
mod reading;
mod redrive;
mod repair;
mod restore;
mod run;
mod scan;
mod screen;
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
pub use process::main;
pub use run::run;
