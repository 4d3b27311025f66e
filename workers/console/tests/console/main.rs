//! What the console takes.

#[path = "../../../../crates/measure/tests/measure/given.rs"]
mod given;
mod verdicts_are_taken;
