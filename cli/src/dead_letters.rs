//! Dead letters: which there are, which were sent again already, and sending them again. `ombud redrive` and the page of health
//! do the same.

mod again;
mod letters;
mod plan;

#[cfg(test)]
pub(crate) use letters::refusal;
pub(crate) use letters::{NewestLetters, Selection, newest, reason, word};
pub(crate) use plan::{LetterState, Line, RedrivePlan};

/// Records that are sent again at once; they may have megabytes.
pub(crate) const IN_FLIGHT: usize = 64;
