//! Models as the rest of Ombud sees them: artefacts, the registry, the strategy, answers. No libtorch here.

mod artefact;
mod classifier;
mod manifest;

pub use artefact::Artefact;
pub use classifier::{Classifier, ClassifyError, Input, LoadError, LoadModel, Logits, Model, Prepared};
pub use manifest::{Family, Head, Kind, Manifest};
