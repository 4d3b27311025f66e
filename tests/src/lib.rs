//! The promises that the system makes, one file in `tests/` each; here is how they get hold of the command.
//!
//! A promise that runs the command begins with `#![cfg(feature = "torch")]`: a plain `cargo test` needs no libtorch.

mod browser;
mod cases;
mod command;
mod deployment;
mod gate;
mod guarded;
mod load;
mod log;
mod mirror;
mod offered;
mod previous;
mod rollout;
mod routes;
mod sample;
mod services;
mod serving;
mod shell;
mod standing;
mod waits;
mod whole;

pub use browser::browser;
pub use cases::{Case, Run, cases, folder_of, shared_cases};
pub use command::{binary, default_models, ombud, quick_models, repository};
pub use deployment::{Deployment, Role};
pub use gate::Gate;
pub use guarded::{End, Guarded, Right, end_of};
pub use load::{Load, split};
pub use log::Log;
pub use mirror::Mirror;
pub use offered::{Broken, Offers, bag};
pub use previous::Previous;
pub use rollout::{Rollout, decision};
pub use routes::{Routed, Routes, appended, kafka};
pub use sample::{data_set, sample, sample_times};
pub use services::{Services, disguised};
pub use serving::Serving;
pub use shell::{Commands, Printed, Shell};
pub use standing::standing;
pub use waits::{Wait, Waits, deadline_ms};
pub use whole::whole;
