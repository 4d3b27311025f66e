//! `ombud learn`: labelled complaints to a bag that can serve.
//!
//! files -> columns and weights -> one softmax regression a task -> shrunk -> calibrated on rows held out -> the
//! artefact's folder, with its card

mod card;
mod recipe;
mod run;

pub use recipe::{HeadRecipe, HintRecipe, Recipe};
pub use run::Train;
