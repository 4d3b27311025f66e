//! Models from labelled complaints: trained, and measured.

pub mod evaluate;
