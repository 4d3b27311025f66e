//! Which cases humans judged within a span of time, a page at a time.
//!
//! Whatever there is, 16 bytes a case are in memory, and the ids of one day.

use std::{collections::HashSet, ops::Range};

use jiff::civil::Date;
use ombud_contract::ids::complaint_hash;
use ombud_stream::Outage;

use crate::{CaseStore, FeedbackDay};

/// Ids that are given at once: a store that reads many cases at a time is busy with them, and they are soon read.
const PAGE: usize = 128;

/// The complaints with a verdict within a span of time, each once: the latest day first, and within a day the latest
/// verdict.
pub struct JudgedCases {
    span: Range<i64>,
    /// Hashes of the ids that were not given yet.
    waiting: HashSet<[u8; 16]>,
    /// With verdicts, the earliest first.
    days: Vec<Date>,
    /// Of the day that is given now, the earliest verdict first.
    of_day: Vec<String>,
    all: usize,
    given: usize,
}

impl JudgedCases {
    /// Those with a verdict in `since..until` (milliseconds). What comes later than this call is not among them.
    ///
    /// # Errors
    /// The store doesn't answer.
    pub fn find<C: CaseStore + ?Sized>(cases: &mut C, since: i64, until: i64) -> Result<Self, Outage> {
        let span = since..until;
        let (mut waiting, mut days) = (HashSet::new(), Vec::new());
        for day in crate::days(since, until) {
            let before = days.len();
            cases.feedback(day, &mut |verdict| {
                if span.contains(&verdict.decided_at) {
                    waiting.insert(complaint_hash(&verdict.complaint_id));
                    days.truncate(before);
                    days.push(day);
                }
            })?;
        }
        let all = waiting.len();
        Ok(Self { span, waiting, days, of_day: Vec::new(), all, given: 0 })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all == 0
    }

    /// How many of them were given.
    pub fn given(&self) -> usize {
        self.given
    }

    /// The next ids; none at the end.
    ///
    /// # Errors
    /// The store doesn't answer; the ids of that day are lost.
    pub fn next_page<C: CaseStore + ?Sized>(&mut self, cases: &mut C) -> Result<Vec<String>, Outage> {
        while self.of_day.is_empty() {
            let Some(day) = self.days.pop() else { return Ok(Vec::new()) };
            let mut ids = Vec::new();
            cases.feedback(day, &mut |FeedbackDay { decided_at, complaint_id, .. }| {
                if self.span.contains(&decided_at) && self.waiting.contains(&complaint_hash(&complaint_id)) {
                    ids.push(complaint_id);
                }
            })?;
            // Of several verdicts on one the latest counts.
            ids.reverse();
            ids.retain(|id| self.waiting.remove(&complaint_hash(id)));
            ids.reverse();
            self.of_day = ids;
        }
        let mut page = self.of_day.split_off(self.of_day.len().saturating_sub(PAGE));
        page.reverse();
        self.given += page.len();
        Ok(page)
    }
}
