//! One consumer group that asks models: complaints.raw in, complaints.predictions out.

mod ask;
mod bringers;
mod choose;
mod drift;
mod infer;
mod loader;
mod predict;
mod replica;
mod serving;

pub use ask::Tasks;
pub use infer::{Infer, InferError, Limits, warm_up};
pub use loader::Loader;
pub use serving::{Served, Serving, Unserved};
