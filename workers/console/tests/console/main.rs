//! What the console takes, and what the report counts.

mod given;
mod quality_counts;
mod verdicts_are_taken;
