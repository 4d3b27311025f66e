//! What pages need and the API has not: the strategy and its requests, how the system is, what is complained of alike.

use std::sync::Arc;

use axum::http::StatusCode;
use ombud_launch::{guard::Caller, shutdown::Shutdown};
use ombud_models::{Registry, Strategies, StrategyChange};
use ombud_stream::Outage;

use super::AlikeBoard;

/// What pages are given beside the API's own.
pub struct PageSources {
    /// Changes of the strategy.
    pub changes: Arc<dyn ChangeDesk>,
    /// How the system is.
    pub operations: Arc<dyn Operations>,
    /// What is complained of alike.
    pub alike: Arc<AlikeBoard>,
    /// Event streams end with it.
    pub shutdown: Shutdown,
}

/// Reads the strategies and the registry, and asks for changes as `/api/requests` does. Every call may block.
pub trait ChangeDesk: Send + Sync {
    /// What the log has now.
    ///
    /// # Errors
    /// The log or the store of requests does not answer.
    fn log(&self) -> Result<RolloutLog, Outage>;

    /// Asks for a change, signed by `by`; its id.
    ///
    /// # Errors
    /// It could not be published, or is unavailable.
    fn ask(
        &self,
        change: StrategyChange,
        reason: Option<String>,
        by: &Caller,
    ) -> Result<String, ChangeRefusal>;

    /// Approves a request, and publishes it where that is enough: the version that it became.
    ///
    /// # Errors
    /// See [`ChangeRefusal`].
    fn approve(&self, id: &str, from: Option<i64>, by: &Caller) -> Result<Option<i64>, ChangeRefusal>;

    /// Refuses a request, or takes one's own back.
    ///
    /// # Errors
    /// See [`ChangeRefusal`].
    fn close(&self, id: &str, by: &Caller) -> Result<(), ChangeRefusal>;
}

/// Why a change is not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRefusal {
    /// As the API answers it.
    pub status: StatusCode,
    /// What is wrong and what to do, for people.
    pub text: String,
}

/// The strategies, the models and what waits for a second person.
#[derive(Clone, Debug)]
pub struct RolloutLog {
    /// Every version of the strategy.
    pub strategies: Strategies,
    /// Every version of a model.
    pub registry: Registry,
}

/// Says how the system is, and sends dead letters again. Every call may block.
pub trait Operations: Send + Sync {}
