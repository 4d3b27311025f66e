//! Blends: several models of any family that answer as one, each task by a weighted vote of those that know it.
//!
//! `blend.json` -> `fusion`, checked against the members' heads -> `plan`; `voice` is what one member says about one
//! task, `weighing` how voices become logits, and how the weights are learned; `model` serves; `trace` says
//! what each part of each member adds.

mod error;
mod fusion;
mod model;
mod plan;
mod trace;
mod voice;
mod weighing;

pub use error::FusionError;
pub use fusion::{FusedHead, FusedHint, Fusion};
pub(crate) use model::load;
pub use model::{BlendMember, in_memory};
pub use plan::Plan;
pub use voice::Voice;
pub use weighing::Weighing;
