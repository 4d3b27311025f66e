//! The console: what people and their systems say to Ombud over HTTP, and what their verdicts say of the models.
//!
//! POST /api/complaints -> complaints.raw      POST /api/feedback -> complete from the case -> complaints.feedback
//! feedback of some days, their cases -> count -> report

mod append;
mod complaints;
mod complete;
mod console;
mod feedback;
mod openapi;
pub mod quality;
mod refused;
mod take;
mod verdict;

pub use append::{Appended, Told, answer};
pub use complete::{KnownCase, Source, complete};
pub use console::{Console, OpenCases};
pub use feedback::{Given, MOST_AT_ONCE, Refusal};
pub use openapi::document;
pub use refused::Refused;
pub use take::{KnownTeams, Takeable, Taking};
pub use verdict::{Kind, Verdict};
