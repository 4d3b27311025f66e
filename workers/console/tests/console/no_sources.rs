//! Sources of pages that have nothing to say, for tests of pages that ask none of them.

use std::sync::Arc;

use axum::http::StatusCode;
use ombud_console::pages::{ChangeDesk, ChangeRefusal, Operations, PageSources, RolloutLog};
use ombud_launch::{guard::Caller, shutdown::Shutdown};
use ombud_models::StrategyChange;
use ombud_stream::Outage;

struct Nothing;

fn refused() -> ChangeRefusal {
    ChangeRefusal { status: StatusCode::SERVICE_UNAVAILABLE, text: "there is none here".into() }
}

impl ChangeDesk for Nothing {
    fn log(&self) -> Result<RolloutLog, Outage> {
        Err(Outage::passing("read models.strategy", "there is none here"))
    }

    fn ask(&self, _: StrategyChange, _: Option<String>, _: &Caller) -> Result<String, ChangeRefusal> {
        Err(refused())
    }

    fn approve(&self, _: &str, _: Option<i64>, _: &Caller) -> Result<Option<i64>, ChangeRefusal> {
        Err(refused())
    }

    fn close(&self, _: &str, _: &Caller) -> Result<(), ChangeRefusal> {
        Err(refused())
    }
}

impl Operations for Nothing {}

/// They refuse everything.
pub(crate) fn no_sources() -> PageSources {
    PageSources { changes: Arc::new(Nothing), operations: Arc::new(Nothing), shutdown: Shutdown::default() }
}
