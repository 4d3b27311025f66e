//! The seams over Apache Kafka and a Confluent-compatible schema registry.
//!
//! [`Kafka`] gives members, readers and sinks. Workers see the catalogue's schema ids only: what lies in the log
//! carries the registry's, and [`Schemas`] translates where a record comes in or goes out.

mod admin;
mod client;
mod connection;
mod context;
mod error;
mod groups;
mod incoming;
mod kafka;
mod logger;
mod member;
mod offsets;
mod outage;
mod outcome;
mod poll;
mod reader;
#[cfg(test)]
mod refusals;
mod registry;
mod release;
mod schemas;
mod shown_groups;
mod sink;
#[cfg(feature = "testing")]
pub mod testing;
mod widths;

pub use admin::{Admin, Design, Wish};
pub use connection::{Brokers, Connection, RegistryConnection};
pub use error::KafkaError;
pub use groups::{Group, Lag};
pub use kafka::Kafka;
pub use member::KafkaMember;
pub use outcome::{Mode, Outcome, State};
pub use reader::KafkaReader;
pub use registry::Registry;
pub use schemas::Schemas;
pub use sink::KafkaSink;
pub use widths::Widths;
