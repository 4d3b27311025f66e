//! One consumer group that asks models: complaints.raw in, complaints.predictions out.

mod admission;
mod bringers;
mod classify;
mod drift;
mod gather;
mod infer;
mod limits;
mod loader;
mod predict;
mod prepare;
mod question;
mod replicas;
mod request;
mod served;
mod serving;
mod warm_up;

pub use infer::{Infer, InferError};
pub use limits::InferLimits;
pub use loader::Loader;
pub use question::Tasks;
pub use served::{Served, Unserved};
pub use serving::Serving;
pub use warm_up::warm_up;
