//! What all families share in learning: labelled rows, calibration and thresholds on rows held out, the artefact's
//! folder and its card.

pub(crate) mod artefact;
pub(crate) mod calibration;
pub(crate) mod card;
mod error;
pub(crate) mod evidence_score;
pub(crate) mod examples;
pub(crate) mod finished_model;
pub(crate) mod fitting;
pub(crate) mod folds;
pub(crate) mod heads;
mod learned_model;
pub(crate) mod score;
mod spellings;
mod tasks;
pub(crate) mod thresholds;

pub use crate::job::Job;
pub use crate::lineage::Lineage;
pub use error::LearnError;
pub use examples::Source;
pub use learned_model::LearnedModel;
pub use spellings::SpellingPolicy;
pub use tasks::{Targets, Task};
