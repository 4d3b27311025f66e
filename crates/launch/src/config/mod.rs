//! Settings: defaults in code, then `ombud.toml`, then `OMBUD_*` variables, then flags; the last one wins.
//!
//! `OMBUD_INFER__TOKEN_BUDGET` is `infer.token_budget`. Whatever is unknown or out of range is refused with
//! where it was written and what would be right. Secrets are used and never shown. An `ombud.toml` that nobody named is
//! read only where nobody else may write it.

mod found;
mod guessable;
mod host;
mod inputs;
mod lines;
mod load;
mod loaded;
mod models;
#[cfg(test)]
mod page;
mod people;
mod private;
pub(crate) mod property;
mod rule;
mod secret;
mod services;
mod settings;
mod template;
mod values;

pub use inputs::{Flag, Inputs};
pub use load::load;
pub use loaded::{Loaded, ShownSetting};
pub use people::{LocalUsers, SignIn};
pub use secret::Secret;
pub use services::{Cql, Explain, Kafka, Registry, Telemetry};
pub use settings::{
    Archive, Console, Dates, Dossier, Embedded, Http, Infer, Intake, Join, LogFormat, Settings, Topics,
};
