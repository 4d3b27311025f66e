//! The archive: what travels on the topics becomes cases, queues and decisions in the store.

mod archive;
mod error;
mod hand;
mod limits;
mod park;
mod patience;
mod progress;
mod read;
mod strategies;
mod teams;

pub use archive::{Archive, GROUP, TOPICS};
pub use error::ArchiveError;
pub use limits::Limits;
