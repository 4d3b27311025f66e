//! What a CQL server keeps. Needs one: `scripts/services start cql`.

mod bears_faults;
mod keeps_its_promises;
mod reads_both_forms;
mod server;
