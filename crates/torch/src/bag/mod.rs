//! The bag: hashed n-grams, and one embedding-bag pass for all its tasks. Learned in minutes, served in microseconds.
//!
//! narrative -> `grams` -> `features` -> `fit` (L-BFGS over `sparse`) -> `shrink` -> `calibrate` -> `weights` on disk;
//! `model` serves them; `trace` says what each n-gram adds, at its `places`.

mod calibrate;
mod features;
mod fit;
mod grams;
mod hint;
mod model;
mod places;
mod shrink;
mod sparse;
mod trace;
mod weights;

pub use calibrate::Calibration;
pub use features::{Counts, Hashing, Idf, Row};
pub use fit::{Fit, Fitted};
pub use hint::{Hint, HintHead};
pub use model::in_memory;
pub(crate) use model::load;
pub use shrink::shrink;
pub use weights::{Weights, WeightsError};
