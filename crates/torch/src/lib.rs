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
