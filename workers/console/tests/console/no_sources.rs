//! Sources of pages that have nothing to say, or a strategy and nothing else.

use std::sync::Arc;

use axum::http::StatusCode;
use ombud_console::pages::{
    AlikeBoard, ChangeDesk, ChangeRefusal, Examination, Known, OpenRequest, Operations, PageSources,
    RedrivenLetter, RolloutLog, SystemStatus,
};
use ombud_launch::{guard::Caller, shutdown::Shutdown};
use ombud_models::{Description, StrategyChange};
use ombud_stream::Outage;

struct Nothing;

/// A strategy that nobody can change, or none.
struct FixedStrategy(Option<RolloutLog>);

fn refused<T>() -> Result<T, ChangeRefusal> {
    Err(ChangeRefusal { status: StatusCode::SERVICE_UNAVAILABLE, text: "there is none here".into() })
}

impl ChangeDesk for FixedStrategy {
    fn log(&self) -> Result<RolloutLog, Outage> {
        self.0.clone().ok_or_else(|| Outage::passing("read models.strategy", "there is none here"))
    }

    fn requests(&self) -> Result<Vec<OpenRequest>, ChangeRefusal> {
        refused()
    }

    fn description(&self, _: &str, _: &str) -> Option<Description> {
        None
    }

    fn ask(&self, _: StrategyChange, _: Option<String>, _: &Caller) -> Result<String, ChangeRefusal> {
        refused()
    }

    fn publish(
        &self,
        _: StrategyChange,
        _: Option<String>,
        _: i64,
        _: &Caller,
    ) -> Result<i64, ChangeRefusal> {
        refused()
    }

    fn approve(&self, _: &str, _: Option<i64>, _: &Caller) -> Result<Option<i64>, ChangeRefusal> {
        refused()
    }

    fn close(&self, _: &str, _: &Caller) -> Result<(), ChangeRefusal> {
        refused()
    }
}

impl Operations for Nothing {
    fn status(&self) -> Option<Known<SystemStatus>> {
        None
    }

    fn examination(&self, _: bool) -> Examination {
        Examination::default()
    }

    fn redrive(
        &self,
        _: &[String],
        _: &mut dyn FnMut(&[String]) -> Result<(), Outage>,
    ) -> Result<Vec<RedrivenLetter>, Outage> {
        Ok(Vec::new())
    }
}

/// They have these strategies and models, and refuse everything.
pub(crate) fn sources_of(log: RolloutLog) -> PageSources {
    PageSources { changes: Arc::new(FixedStrategy(Some(log))), ..no_sources() }
}

/// They refuse everything.
pub(crate) fn no_sources() -> PageSources {
    PageSources {
        changes: Arc::new(FixedStrategy(None)),
        operations: Arc::new(Nothing),
        alike: Arc::new(AlikeBoard::default()),
        quality: Arc::new(ombud_console::pages::LiveQuality::default()),
        event_streams: 200,
        shutdown: Shutdown::default(),
    }
}
