//! `ombud evaluate`: the default models, or one artefact, on labelled complaints.

#[cfg(feature = "torch")]
mod answers;
mod args;
#[cfg(feature = "torch")]
mod run;

pub(crate) use args::Evaluate;
#[cfg(feature = "torch")]
pub(crate) use run::evaluate;
