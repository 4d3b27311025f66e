//! What pages need and the API has not: the strategy and its requests, how the system is, what is complained of alike.

use std::sync::Arc;

use axum::http::StatusCode;
use ombud_launch::{guard::Caller, shutdown::Shutdown};
use ombud_models::{Description, Difference, Registry, Strategies, StrategyChange};
use ombud_stream::Outage;

use super::AlikeBoard;
pub use super::health::Operations;
use super::quality::LiveQuality;

/// What pages are given beside the API's own.
pub struct PageSources {
    /// Changes of the strategy.
    pub changes: Arc<dyn ChangeDesk>,
    /// How the system is.
    pub operations: Arc<dyn Operations>,
    /// How good the decisions were; whoever makes it runs it.
    pub quality: Arc<LiveQuality>,
    /// What is complained of alike.
    pub alike: Arc<AlikeBoard>,
    /// Event streams end with it.
    pub shutdown: Shutdown,
    /// How many of them may be open.
    pub event_streams: usize,
}

/// Reads the strategies and the registry, and makes changes as `/api/requests` and the commands do. Every call may block.
pub trait ChangeDesk: Send + Sync {
    /// What the log has now.
    ///
    /// # Errors
    /// The log does not answer.
    fn log(&self) -> Result<RolloutLog, Outage>;

    /// The changes that wait for another person, the oldest first.
    ///
    /// # Errors
    /// See [`ChangeRefusal`]: the log or the store of requests does not answer.
    fn requests(&self) -> Result<Vec<OpenRequest>, ChangeRefusal>;

    /// What there is to read about a version of a model; `None` where this host has no copy of it.
    fn description(&self, model_id: &str, version: &str) -> Option<Description>;

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

    /// Publishes a change that needs nobody else, signed by `by`: its version. It follows version `base` or none, so that
    /// nobody publishes what they have not seen.
    ///
    /// # Errors
    /// It needs another person, somebody else was faster, or it is unavailable.
    fn publish(
        &self,
        change: StrategyChange,
        reason: Option<String>,
        base: i64,
        by: &Caller,
    ) -> Result<i64, ChangeRefusal>;

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

/// The strategies and the models.
#[derive(Clone, Debug)]
pub struct RolloutLog {
    /// Every version of the strategy.
    pub strategies: Strategies,
    /// Every version of a model.
    pub registry: Registry,
}

/// A change that waits for another person.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenRequest {
    /// Its id.
    pub request_id: String,
    /// Who asked.
    pub requested_by: String,
    /// When, in milliseconds since 1970.
    pub requested_at: i64,
    /// Why, or what, in words.
    pub reason: String,
    /// The version that it changes.
    pub base_version: i64,
    /// The change; `None` where this build can't read it.
    pub change: Option<StrategyChange>,
    /// Who has approved it.
    pub approved_by: Vec<String>,
    /// How many must.
    pub approvals_needed: i32,
    /// Another version was published since: it can only be closed.
    pub is_stale: bool,
    /// Why it can't be published as things are.
    pub problem: Option<String>,
    /// What differs from the version that it changes.
    pub differences: Vec<Difference>,
}
