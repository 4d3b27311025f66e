//! What every record, schema and id keeps.

mod access;
mod any;
mod codec;
mod compatibility;
mod examples;
mod ids;
mod validate;
mod verdicts;
mod work;
mod work_fold;
mod work_model;
