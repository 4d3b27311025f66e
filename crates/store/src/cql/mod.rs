//! The store of cases on a CQL server: ScyllaDB, or Apache Cassandra 5.
//!
//! [`migrate`] makes the tables, [`check`] says what stands there, and [`CqlCases`] is the seam over them. All of it
//! is synchronous: each session brings a runtime of its own, because the workers are threads and not tasks. None
//! of it may be called from within an asynchronous task.

mod bucket;
mod cases;
mod connection;
mod error;
mod merge;
mod migrate;
mod retry;
mod statements;

pub use cases::CqlCases;
pub use connection::CqlConnection;
pub use error::CqlError;
pub use migrate::{Found, Migrated, check, foresee, migrate};
