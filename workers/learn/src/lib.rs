//! Models from labelled complaints: trained, and measured.

#[cfg(feature = "torch")]
pub mod bag;
#[cfg(feature = "torch")]
pub mod encoder;
pub mod evaluate;
pub mod report;
#[cfg(feature = "torch")]
pub mod train;
