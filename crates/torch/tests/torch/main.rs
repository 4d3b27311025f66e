//! What each model family answers and learns, on libtorch.

mod bag;
mod blend;
mod encoder;
mod encoder_random;
mod trace;
mod tune;
