//! The cases: what came in, what each model said, where it went and what humans made of it.
//!
//! [`CaseStore`] is the seam; `crates/local` keeps the same rows in SQLite as a CQL server does, which is behind the
//! feature `cql`.

mod alike;
mod case_store;
#[cfg(feature = "cql")]
mod cql;
mod day;
mod filing;
mod judged;
mod leases;
mod queue;
mod requests;
mod row;
#[cfg(test)]
mod sample_route;
mod sessions;
#[cfg(feature = "testing")]
pub mod testing;
mod users;
mod worklist;

pub use alike::{ErasedSketch, SKETCH_DAYS, SketchBlock, SketchRow, Sketches};
pub use case_store::CaseStore;
#[cfg(feature = "cql")]
pub use cql::{CqlCases, CqlConnection, CqlDesk, CqlError, Found, Migrated, check, foresee, migrate};
pub use day::{day_of, days};
pub use filing::{
    erased_sketches, file_feedback, file_model, file_prediction, file_raw, file_routed, file_strategy,
    file_unnamed, file_work, is_other_than_routed,
};
pub use judged::JudgedCases;
pub use leases::{Claim, Lease, LeaseAnswer, Leases};
pub use queue::{KnownCase, KnownSubmission, Place};
pub use requests::{ChangeRequest, RequestState, Requests};
pub use row::{
    CaseEvent, CustomerCase, FeedbackDay, Kind, ModelDecision, ModelRow, QueueEntry, Row, StrategyRow,
    Unqueued,
};
pub use sessions::Sessions;
pub use users::{User, Users};
pub use worklist::{
    DueCount, ItemClock, ItemFilter, ItemOrder, ItemPage, ItemSource, LastRecord, OpenCount, PageStart,
    ReadClock, RouteSummary, VerdictSummary, WorkItem, Worklist, WorklistChange, WorklistPosition,
};
