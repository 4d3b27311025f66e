//! `ombud learn --from-feedback`: what humans made of the decisions, into a challenger that is measured beside the
//! champion.
//!
//! cases with verdicts, one by one -> `truth`, what each complaint is -> `make` (by `pool`; kept in `spill` until all are
//! known) -> `admit`, labels that come often enough, in a tree of the next number -> `set` (in `parts`), files to learn
//! from, to calibrate on, and to try models on, which nothing else is done with -> `challenge`, the champion's recipe on
//! the first two -> `trial`, both models on the third

mod admit;
mod challenge;
mod gather;
mod likeness;
mod make;
mod parts;
mod pool;
mod set;
mod spill;
mod trial;
mod truth;

pub use admit::KnownTree;
pub use challenge::Challenge;
pub use gather::{Case, gather};
pub(crate) use likeness::{Likeness, likeness};
pub use make::SetDraft;
pub use pool::{LEAST_CALIBRATING, MOST_AUDITED, Pools, Share};
pub use set::{Asked, Calibrated, Set, SetFigures};
pub use trial::trial;
