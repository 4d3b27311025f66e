//! What is reachable, what differs from what it should be, and the fix: `ombud doctor` prints it, and the page of health shows
//! it.

mod brokers;
mod calendars;
mod cases;
mod clocks;
mod embedded;
mod mirror;
mod models;
mod split;

use ombud_launch::config::Settings;
use serde::Serialize;

/// The state of a thing that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Health {
    Ok,
    Warn,
    Bad,
}

/// What one check found.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) what: &'static str,
    pub(crate) health: Health,
    /// What was found.
    pub(crate) found: String,
    /// What to do about it.
    #[serde(rename = "mend", skip_serializing_if = "Option::is_none")]
    pub(crate) fix: Option<String>,
}

impl Finding {
    pub(crate) fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, health: Health::Ok, found: found.into(), fix: None }
    }

    pub(crate) fn warn(what: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what, health: Health::Warn, found: found.into(), fix: Some(fix.into()) }
    }

    pub(crate) fn bad(what: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what, health: Health::Bad, found: found.into(), fix: Some(fix.into()) }
    }

    /// What could not even be checked; the error names the fix.
    fn failed(what: &'static str, error: impl Into<anyhow::Error>) -> Self {
        let found = format!("failed to {:#}", error.into());
        Self { what, health: Health::Bad, found, fix: None }
    }
}

/// Checks everything that the settings name; `deep`: every byte of the data folder as well.
pub(crate) fn examine(settings: &Settings, deep: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    if settings.kafka_bootstrap.is_empty() {
        embedded::check(settings, deep, &mut findings);
    } else {
        brokers::check(settings, &mut findings);
        cases::check(settings, &mut findings);
    }
    split::check(settings, &mut findings);
    mirror::check(settings, &mut findings);
    models::check(settings, deep, &mut findings);
    calendars::check(settings, &mut findings);
    findings
}
