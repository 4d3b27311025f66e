//! Models from labelled complaints: trained, and measured.

pub mod evaluate;
#[cfg(feature = "torch")]
pub mod train;
