//! Models from labelled complaints: trained, and measured.

#[cfg(feature = "torch")]
pub mod bag;
#[cfg(feature = "torch")]
pub mod blend;
#[cfg(feature = "torch")]
pub mod encoder;
pub mod evaluate;
#[cfg(feature = "torch")]
pub mod train;
