//! The cases: what came in, what each model said, where it went and what humans made of it.
//!
//! [`CaseStore`] is the seam; `crates/local` keeps the same tables in SQLite as a CQL server does.

mod case_store;
mod filing;
mod queue;
mod row;
#[cfg(feature = "testing")]
pub mod testing;

pub use case_store::CaseStore;
pub use filing::{file_feedback, file_model, file_prediction, file_raw, file_routed, file_strategy};
pub use queue::Place;
pub use row::{
    CaseEvent, CustomerCase, FeedbackDay, Kind, ModelDecision, ModelRow, QueueEntry, Row, StrategyRow,
    Unqueued, day_of,
};
