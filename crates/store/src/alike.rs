//! What is kept so that complaints can be compared with one another: a sketch of each, which holds no word of it.

use bytes::Bytes;
use jiff::civil::Date;
use ombud_stream::Outage;

/// Days after which a sketch is gone: five weeks.
pub const SKETCH_DAYS: i64 = 35;

/// A sketch of one submission. Key: day of `received_at`, complaint, submission, `id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SketchRow {
    /// Business time of the complaint.
    pub received_at: i64,
    /// The complaint.
    pub complaint_id: String,
    /// Which edit of it, counted from 1.
    pub submission: i32,
    /// Hash of its content.
    pub id: String,
    /// 256 bytes, from which nobody can tell a word.
    pub sketch: Bytes,
    /// How it came in.
    pub channel: String,
    /// Who complains on the customer's behalf, where the sender says so.
    pub representative: Option<String>,
}

/// Takes the sketches away that a complaint has on a day. None comes there again, because a replay would bring it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasedSketch {
    /// As it was sketched.
    pub received_at: i64,
    /// The complaint.
    pub complaint_id: String,
}

/// Reads sketches; they are written as [`crate::Row`]s. Called by one thread; may block until the store answers.
pub trait Sketches: Send {
    /// Gives the sketches of complaints received on `day` to `each`, one by one: by complaint, then by submission. However
    /// many that are, some pages of them are in memory.
    ///
    /// # Errors
    /// The store doesn't answer; `each` may have been given some by then.
    fn sketches(&mut self, day: Date, each: &mut dyn FnMut(SketchRow)) -> Result<(), Outage>;
}
