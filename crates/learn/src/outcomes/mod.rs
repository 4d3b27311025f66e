//! `ombud learn --from-feedback`: verdicts on the decisions become a challenger that is measured beside the champion.
//!
//! cases with verdicts, one by one -> `truth`, what each complaint is -> `make` (by its pool; kept in `spill` until all are
//! known) -> `admit`, labels that come often enough, in a tree of the next number -> `set` (in `parts`), files to learn
//! from, to calibrate on, and to try models on, which nothing else is done with -> `challenge`, the champion's recipe on
//! the first two -> `trial`, both models on the third

mod admit;
mod challenge;
mod gather;
mod make;
mod parts;
mod set;
mod spill;
mod trial;
mod truth;

pub use crate::lineage::{CalibrationCounts, SetFigures, SetRequest};
pub use crate::pool::{LEAST_CALIBRATING, MOST_AUDITED, Pools, Share};
pub use admit::KnownTree;
pub use challenge::Challenge;
pub use gather::{Case, gather};
pub use make::SetDraft;
pub use set::Set;
pub use trial::trial;
