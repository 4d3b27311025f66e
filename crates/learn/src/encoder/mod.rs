//! `ombud learn --family encoder`: labelled complaints to a fine-tuned encoder with one head a task.
//!
//! files -> token ids -> `ombud_torch::encoder` trains, `judge` decides which weights are kept -> stored in bytes ->
//! calibrated on rows held out -> the artefact's folder with its card, and its page beside it

mod card;
mod curves;
mod judge;
mod recipe;
mod run;

pub use recipe::{CoarseRecipe, HeadRecipe, Recipe};
pub use run::{EncoderResult, Train};
