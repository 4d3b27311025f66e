//! What the rest of Ombud may rely on from models: artefacts, shelf, strategy, routing, answers.

#![expect(clippy::unwrap_used, reason = "what a test starts from is there, or the test fails")]

mod answers;
mod approvals;
mod artefacts;
mod changes;
mod clock_rules;
mod clocks;
mod given;
#[cfg(feature = "hub")]
mod hub;
mod placements;
mod proposals;
mod registry;
mod routes;
mod routing_table;
mod shelf;
mod strategies;
mod strategy_feed;
mod strategy_file;
