//! When bulk records were read, so that a restart does not prolong their wait.

use crate::position::Mark;

/// The marks that the next commit carries: at most one in `interval_ms`, and none that the raw frontier has passed.
#[derive(Debug)]
pub(super) struct BulkMarks {
    marks: Vec<Mark>,
    /// The offset of the newest bulk record; -1 where none is known.
    newest_bulk: i64,
    interval_ms: i64,
}

impl BulkMarks {
    /// As the position that was committed has them.
    pub(super) fn resume(marks: Vec<Mark>, interval_ms: i64) -> Self {
        Self { newest_bulk: marks.last().map_or(-1, |mark| mark.offset - 1), marks, interval_ms }
    }

    /// The raw record at `offset` is part of a backfill.
    pub(super) fn note_bulk(&mut self, offset: i64) {
        self.newest_bulk = offset;
    }

    /// When the raw record at `offset` was read before a restart, if that is known.
    pub(super) fn read_at(&self, offset: i64) -> Option<i64> {
        self.marks.iter().find(|mark| mark.offset > offset).map(|mark| mark.read_at)
    }

    /// Notes that raw was read up to `next` by `now`, while a bulk record may be waiting. Returns all marks at or above
    /// `frontier`.
    pub(super) fn update(&mut self, now: i64, frontier: i64, next: i64) -> Vec<Mark> {
        self.marks.retain(|mark| mark.offset > frontier);
        let last = self.marks.last();
        let is_due = last.is_none_or(|mark| next > mark.offset && now >= mark.read_at + self.interval_ms);
        if is_due && self.newest_bulk >= frontier && next > frontier {
            self.marks.push(Mark { offset: next, read_at: now });
        }
        self.marks.clone()
    }
}
