//! Models to and from Python's transformers.
//!
//! export: artefact -> `heads` (one task's tensors, widened) -> `config`, `tokenizer`, `probe`, `card` -> a folder that
//! `from_pretrained` loads.
//! import: such a folder -> `target`, `labels` (theirs to a tree's) -> `weights`, `tensors` -> `probe` -> an artefact that
//! serves.

mod architecture;
mod card;
mod config;
mod error;
mod export;
mod heads;
mod import;
mod labels;
mod misfit;
mod probe;
mod target;
mod tensors;
mod tokenizer;
mod weights;

pub use error::ExchangeError;
pub use export::{Export, Exported};
pub use import::{Import, Imported, labels_template};
pub use labels::LabelMap;
pub use misfit::Misfit;
