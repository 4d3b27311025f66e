//! The store of cases on a CQL server: ScyllaDB, or Apache Cassandra 5.
//!
//! [`migrate`] makes the tables, [`check`] says what stands there, [`CqlCases`] is the seam over those of the cases and
//! [`CqlDesk`] over those of the desk. All of it is synchronous: each session brings a runtime of its own, because the workers are threads and not tasks. None
//! of it may be called from within an asynchronous task.

mod bucket;
mod cases;
mod connection;
mod desk;
mod error;
mod events;
mod merge;
mod migrate;
mod parts;
mod read_error;
mod retry;
mod sketches;
mod statements;
mod values;
mod writing;

pub use cases::CqlCases;
pub use connection::CqlConnection;
pub use desk::CqlDesk;
pub use error::CqlError;
pub use migrate::{Found, Migrated, check, foresee, migrate};
