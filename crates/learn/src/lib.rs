//! Models from labelled complaints, and challengers from verdicts.

#[cfg(feature = "torch")]
pub mod bag;
#[cfg(feature = "torch")]
pub mod blend;
#[cfg(feature = "torch")]
pub mod encoder;
#[cfg(feature = "torch")]
mod job;
#[cfg(feature = "torch")]
mod likeness;
#[cfg(feature = "torch")]
mod lineage;
#[cfg(feature = "torch")]
pub mod outcomes;
#[cfg(feature = "torch")]
mod pool;
#[cfg(feature = "torch")]
pub mod train;
