//! `ombud learn --from-feedback`: what humans made of the decisions, into a challenger that is measured beside the
//! champion.
//!
//! cases with verdicts -> `truth`, what each complaint is -> `admit`, labels that come often enough, in a tree of the next
//! number -> `set` (in `parts`), files to learn from, to calibrate on, and an audit sample that nothing has learned from
//! -> `challenge`, the champion's recipe on them -> `trial`, both on the audit sample

mod admit;
mod challenge;
mod gather;
mod likeness;
mod parts;
mod set;
mod trial;
mod truth;

pub use admit::KnownTree;
pub use challenge::Challenge;
pub use gather::{Case, gather};
pub(crate) use likeness::{Likeness, likeness};
pub use set::{Asked, Set, SetFigures};
pub use trial::trial;
