//! What evaluation, replay, quality reports and the comparing of complaints promise.

mod alike;
mod evaluate;
mod given;
mod metrics;
mod quality_counts;
mod replay;
mod truths;
