//! How much may be sent ahead of one group: what it finishes in a second or two.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::groups::GroupProgress;

/// What is sent ahead of a group is finished in about this time. It is more than twice the time between two commits, which
/// are how progress is seen; less leaves workers without work.
const FINISHED_WITHIN: Duration = Duration::from_millis(1_500);
/// Over how long a group's rate is measured.
const MEASURED_OVER: Duration = Duration::from_secs(3);
/// So much in any case, so that there is a rate to measure: a second's work of an encoder on two cores.
const LEAST_ROOM: f64 = 32.0;
/// By how much the window grows where the group ran out of work before it was ever too slow: its rate is not known yet.
const GROWTH_AT_FIRST: f64 = 4.0;
/// The same once its rate is known: it was faster for a moment.
const GROWTH: f64 = 1.25;
/// A group has run out of work where it has less than this share of its window.
const DRY_SHARE: f64 = 0.25;

/// How much was sent ahead of a group, and how much may be.
#[derive(Debug)]
pub(crate) struct SendWindow {
    /// When it was measured, and what was finished by then.
    looks: VecDeque<(Instant, i64)>,
    in_front: i64,
    most: f64,
    /// Something was kept back since the last look.
    was_full: bool,
    /// It has been too slow once, so its rate is known.
    is_measured: bool,
}

impl Default for SendWindow {
    fn default() -> Self {
        Self { looks: VecDeque::new(), in_front: 0, most: LEAST_ROOM, was_full: false, is_measured: false }
    }
}

impl SendWindow {
    /// Whether one more may be sent.
    pub(crate) fn has_room(&self) -> bool {
        (self.in_front as f64) < self.most
    }

    /// One more was sent.
    pub(crate) fn sent(&mut self) {
        self.in_front += 1;
    }

    /// Something was kept back.
    pub(crate) fn was_full(&mut self) {
        self.was_full |= !self.has_room();
    }

    /// How many were sent ahead of the group, as far as it is known.
    pub(crate) fn in_front(&self) -> i64 {
        self.in_front
    }

    /// The group is so far at `now`.
    pub(crate) fn look(&mut self, now: Instant, group: GroupProgress) {
        self.in_front = group.behind;
        self.looks.push_back((now, group.finished));
        while self.looks.len() > 2
            && self.looks.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > MEASURED_OVER)
        {
            self.looks.pop_front();
        }
        let (was_full, is_dry) =
            (std::mem::take(&mut self.was_full), (group.behind as f64) < self.most * DRY_SHARE);
        self.is_measured |= was_full && !is_dry && self.looks.len() > 2;
        let growth = if self.is_measured { GROWTH } else { GROWTH_AT_FIRST };
        let tried = if was_full && is_dry { self.most * growth } else { 0.0 };
        self.most = LEAST_ROOM.max(self.rate() * FINISHED_WITHIN.as_secs_f64()).max(tried);
    }

    /// Finished in a second.
    fn rate(&self) -> f64 {
        let (Some((since, before)), Some((now, finished))) = (self.looks.front(), self.looks.back()) else {
            return 0.0;
        };
        let over = now.saturating_duration_since(*since).as_secs_f64();
        if over > 0.0 { (finished - before).max(0) as f64 / over } else { 0.0 }
    }
}
