//! The cases: what came in, what each model said, where it went and what humans made of it.
//!
//! [`CaseStore`] is the seam; `crates/local` keeps the same rows in SQLite as a CQL server does, which is behind the
//! feature `cql`.

mod case_store;
#[cfg(feature = "cql")]
mod cql;
mod filing;
mod judged;
mod queue;
mod row;
#[cfg(test)]
mod sample_route;
#[cfg(feature = "testing")]
pub mod testing;

pub use case_store::CaseStore;
#[cfg(feature = "cql")]
pub use cql::{CqlCases, CqlConnection, CqlError, Found, Migrated, check, foresee, migrate};
pub use filing::{
    file_feedback, file_model, file_prediction, file_raw, file_routed, file_strategy, file_unnamed,
    is_other_than_routed,
};
pub use judged::JudgedCases;
pub use queue::Place;
pub use row::{
    CaseEvent, CustomerCase, FeedbackDay, Kind, ModelDecision, ModelRow, QueueEntry, Row, StrategyRow,
    Unqueued, day_of, days,
};
