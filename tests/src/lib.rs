//! The promises that the system makes, one file in `tests/` each; this is how they run the command.
//!
//! A promise that runs the command begins with `#![cfg(feature = "torch")]`: a plain `cargo test` needs no libtorch.

mod bank;
mod browser;
mod cases;
mod clerks;
mod command;
mod connection;
mod deployment;
mod deployment_state;
mod gate;
mod guarded;
mod load;
mod log;
mod mirror;
mod offered;
mod previous;
mod role;
mod rollout;
mod routes;
mod sample;
mod services;
mod serving;
mod shell;
mod waits;
mod whole;

pub use bank::{Bank, Row, rows};
pub use browser::{browser, browser_program};
pub use cases::{Case, Run, cases, folder_of, shared_cases};
pub use clerks::{Consoles, GivenLease, LEASE, OutagePeriod, Shift, ShiftReport, judge_shift, shift_size};
pub use command::{binary, default_models, ombud, quick_models, repository};
pub use connection::kafka;
pub use deployment::{Deployment, clients};
pub use deployment_state::deployment_state;
pub use gate::Gate;
pub use guarded::{End, Guarded, Right, end_of};
pub use load::{Load, split};
pub use log::Log;
pub use mirror::Mirror;
pub use offered::{Broken, Offers, bag};
pub use previous::Previous;
pub use role::{DESK, Role};
pub use rollout::{Rollout, decision};
pub use routes::{Routed, Routes, appended};
pub use sample::{data_set, sample, sample_times};
pub use services::{Services, disguised};
pub use serving::Serving;
pub use shell::{Commands, Printed, Shell};
pub use waits::{Wait, Waits, deadline_ms};
pub use whole::whole;
