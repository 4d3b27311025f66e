//! The promises that the system makes, one file in `tests/` each; here is how they get hold of the command.
//!
//! A promise that runs the command begins with `#![cfg(feature = "torch")]`: a plain `cargo test` needs no libtorch.

mod command;
mod deployment;
mod log;
mod routes;
mod sample;
mod serving;

pub use command::{binary, ombud, repository};
pub use deployment::{Deployment, Role};
pub use log::Log;
pub use routes::{Routed, Routes, kafka};
pub use sample::sample_times;
pub use serving::Serving;
