//! When the next complaint may go: so many a second, by the clock.

use std::time::{Duration, Instant};

/// How much of a stall is caught up: enough for timers that wake late, too little for a burst.
const MAX_CATCH_UP: Duration = Duration::from_millis(100);

/// One complaint each interval.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    interval: Duration,
    due: Instant,
}

impl Pace {
    /// `rate` complaints a second, the first at `now`.
    pub(crate) fn new(rate: f64, now: Instant) -> Self {
        Self { interval: Duration::from_secs_f64(1.0 / rate), due: now }
    }

    /// How long the next one has to wait.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        self.due.saturating_duration_since(now)
    }

    /// One went at `now`.
    pub(crate) fn went(&mut self, now: Instant) {
        let stalled_since = now.checked_sub(MAX_CATCH_UP).unwrap_or(now);
        self.due = self.due.max(stalled_since) + self.interval;
    }
}

/// A rate of the command line: complaints a second.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        // Slower than one a day is a mistake, and its interval has to fit a Duration.
        Ok(rate) if rate.is_finite() && rate >= 1.0 / 86_400.0 => Ok(rate),
        _ => Err("no number of complaints a second, such as 20 or 0.5".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When each of `count` complaints goes, where each waits `late` longer than it has to.
    fn times(pace: &mut Pace, mut now: Instant, late: Duration, count: usize) -> Vec<Instant> {
        let mut times = Vec::new();
        for _ in 0..count {
            let wait = pace.wait(now);
            if !wait.is_zero() {
                now += wait + late;
            }
            pace.went(now);
            times.push(now);
        }
        times
    }

    #[test]
    fn the_rate_is_kept_although_timers_wake_late() {
        let began = Instant::now();
        let mut pace = Pace::new(1_000.0, began);
        let times = times(&mut pace, began, Duration::from_micros(300), 10_001);
        let took = times[10_000] - began;
        assert!((took.as_secs_f64() - 10.0).abs() < 0.01, "{took:?}");
    }

    #[test]
    fn a_stall_is_followed_by_no_burst() {
        let began = Instant::now();
        let mut pace = Pace::new(100.0, began);
        let _ = times(&mut pace, began, Duration::ZERO, 10);
        let later = began + Duration::from_secs(60);
        let times = times(&mut pace, later, Duration::ZERO, 100);
        let at_once = times.iter().filter(|time| **time == later).count();
        assert!(at_once <= 11, "{at_once} at once");
    }

    #[test]
    fn a_rate_is_a_positive_number() {
        assert_eq!(rate("0.5"), Ok(0.5));
        for wrong in ["0", "-1", "inf", "NaN", "fast", "1e-9"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}
