//! `ombud explain`: why a complaint was decided as it was, which words decide about labelled ones, and the process that others ask.

mod args;
mod case;
#[cfg(feature = "torch")]
mod labelled;
mod printed;
#[cfg(feature = "torch")]
mod rows;
mod run;
#[cfg(feature = "torch")]
mod tally;
mod text;

pub(crate) use args::Explain;
pub(crate) use run::explain;
