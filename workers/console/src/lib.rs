//! The console: what people and their systems send to Ombud over HTTP.
//!
//! POST /api/complaints -> complaints.raw      POST /api/feedback -> complete from the case -> complaints.feedback

mod append;
mod complaints;
mod completion;
mod console;
mod feedback;
mod intake;
mod openapi;
mod refused;
mod state;
mod verdict;

pub use append::{AppendResult, Waiter, answer};
pub use completion::{Source, complete};
pub use console::Console;
pub use feedback::{AcceptedVerdict, MOST_AT_ONCE, Refusal};
pub use intake::{CompleteVerdict, KnownTeams, VerdictIntake};
pub use openapi::document;
pub use refused::RefusedVerdict;
pub use state::OpenCases;
pub use verdict::{Kind, Verdict};
