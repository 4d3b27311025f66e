//! The archive: what travels on the topics becomes cases, queues and decisions in the store, and what complaints are compared
//! by.

mod archive;
mod error;
mod limits;
mod pace;
mod park;
mod pending;
mod positions;
mod read;
mod store_retry;
mod strategies;
mod teams;
mod topics;

pub use archive::Archive;
pub use error::ArchiveError;
pub use limits::ArchiveLimits;
pub use topics::{GROUP, TOPICS};
