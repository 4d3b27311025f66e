//! What is kept so that complaints can be compared with one another: a sketch of each, which holds no word of it.
//!
//! They are written as [`crate::Row`]s, and stores pack those of one write into blocks: a row for each would cost an archive a
//! tenth of its time.

mod block;

use bytes::Bytes;
use jiff::civil::Date;
use ombud_stream::Outage;

pub use block::SketchBlock;

/// Days after which a sketch is gone: five weeks.
pub const SKETCH_DAYS: i64 = 35;

/// A sketch of one submission, kept by the day of `received_at`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SketchRow {
    /// The complaint.
    pub complaint_id: String,
    /// Which edit of it, counted from 1.
    pub submission: i32,
    /// Business time of the complaint.
    pub received_at: i64,
    /// 256 bytes, from which nobody can tell a word.
    pub sketch: Bytes,
    /// How it came in.
    pub channel: String,
    /// Who complains on the customer's behalf, where the sender says so.
    pub representative: Option<String>,
}

/// Takes the sketches away that a complaint has on a day. Whatever a replay brings of it there, no reader is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasedSketch {
    /// As it was sketched.
    pub received_at: i64,
    /// The complaint.
    pub complaint_id: String,
}

/// Reads sketches. Called by one thread; may block until the store answers.
pub trait Sketches: Send {
    /// Gives the sketches of complaints received on `day` to `each`, one by one and in no order; one that was written again
    /// may come again. However many that are, some blocks of them are in memory. A block that is not what was written is
    /// passed over.
    ///
    /// # Errors
    /// The store doesn't answer; `each` may have been given some by then.
    fn sketches(&mut self, day: Date, each: &mut dyn FnMut(SketchRow)) -> Result<(), Outage>;
}
