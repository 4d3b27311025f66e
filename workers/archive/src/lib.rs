//! The archive: what travels on the topics becomes cases, queues and decisions in the store.

mod archive;
mod park;
mod progress;
mod read;
mod strategies;

pub use archive::{Archive, ArchiveError, GROUP, Limits, TOPICS};
