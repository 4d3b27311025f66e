//! Complaints that say the same: letters that many customers copied, and what somebody writes for many.
//!
//! narrative -> words -> shingles of five -> [`Sketch`], kept by the archive -> [`cluster`] -> [`Radar`]
//!
//! A sketch holds no word. Two of them say how many of their shingles two narratives share (MinHash: Broder 1997), and their
//! bands say which pairs are worth looking at (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, chapter 3).

mod cluster;
mod growth;
mod history;
mod radar;
mod shingles;
mod sketch;

pub use cluster::cluster;
pub use growth::{Growth, LARGE, SHOWN};
pub use radar::{AlikeCluster, Member, Radar, WEEKS_BEFORE};
pub use sketch::{LEAST_SIMILARITY, Sketch, sketch_row};
