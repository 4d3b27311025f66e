//! What every role needs before and around its work: configuration, telemetry, health and shutdown.
//!
//! Knows complaints by their ids only: a worker is given its section of the [`config::Settings`], a
//! [`health::Readiness`] to report to and a [`shutdown::Shutdown`] to heed.

pub mod config;
mod connections;
mod error;
pub mod guard;
pub mod health;
mod json_refusal;
mod requests;
mod seats;
pub mod shutdown;
pub mod telemetry;

pub use error::Error;
pub use json_refusal::JsonRefusal;
