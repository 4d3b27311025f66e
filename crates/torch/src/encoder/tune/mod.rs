//! Fine-tuning: a base encoder to one head per task over a shared body.
//!
//! `base` -> `frozen` (what the lower layers make of each text, computed once) -> `batches` -> `replicas` (one a
//! thread: `loss`, gradients) -> `optimiser` -> judged on validation -> `tuned`; `state` keeps a run on disk, so
//! that a killed one resumes.

mod base;
mod batches;
mod error;
mod frozen;
mod loss;
mod optimiser;
mod recipe;
mod replicas;
mod run;
mod seeds;
mod start;
mod state;
mod tuned;

pub use crate::encoder::network::Precision;
pub use base::Base;
pub use error::TuneError;
pub use recipe::{Coarse, HeadTuning, Pool, Tuning};
pub use run::{Event, Judgement, Tune, forget};
pub use state::Point;
pub use tuned::{Storage, Stored, Tuned};

/// A text as token ids, with the place of its label for each head.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// As [`Base::read`] gives them.
    pub ids: Vec<u32>,
    /// `None` where the text has no label of that task: it teaches that head nothing.
    pub labels: Vec<Option<usize>>,
}
