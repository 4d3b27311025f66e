//! Changes that wait for a second person.

use ombud_stream::Outage;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// It waits for approvals.
    Open,
    /// It was published.
    Published,
    /// The one who asked took it back, or another refused it.
    Closed,
}

impl RequestState {
    /// As stores have it.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Published => "PUBLISHED",
            Self::Closed => "CLOSED",
        }
    }

    /// The state of that symbol.
    pub fn of(symbol: &str) -> Option<Self> {
        [Self::Open, Self::Published, Self::Closed].into_iter().find(|state| state.symbol() == symbol)
    }
}

/// A change of the strategy that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRequest {
    /// Unique.
    pub request_id: String,
    /// Who asked.
    pub requested_by: String,
    /// When, in milliseconds since the Unix epoch.
    pub requested_at: i64,
    /// Why.
    pub reason: String,
    /// The version that it changes: another in between makes it stale.
    pub base_version: i64,
    /// The change, as JSON of `ombud_models::StrategyChange`.
    pub change: String,
    /// Who approved, in the order in which they did.
    pub approved_by: Vec<String>,
    /// What became of it.
    pub state: RequestState,
}

/// Keeps requests. May block until the store answers.
pub trait Requests: Send {
    /// Keeps a new request. The same id again changes nothing.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn ask(&mut self, request: &ChangeRequest) -> Result<(), Outage>;

    /// A request by its id.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn request(&mut self, request_id: &str) -> Result<Option<ChangeRequest>, Outage>;

    /// Those that are open, the oldest first.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn open_requests(&mut self) -> Result<Vec<ChangeRequest>, Outage>;

    /// Adds an approval of an open request, a person's once; the request as it is then. One that is not open stays as it
    /// is; `None`: there is none. One conditional write.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn approve(&mut self, request_id: &str, person: &str) -> Result<Option<ChangeRequest>, Outage>;

    /// Ends an open request as `state`; whether it has ended so, now or before. One conditional write.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn end_request(&mut self, request_id: &str, state: RequestState) -> Result<bool, Outage>;
}
