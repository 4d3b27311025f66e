//! How much a worker may have in flight: no more than it finishes within a bounded time, by what it finished lately.
//!
//! A bound on numbers would be wrong twice: too small for a model that is fast, and for a slow one so great that a
//! shutdown can't finish it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Over how long the rate is measured.
const MEASURED_OVER: Duration = Duration::from_secs(10);
/// Of how long one entry of the measurement is.
const STEP: Duration = Duration::from_millis(100);

/// What may be in flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InFlightLimit {
    /// As much as is finished in this time at the rate of the last ten seconds.
    pub(crate) within: Duration,
    /// So much in any case, in units of cost: what keeps every thread busy once, so that there is a rate to measure.
    pub(crate) least: u64,
}

/// How much may be in flight, by what was finished lately. Costs are in a unit of the caller's, such as bytes.
#[derive(Debug)]
pub(crate) struct InFlight {
    limit: InFlightLimit,
    /// When a step began, and what was finished in it.
    finished: VecDeque<(Instant, u64)>,
}

impl InFlight {
    pub(crate) fn new(limit: InFlightLimit) -> Self {
        Self { limit, finished: VecDeque::new() }
    }

    /// Something of `cost` was finished at `now`.
    pub(crate) fn settle(&mut self, cost: u64, now: Instant) {
        match self.finished.back_mut() {
            Some((began, sum)) if now.saturating_duration_since(*began) < STEP => *sum += cost,
            _ => self.finished.push_back((now, cost)),
        }
        while self.finished.front().is_some_and(|(began, _)| is_old(*began, now)) {
            self.finished.pop_front();
        }
    }

    /// Whether one more may be taken on at `now`, beside what costs `cost`.
    pub(crate) fn has_room(&self, cost: u64, now: Instant) -> bool {
        cost < self.most(now)
    }

    fn most(&self, now: Instant) -> u64 {
        let recent = || self.finished.iter().filter(|(began, _)| !is_old(*began, now));
        let Some((since, _)) = recent().next() else { return self.limit.least };
        let finished: u64 = recent().map(|(_, cost)| cost).sum();
        // A first step that has hardly begun would give a rate that nobody reaches.
        let over = now.saturating_duration_since(*since).max(STEP);
        let rate = finished as f64 / over.as_secs_f64();
        self.limit.least.max((rate * self.limit.within.as_secs_f64()) as u64)
    }
}

fn is_old(began: Instant, now: Instant) -> bool {
    now.saturating_duration_since(began) > MEASURED_OVER
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Duration = Duration::from_secs(5);

    /// Takes on items of `cost` whenever there is room, and finishes `rate` of them a second, for `seconds`. Returns the
    /// most that was in flight in the last second, in items.
    fn run(cost: u64, least: u64, rate: u64, seconds: u64) -> u64 {
        let (began, mut flight) = (Instant::now(), InFlight::new(InFlightLimit { within: WITHIN, least }));
        let (mut taken_on, mut most) = (0, 0);
        for tick in 0..seconds * rate {
            let now = began + Duration::from_secs_f64(tick as f64 / rate as f64);
            while flight.has_room(taken_on, now) {
                taken_on += cost;
            }
            if tick >= (seconds - 1) * rate {
                most = most.max(taken_on / cost);
            }
            taken_on -= cost;
            flight.settle(cost, now);
        }
        most
    }

    #[test]
    fn what_is_in_flight_is_finished_within_the_time() {
        for (cost, rate) in [(1_000, 30), (250, 30), (1_000, 4), (1_000, 4_000)] {
            let most = run(cost, 24_000, rate, 30);
            let within = rate * WITHIN.as_secs() + 1;
            assert!(most <= within.max(24_000 / cost), "{most} of {within} at {rate}/s");
            assert!(most * 10 >= within * 9, "{most} of {within} at {rate}/s keep nobody waiting");
        }
    }

    #[test]
    fn without_a_rate_there_is_room_for_what_keeps_everybody_busy() {
        let mut flight = InFlight::new(InFlightLimit { within: WITHIN, least: 100 });
        let now = Instant::now();
        assert!(flight.has_room(0, now));
        assert!(flight.has_room(99, now));
        assert!(!flight.has_room(100, now));
        // What was finished long ago says nothing of now.
        flight.settle(1_000_000, now);
        assert!(flight.has_room(100, now));
        assert!(!flight.has_room(100, now + 2 * MEASURED_OVER));
    }
}
