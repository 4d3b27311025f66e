//! What the archive keeps, whatever fails on the way and however slow its store is.

mod comes_back;
mod keeps_cases;
mod keeps_sketches;
mod keeps_strategies;
mod slow_store;
mod world;
