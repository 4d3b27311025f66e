//! Models from labelled complaints: trained, measured, and exchanged with Python.

pub mod evaluate;
pub mod exchange;
#[cfg(feature = "torch")]
pub mod train;
