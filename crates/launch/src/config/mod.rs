//! Settings: defaults in code, then `ombud.toml`, then `OMBUD_*` variables, then flags; the last one wins.
//!
//! `OMBUD_INFER__TOKEN_BUDGET` is `infer.token_budget`. Whatever is unknown or out of range is refused with
//! where it was written and what would be right. Secrets are used and never shown. An `ombud.toml` that nobody named is
//! read only where nobody else may write it.

mod found;
mod guessable;
mod lines;
mod load;
mod models;
pub(crate) mod property;
mod rule;
mod secret;
mod services;
mod settings;
mod template;

pub use load::{Flag, Inputs, Loaded, Written, load};
pub use secret::Secret;
pub use services::{Cql, Kafka, Registry, Telemetry};
pub use settings::{Archive, Dates, Embedded, Http, Infer, Intake, Join, LogFormat, Settings, Topics};
