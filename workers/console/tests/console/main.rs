//! What the console takes, shows and records.

mod bank;
#[path = "../../../../crates/measure/tests/measure/given.rs"]
mod given;
mod memory_leases;
mod verdicts_are_taken;
mod who_may;
mod work_over_http;
mod worklist_follows;
