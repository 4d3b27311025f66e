//! Changes of the strategy as pages ask for them: what `/api/requests` does, by the same book.

use axum::http::StatusCode;
use ombud_console::pages::{ChangeDesk, ChangeRefusal, RolloutLog};
use ombud_launch::guard::Caller;
use ombud_models::StrategyChange;
use ombud_stream::Outage;

use super::Book;

/// The book of this process.
pub(crate) struct StrategyDesk(pub(crate) Book);

impl ChangeDesk for StrategyDesk {
    fn log(&self) -> Result<RolloutLog, Outage> {
        Err(Outage::passing("read the strategies", "not built yet"))
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

fn refused() -> ChangeRefusal {
    ChangeRefusal { status: StatusCode::SERVICE_UNAVAILABLE, text: "not built yet".to_owned() }
}
