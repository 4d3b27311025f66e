//! Every record that travels on a topic, as Rust types; `schemas/` holds the same records as Avro.
//!
//! A file a topic: the record, its id, and beside it its rules and its reader. Times are milliseconds since the Unix epoch,
//! UTC (`timestamp-millis`). Fields with a Rust default have the same default in the schema; fields without one are permanent.

mod audit;
pub(crate) mod dead_letter;
mod defaults;
pub(crate) mod feedback;
pub(crate) mod prediction;
pub(crate) mod raw;
mod registry;
pub(crate) mod routed;
mod strategy;
pub(crate) mod work;

pub use audit::AuditEntry;
pub use dead_letter::{DeadLetter, DeadReason, HeaderEntry};
pub use feedback::{Feedback, FeedbackKind};
pub use prediction::{Evidence, FLOAT, Outcome, Prediction, Role};
pub use raw::RawComplaint;
pub use registry::{FileDigest, ModelEvaluation, ModelState, ModelVersion};
pub use routed::{Clock, Decision, RoutedComplaint, Vulnerability, Why};
pub use strategy::{Arm, Strategy, TaskStrategy};
pub use work::{AnswerOutcome, WorkEvent, WorkKind};

/// Milliseconds since the Unix epoch, UTC.
pub type TimestampMs = i64;
