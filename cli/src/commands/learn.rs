//! `ombud learn`: a model from labelled complaints, or a challenger from what people decided.

mod args;
#[cfg(feature = "torch")]
mod challenge;
mod fine_tune;
mod from_feedback;
mod fuse;
#[cfg(feature = "torch")]
mod run;
#[cfg(feature = "torch")]
mod train;

pub(crate) use args::Learn;
#[cfg(feature = "torch")]
pub(crate) use {args::Family, run::learn};
