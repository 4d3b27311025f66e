//! The command `ombud`: its tools, each worker as a process, and `up`, which runs every worker in one process.
//!
//! arguments -> [`Cli`] -> [`run()`] -> one of `commands/` -> [`Done`] -> [`exit_code`]
//!
//! `commands/` holds one command each. Below them lie, from left to right, what they share: `serve` (the workers of a process)
//! -> `examination`, `dead_letters`, `dossier` -> `explaining` -> `mirror` -> `strategies` -> `registry` -> `trial`, `backfill`, `running_up` -> `log` -> `input`, `output`. A module
//! imports only from further right.
//!
//! It is a library for its tests, and for its two binaries: `ombud`, which links no libtorch and hands over what runs models,
//! and `ombud-torch` (cli/torch), which runs them.

mod backfill;
mod command_line;
mod commands;
mod data_folder;
mod dead_letters;
mod dispatch;
mod dossier;
mod examination;
mod exit;
mod explaining;
mod hand_over;
mod input;
mod input_files;
mod log;
mod mirror;
mod output;
mod process;
#[cfg(test)]
mod reference;
mod registry;
mod running_up;
mod serve;
mod session;
mod strategies;
#[cfg(feature = "torch")]
mod trial;

/// Complaints are taken apart on other threads than made them, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub use command_line::Cli;
pub use dispatch::run;
pub use exit::{Done, exit_code};
pub use process::main;
