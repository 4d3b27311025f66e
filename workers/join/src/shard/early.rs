//! Predictions that came before their raw record was read: kept up to a bound, above it read again later.

use std::collections::BTreeMap;

use crate::shard::case::Answer;

/// Answers by the offset of the raw record that they are about.
#[derive(Debug)]
pub(super) struct EarlyAnswers {
    answers: BTreeMap<i64, Vec<Answer>>,
    len: usize,
    cap: usize,
    /// The lowest offset that was let go of, and the lowest raw offset that one of those was about.
    dropped: Option<Dropped>,
}

#[derive(Clone, Copy, Debug)]
struct Dropped {
    offset: i64,
    raw_offset: i64,
}

impl EarlyAnswers {
    pub(super) fn new(cap: usize) -> Self {
        Self { answers: BTreeMap::new(), len: 0, cap, dropped: None }
    }

    /// Keeps `answer`, or remembers that it has to be read again. Returns whether it was kept.
    ///
    /// Nothing is kept that is about the same raw record as a dropped one, or a later one: otherwise room that comes free
    /// would let a second answer overtake the first.
    pub(super) fn hold(&mut self, answer: Answer) -> bool {
        let behind = self.dropped.is_some_and(|dropped| answer.raw_offset >= dropped.raw_offset);
        if self.len >= self.cap || behind {
            self.let_go(&answer);
            return false;
        }
        self.len += 1;
        self.answers.entry(answer.raw_offset).or_default().push(answer);
        true
    }

    fn let_go(&mut self, answer: &Answer) {
        let new = Dropped { offset: answer.offset, raw_offset: answer.raw_offset };
        let old = self.dropped.unwrap_or(new);
        self.dropped = Some(Dropped {
            offset: old.offset.min(new.offset),
            raw_offset: old.raw_offset.min(new.raw_offset),
        });
    }

    /// Keeps `cap` answers at most from now on; gives the offsets of those that have to be read again for that. They are
    /// about the latest raw records, and all that is kept about one goes together, as if it had never had room.
    pub(super) fn resize(&mut self, cap: usize) -> Vec<i64> {
        self.cap = cap;
        let mut gone = Vec::new();
        while self.len > self.cap {
            let Some((_, answers)) = self.answers.pop_last() else { break };
            self.len -= answers.len();
            for answer in answers {
                self.let_go(&answer);
                gone.push(answer.offset);
            }
        }
        gone
    }

    /// The answers about one raw record, in the order of the log.
    pub(super) fn take(&mut self, raw_offset: i64) -> Vec<Answer> {
        let answers = self.answers.remove(&raw_offset).unwrap_or_default();
        self.len -= answers.len();
        answers
    }

    /// The answers about raw records below `raw_next`, in the order of those.
    pub(super) fn take_below(&mut self, raw_next: i64) -> Vec<Answer> {
        let rest = self.answers.split_off(&raw_next);
        let answers: Vec<Answer> =
            std::mem::replace(&mut self.answers, rest).into_values().flatten().collect();
        self.len -= answers.len();
        answers
    }

    /// Where to read predictions again from, once a raw record that a dropped one is about has been read.
    ///
    /// Not sooner, though there may be room: until then no case waits for a dropped one, and by then raw has
    /// passed what was kept, so that each seek back makes use of a full buffer.
    pub(super) fn seek_back(&mut self, raw_next: i64) -> Option<i64> {
        let dropped = self.dropped.filter(|dropped| dropped.raw_offset < raw_next)?;
        self.dropped = None;
        Some(dropped.offset)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }
}
