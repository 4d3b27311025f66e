//! What the console takes, shows and records.

mod answered;
mod bank;
mod blind_sample;
mod complaint_page;
mod doubles;
mod explanations;
#[path = "../../../../crates/measure/tests/measure/given.rs"]
mod given;
mod given_desks;
mod keys;
mod late_pages;
mod memory_desk;
mod memory_leases;
mod no_sources;
mod pages_by_role;
mod radar;
mod rollout_pages;
mod sample_elsewhere;
mod table_file;
mod team_queue;
mod triage_desk;
mod verdicts_are_taken;
mod vulnerability_desk;
mod who_may;
mod work_over_http;
mod worklist_follows;
