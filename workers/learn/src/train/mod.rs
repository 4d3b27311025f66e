//! What all families share in learning: labelled rows, calibration and thresholds on rows held out, the artefact's
//! folder and its card.

pub(crate) mod artefact;
pub(crate) mod card;
mod error;
pub(crate) mod examples;
pub(crate) mod finish;
pub(crate) mod fitting;
pub(crate) mod folds;
pub(crate) mod heads;
pub(crate) mod outright;
mod report;
pub(crate) mod score;
mod spellings;
mod tasks;
pub(crate) mod thresholds;

pub use artefact::Lineage;
pub use error::LearnError;
pub use examples::Source;
pub use report::Report;
pub use spellings::Alike;
pub use tasks::{Targets, Task};
