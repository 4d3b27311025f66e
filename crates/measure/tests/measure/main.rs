//! What evaluation, replay and quality reports promise.

mod evaluate;
mod given;
mod metrics;
mod quality_counts;
mod replay;
mod truths;
