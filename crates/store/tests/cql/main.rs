//! What a CQL server keeps. Needs one: `scripts/services start cql`.

mod bears_faults;
mod desk_bears_faults;
mod desk_keeps_its_promises;
mod faulty;
mod keeps_its_promises;
mod reads_both_forms;
mod server;
