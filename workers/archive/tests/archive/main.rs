//! What the archive keeps, whatever fails on the way and however slow its store is.

mod keeps_cases;
mod slow_store;
