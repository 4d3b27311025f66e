//! What a process reports of itself: logs as fields, metrics with units, and traces that follow a record from hop to hop.
//!
//! All three carry ids, positions and codes, never what a person wrote.

mod context;
mod export;
mod hop;
mod log;
mod metrics;
mod names;
mod repeats;
mod traces;

pub use hop::{Hop, HopAttribute};
pub use log::{log_format, log_panics, log_to};
pub use metrics::Metrics;
pub use names::{METRICS, Metric, PROCESS};
pub use traces::Traces;
