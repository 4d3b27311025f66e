//! Models from labelled complaints: trained, and measured.

pub mod evaluate;
pub mod report;
#[cfg(feature = "torch")]
pub mod train;
