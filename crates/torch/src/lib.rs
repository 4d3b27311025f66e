//! Models on libtorch: the only crate that names tch.

pub mod bag;
mod blame;
pub mod blend;
pub mod encoder;
mod lbfgs;
mod libtorch;
mod memory;
mod tuning;

pub use encoder::try_tokenizer;
#[cfg(feature = "testing")]
pub use encoder::{Shape, random_encoder};
pub use libtorch::Libtorch;

/// The version of libtorch that this is built with, such as `2.13.0+cpu`: what it computes may differ in the last bits by it.
pub const LIBTORCH_VERSION: &str = env!("LIBTORCH_VERSION");
