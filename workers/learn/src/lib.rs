//! Models from labelled complaints: trained, measured, and exchanged with Python.

#[cfg(feature = "torch")]
pub mod bag;
#[cfg(feature = "torch")]
pub mod blend;
mod draft;
#[cfg(feature = "torch")]
pub mod encoder;
pub mod evaluate;
pub mod exchange;
#[cfg(feature = "torch")]
pub mod outcomes;
pub mod replay;
#[cfg(feature = "torch")]
pub mod train;

pub use draft::DraftError;
