//! Explanations from another process: `ombud explain --serve` has the weights and computes, whoever asks has the log and the cases.
//!
//! a case -> jobs -> signed by the secret of both -> POST /explain -> its own models, one question at a time -> explanations

#[cfg(feature = "torch")]
mod child;
mod client;
mod desk;
#[cfg(feature = "torch")]
mod opened;
mod protocol;

#[cfg(all(test, feature = "torch"))]
pub(crate) use client::ExplainClient;
pub(crate) use desk::{Explains, ServedExplanations};
#[cfg(feature = "torch")]
pub(crate) use {
    child::OwnChild,
    opened::ShelfModels,
    protocol::{Answered, PATH, Question, SIGNATURE, Unsigned, WireRefusal, verified},
};
