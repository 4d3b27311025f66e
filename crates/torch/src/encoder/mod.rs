//! Encoders: BERT, DistilBERT, MPNet, RoBERTa and XLM-RoBERTa bodies under one head a task, or stock sequence classifiers,
//! read from a Hugging Face folder; and how they are fine-tuned.
//!
//! `config.json` -> `config`, `tokenizer.json` -> `clean`, `text`, `model.safetensors` -> `names`, `int8`, `weights` ->
//! `network` (with `distances`); `model` puts them behind [`ombud_models::Model`]; `trace` says what each
//! token adds, where `alignment` says that it stands; `tune` trains, `save` writes.

mod alignment;
mod clean;
mod config;
mod distances;
mod dropout;
mod error;
mod int8;
mod model;
mod names;
mod network;
#[cfg(feature = "testing")]
mod random;
mod save;
mod text;
mod trace;
mod tune;
mod weights;

pub(crate) use model::load;
#[cfg(feature = "testing")]
pub use random::{Shape, random_encoder};
pub use text::try_tokenizer;
pub use tune::{
    Base, Coarse, Event, HeadTuning, Judgement, Lesson, Point, Pool, Precision, Storage, Stored, Tune,
    TuneError, Tuned, Tuning, forget,
};
