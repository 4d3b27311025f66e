//! `ombud learn`: labelled complaints to a bag that can serve.
//!
//! files -> `examples` -> columns and weights -> one softmax regression a task -> shrunk -> `heads` calibrates on
//! rows held out -> `artefact` writes the folder, with its `card`

mod artefact;
mod card;
mod error;
mod examples;
mod heads;
mod recipe;
mod run;
mod thresholds;

pub use error::LearnError;
pub use examples::Source;
pub use recipe::{HeadRecipe, Recipe, Targets};
pub use run::{Report, Train};
