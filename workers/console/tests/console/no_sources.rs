//! Sources of pages that have nothing to say, or a strategy and nothing else.

use std::sync::Arc;

use axum::http::StatusCode;
use ombud_console::pages::{AlikeBoard, ChangeDesk, ChangeRefusal, Operations, PageSources, RolloutLog};
use ombud_launch::{guard::Caller, shutdown::Shutdown};
use ombud_models::StrategyChange;
use ombud_stream::Outage;

struct Nothing;

/// A strategy that nobody can change.
struct OneStrategy(RolloutLog);

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

impl ChangeDesk for OneStrategy {
    fn log(&self) -> Result<RolloutLog, Outage> {
        Ok(self.0.clone())
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

/// They have these strategies and models, and refuse everything.
pub(crate) fn sources_of(log: RolloutLog) -> PageSources {
    PageSources { changes: Arc::new(OneStrategy(log)), ..no_sources() }
}

/// They refuse everything.
pub(crate) fn no_sources() -> PageSources {
    PageSources {
        changes: Arc::new(Nothing),
        operations: Arc::new(Nothing),
        alike: Arc::new(AlikeBoard::default()),
        shutdown: Shutdown::default(),
    }
}
