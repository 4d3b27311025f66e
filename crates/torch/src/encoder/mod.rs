//! Encoders: BERT, DistilBERT and RoBERTa sequence classifiers, read from a Hugging Face folder.
//!
//! `config.json` -> `config`, `tokenizer.json` -> `text`, `model.safetensors` -> `weights` -> `network`;
//! `model` puts them behind [`ombud_models::Model`].

mod config;
mod model;
mod network;
#[cfg(feature = "testing")]
mod random;
mod text;
mod unfit;
mod weights;

pub(crate) use model::load;
#[cfg(feature = "testing")]
pub use random::{Shape, random_encoder};
