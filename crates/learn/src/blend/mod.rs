//! `ombud learn --family blend`: models that were learned before become one artefact that answers better than each of them.
//!
//! `members` load and score the validation rows -> `weigh` fits how much each counts -> `cascade` says what leaving the
//! later ones out costs -> the `ensemble` answers rows that did not weigh it -> `judge` cuts and measures as of any
//! family -> the artefact's folder, with its `card`

mod card;
mod cascade;
mod ensemble;
mod judge;
mod members;
mod recipe;
mod run;
mod weigh;

pub use cascade::Point;
pub use recipe::{HintRecipe, Recipe};
pub use run::{Blend, BlendResult};
pub use weigh::Losses;
