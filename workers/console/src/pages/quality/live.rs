//! The report that the page shows: counted on a thread of its own when somebody looks, and kept for some minutes.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crossbeam_channel::{Receiver, Sender, bounded, select};
use ombud_launch::shutdown::Shutdown;
use ombud_measure::quality::CountedQuality;
use ombud_stream::Clock;
use tracing::{info, warn};

use super::source::QualitySource;

/// A report is counted again when somebody looks at one that is older: it reads every case of its time.
const FRESH_MS: i64 = 5 * 60_000;
/// After an outage it is counted again no sooner.
const RETRY_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// How many days a report is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Days {
    /// A week.
    Week,
    /// A month.
    #[default]
    Month,
    /// A quarter.
    Quarter,
}

impl Days {
    pub(super) const ALL: [Self; 3] = [Self::Week, Self::Month, Self::Quarter];

    pub(super) const fn count(self) -> i64 {
        match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
        }
    }

    /// As an address says it; a month where it says nothing of ours.
    pub(super) fn of(text: Option<&str>) -> Self {
        let named = |days: &Self| text == Some(days.count().to_string().as_str());
        Self::ALL.into_iter().find(named).unwrap_or_default()
    }
}

/// What there is to show.
pub(super) struct LatestReport {
    /// The newest report, where one was counted.
    pub(super) latest: Option<Arc<CountedQuality>>,
    /// A newer one is being counted.
    pub(super) is_counting: bool,
    /// The last attempt failed.
    pub(super) has_failed: bool,
}

/// Reports of each length, counted one at a time.
pub struct LiveQuality {
    reports: Mutex<BTreeMap<Days, CachedReport>>,
    wanted: Sender<Days>,
    asked: Receiver<Days>,
}

#[derive(Default)]
struct CachedReport {
    latest: Option<Arc<CountedQuality>>,
    /// When the latest was begun.
    at: i64,
    is_counting: bool,
    failed_at: Option<i64>,
}

impl Default for LiveQuality {
    fn default() -> Self {
        // Each length waits at most once.
        let (wanted, asked) = bounded(Days::ALL.len());
        Self { reports: Mutex::default(), wanted, asked }
    }
}

impl LiveQuality {
    /// Counts what is asked for until `stop`.
    pub fn run(&self, source: &dyn QualitySource, clock: &dyn Clock, stop: &Shutdown) {
        loop {
            select! {
                recv(self.asked) -> days => match days {
                    Ok(days) => self.count(days, source, clock, stop),
                    Err(_) => unreachable!("the sender lies beside it"),
                },
                recv(stop.channel()) -> _ => return,
            }
            if stop.requested() {
                return;
            }
        }
    }

    fn count(&self, days: Days, source: &dyn QualitySource, clock: &dyn Clock, stop: &Shutdown) {
        let at = clock.now_ms();
        let counted = source.count((at - days.count() * DAY_MS, at), &|| stop.requested());
        let mut reports = self.lock();
        let kept = reports.entry(days).or_default();
        kept.is_counting = false;
        match counted {
            Ok(counted) => {
                info!(days = days.count(), took_ms = clock.now_ms() - at, "quality counted");
                *kept = CachedReport { latest: Some(Arc::new(counted)), at, ..CachedReport::default() };
            }
            Err(outage) => {
                if !stop.requested() {
                    warn!(days = days.count(), %outage, "quality not counted");
                }
                kept.failed_at = Some(clock.now_ms());
            }
        }
    }

    /// What there is now; asks for a newer report where this one is old.
    pub(super) fn look(&self, days: Days, now: i64) -> LatestReport {
        let mut reports = self.lock();
        let kept = reports.entry(days).or_default();
        let is_fresh = kept.latest.is_some() && now - kept.at < FRESH_MS;
        let waits = kept.failed_at.is_some_and(|at| now - at < RETRY_MS);
        if !is_fresh && !waits && !kept.is_counting {
            kept.is_counting = self.wanted.try_send(days).is_ok();
        }
        LatestReport {
            latest: kept.latest.clone(),
            is_counting: kept.is_counting,
            has_failed: kept.failed_at.is_some(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Days, CachedReport>> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use ombud_stream::{ManualClock, Outage};

    use super::*;
    use crate::pages::quality::tests::counted;

    #[derive(Default)]
    struct Given {
        asked: AtomicUsize,
        is_away: AtomicBool,
    }

    impl QualitySource for Given {
        fn count(
            &self,
            (since, until): (i64, i64),
            _: &(dyn Fn() -> bool + Sync),
        ) -> Result<CountedQuality, Outage> {
            assert_eq!(until - since, 7 * DAY_MS);
            self.asked.fetch_add(1, Ordering::SeqCst);
            match self.is_away.load(Ordering::SeqCst) {
                true => Err(Outage::passing("read the cases", "nobody answers")),
                false => Ok(counted(1)),
            }
        }
    }

    /// Counts what waits, as [`LiveQuality::run`] does.
    fn turn(live: &LiveQuality, source: &Given, clock: &ManualClock) {
        while let Ok(days) = live.asked.try_recv() {
            live.count(days, source, clock, &Shutdown::default());
        }
    }

    #[test]
    fn a_report_is_counted_when_somebody_looks_and_again_after_five_minutes_at_the_earliest() {
        let (live, source, clock) = (LiveQuality::default(), Given::default(), ManualClock::at(90 * DAY_MS));
        let look = || live.look(Days::Week, clock.now_ms());
        let first = look();
        assert!(first.latest.is_none() && first.is_counting && !first.has_failed);
        assert!(look().is_counting, "and nobody asks twice");
        turn(&live, &source, &clock);
        clock.advance(FRESH_MS - 1);
        let fresh = look();
        assert!(fresh.latest.is_some() && !fresh.is_counting);
        clock.advance(1);
        let old = look();
        assert!(old.latest.is_some() && old.is_counting, "the older one is shown meanwhile");
        turn(&live, &source, &clock);
        assert_eq!(source.asked.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_count_that_failed_is_said_and_tried_again_in_a_minute() {
        let (live, source, clock) = (LiveQuality::default(), Given::default(), ManualClock::at(90 * DAY_MS));
        source.is_away.store(true, Ordering::SeqCst);
        let look = || live.look(Days::Week, clock.now_ms());
        look();
        turn(&live, &source, &clock);
        let failed = look();
        assert!(failed.has_failed && !failed.is_counting && failed.latest.is_none());
        clock.advance(RETRY_MS);
        source.is_away.store(false, Ordering::SeqCst);
        assert!(look().is_counting);
        turn(&live, &source, &clock);
        assert!(look().latest.is_some() && !look().has_failed);
    }

    #[test]
    fn it_stops_while_nobody_looks() {
        let (live, stop) = (LiveQuality::default(), Shutdown::default());
        stop.request();
        live.run(&Given::default(), &ManualClock::at(0), &stop);
    }

    #[test]
    fn an_address_may_name_three_lengths_and_any_other_is_a_month() {
        let days = ["7", "30", "90", "8", ""].map(|text| Days::of(Some(text)).count());
        assert_eq!((days, Days::of(None)), ([7, 30, 90, 30, 30], Days::Month));
    }
}
