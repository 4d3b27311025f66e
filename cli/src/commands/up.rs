//! `ombud up`: everything in one process, on the embedded default or on brokers.

mod args;
#[cfg(feature = "torch")]
mod choice;
#[cfg(feature = "torch")]
mod file;
#[cfg(feature = "torch")]
mod follow;
#[cfg(feature = "torch")]
mod journey;
#[cfg(feature = "torch")]
mod next;
#[cfg(feature = "torch")]
mod progress;
#[cfg(feature = "torch")]
mod run;
#[cfg(feature = "torch")]
mod summary;

pub(crate) use args::Up;
#[cfg(feature = "torch")]
pub(crate) use run::up;
