//! How far a worker is behind, and how long it needs to catch up at its rate.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::Result;
use metrics::gauge;
use ombud_launch::shutdown::Shutdown;
use ombud_stream::{Outage, Reader, TopicPartition};
use tracing::debug;

use super::watch::CommittedOffsets;

/// How often the lag is measured.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(10);
/// How long the rate remembers: what was measured this long ago counts 1/e of what is measured now. Longer is steadier,
/// and slower to see that a worker has more to do with each record.
const RATE_MEMORY: Duration = Duration::from_secs(30);
/// A worker that has had work for this long and finished none of it stands still.
const STANDS_STILL_AFTER: Duration = Duration::from_secs(60);
/// The time to drain that is reported then: a day, as an alarm understands it.
const STANDS_STILL: f64 = 86_400.0;

/// Keeps the gauges of `worker`, which works for `group`, until `stop`.
pub(crate) fn watch(
    worker: &str,
    group: &str,
    progress: &CommittedOffsets,
    reader: &mut dyn Reader,
    stop: &Shutdown,
) -> Result<()> {
    let mut throughput = Throughput::default();
    while !stop.wait(SAMPLE_INTERVAL) {
        let look = match LagSample::read(reader, &progress.now()) {
            Ok(look) => look,
            // The worker itself reports the outage; the gauges keep their last values.
            Err(outage) => {
                debug!(worker, %outage, "lag not known");
                throughput.interrupt();
                continue;
            }
        };
        gauge!("ombud_lag_records", "worker" => worker.to_owned(), "group" => group.to_owned())
            .set(look.lag() as f64);
        if let Some(seconds) = throughput.drain_seconds(look) {
            gauge!("ombud_drain_seconds", "worker" => worker.to_owned(), "group" => group.to_owned())
                .set(seconds);
        }
    }
    Ok(())
}

/// The offsets of a worker at one moment.
pub(super) struct LagSample {
    pub(super) at: Instant,
    /// Of every partition that it owned: the offset that it finishes next, and the log's end.
    pub(super) partitions: BTreeMap<TopicPartition, (i64, i64)>,
}

impl LagSample {
    fn read(reader: &mut dyn Reader, next: &BTreeMap<TopicPartition, i64>) -> Result<Self, Outage> {
        let mut partitions = BTreeMap::new();
        for (partition, next) in next {
            partitions.insert(partition.clone(), (*next, reader.end(partition)?));
        }
        Ok(Self { at: Instant::now(), partitions })
    }

    pub(super) fn lag(&self) -> i64 {
        self.partitions.values().map(|(next, end)| (end - next).max(0)).sum()
    }

    /// What it has finished since `before`, in the partitions that were owned at both.
    fn finished_since(&self, before: &Self) -> i64 {
        let moved = self.partitions.iter().filter_map(|(partition, (next, _))| {
            before.partitions.get(partition).map(|(stood, _)| (next - stood).max(0))
        });
        moved.sum()
    }

    /// Whether something that lay unread at `before` does so still: it can't have idled meanwhile.
    fn was_busy_since(&self, before: &Self) -> bool {
        let ended = |partition: &TopicPartition| before.partitions.get(partition).map(|(_, end)| *end);
        self.partitions.iter().any(|(partition, (next, _))| ended(partition).is_some_and(|end| *next < end))
    }
}

/// How many records a worker finishes in a second when it has enough to do, exponentially weighted.
///
/// Only what it does while it is busy measures that: with little to do its rate is that of the complaints that come in,
/// and a lag of one record would seem to take forever.
#[derive(Default)]
pub(super) struct Throughput {
    before: Option<LagSample>,
    /// Records a second; not known before something was finished in a busy time.
    rate: Option<f64>,
    /// Since when it has had work and finished none.
    still_since: Option<Instant>,
}

impl Throughput {
    /// The time to drain; `None` while it is unknown.
    pub(super) fn drain_seconds(&mut self, now: LagSample) -> Option<f64> {
        if let Some(before) = self.before.take() {
            self.learn(&before, &now);
        }
        let (lag, at) = (now.lag(), now.at);
        self.before = Some(now);
        let still = self.still_since.is_some_and(|since| at.duration_since(since) >= STANDS_STILL_AFTER);
        if lag == 0 {
            Some(0.0)
        } else if still {
            Some(STANDS_STILL)
        } else {
            self.rate.map(|rate| (lag as f64 / rate).min(STANDS_STILL))
        }
    }

    fn learn(&mut self, before: &LagSample, now: &LagSample) {
        let seconds = now.at.duration_since(before.at).as_secs_f64();
        let (finished, busy) = (now.finished_since(before), now.was_busy_since(before));
        let rate = finished as f64 / seconds;
        self.still_since = (busy && finished == 0).then(|| self.still_since.unwrap_or(before.at));
        self.rate = match self.rate {
            Some(known) if busy => {
                let weight = 1.0 - (-seconds / RATE_MEMORY.as_secs_f64()).exp();
                Some(known + weight * (rate - known))
            }
            // It may have idled, so it can do this much at least.
            Some(known) => Some(known.max(rate)),
            None => (busy && finished > 0).then_some(rate),
        };
    }

    /// Nobody knows what was done since the last look: that time measures nothing.
    pub(super) fn interrupt(&mut self) {
        self.before = None;
        self.still_since = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::scan::tests::{Partition, record};

    /// A worker whose gauges are looked at every ten seconds.
    struct Story {
        throughput: Throughput,
        at: Instant,
    }

    impl Story {
        fn new() -> Self {
            Self { throughput: Throughput::default(), at: Instant::now() }
        }

        /// The time to drain ten seconds later; by partition, what is finished next and the log's end.
        fn look(&mut self, partitions: &[(i32, i64, i64)]) -> Option<f64> {
            self.at += SAMPLE_INTERVAL;
            let partitions = partitions
                .iter()
                .map(|(partition, next, end)| (TopicPartition::new("raw", *partition), (*next, *end)));
            self.throughput.drain_seconds(LagSample { at: self.at, partitions: partitions.collect() })
        }

        /// As [`Self::look`], of a worker with one partition.
        fn one(&mut self, next: i64, end: i64) -> Option<f64> {
            self.look(&[(0, next, end)])
        }
    }

    fn looked(partitions: &[(i32, i64, i64)]) -> LagSample {
        let of = |(partition, next, end): &(i32, i64, i64)| {
            (TopicPartition::new("raw", *partition), (*next, *end))
        };
        LagSample { at: Instant::now(), partitions: partitions.iter().map(of).collect() }
    }

    #[test]
    fn only_partitions_that_stayed_count_as_progress() {
        let before = looked(&[(0, 5, 9), (1, 5, 9)]);
        assert_eq!(looked(&[(0, 8, 9), (2, 100, 100)]).finished_since(&before), 3);
    }

    #[test]
    fn lag_is_counted_over_all_partitions_and_none_is_ahead_of_its_end() {
        let at = |offsets: &[(i32, i64)]| {
            let offsets = offsets.iter();
            offsets
                .map(|(partition, next)| (TopicPartition::new("raw", *partition), *next))
                .collect::<BTreeMap<_, _>>()
        };
        // Every partition of this reader ends at 5.
        let mut reader = Partition((0..5).map(|offset| record(0, offset, 1)).collect());
        assert_eq!(LagSample::read(&mut reader, &at(&[(0, 3), (1, 0), (2, 9)])).unwrap().lag(), 7);
        assert_eq!(LagSample::read(&mut reader, &at(&[])).unwrap().lag(), 0);
    }

    #[test]
    fn a_backlog_takes_its_length_over_the_rate() {
        let mut story = Story::new();
        assert_eq!(story.one(0, 10_000), None, "no rate is known yet");
        assert_eq!(story.one(1_000, 10_000), Some(90.0));
        assert_eq!(story.one(2_000, 11_000), Some(90.0));
        assert_eq!(story.one(11_000, 11_000), Some(0.0));
    }

    #[test]
    fn the_rate_follows_what_the_worker_does_within_a_minute_and_not_one_look() {
        let mut story = Story::new();
        story.one(0, 100_000);
        story.one(1_000, 100_000);
        // From 100 a second to 50.
        let first = story.one(1_500, 100_000).unwrap();
        assert!((1_080.0..1_180.0).contains(&first), "{first}: a rate between 83 and 91");
        let mut last = first;
        for look in 4..10 {
            last = story.one(look * 500, 100_000).unwrap();
        }
        assert!((1_710.0..1_910.0).contains(&last), "{last}: a rate between 50 and 56");
    }

    #[test]
    fn one_complaint_every_twenty_seconds_for_a_day_never_takes_long_though_each_look_finds_one_unread() {
        let mut story = Story::new();
        for come in 1..4_320 {
            let unread = story.one(come - 1, come);
            let read = story.one(come, come);
            assert_eq!((unread.unwrap_or(0.0), read), (0.0, Some(0.0)), "complaint {come}");
        }
    }

    #[test]
    fn a_burst_after_a_quiet_time_is_measured_by_what_is_done_of_it_and_not_by_the_quiet() {
        let mut story = Story::new();
        // 100 a second, known since the last burst.
        story.one(0, 3_000);
        story.one(1_000, 3_000);
        story.one(3_000, 3_000);
        for quiet in 0..1_000 {
            story.one(3_000 + quiet, 3_000 + quiet);
        }
        let burst = story.one(4_000, 14_000).unwrap();
        assert!((50.0..=100.0).contains(&burst), "{burst}: at least 100 a second");
    }

    #[test]
    fn a_worker_stands_still_once_it_has_had_work_for_a_minute_and_finished_none() {
        let mut story = Story::new();
        story.one(0, 100);
        let mut before = story.one(50, 100).unwrap();
        for _ in 0..5 {
            let seconds = story.one(50, 100).unwrap();
            assert!(before < seconds && seconds < 120.0, "{seconds} after {before}");
            before = seconds;
        }
        assert_eq!(story.one(50, 100), Some(STANDS_STILL));
        assert!(story.one(51, 100).unwrap() < STANDS_STILL, "it moves again");
    }

    #[test]
    fn a_worker_that_never_finished_anything_stands_still_after_a_minute_too() {
        let mut story = Story::new();
        let told: Vec<_> = (0..8).map(|_| story.one(0, 1)).collect();
        assert_eq!(told, [None, None, None, None, None, None, Some(STANDS_STILL), Some(STANDS_STILL)]);
    }

    #[test]
    fn one_partition_that_stands_still_is_no_worker_that_does() {
        let mut story = Story::new();
        for look in 0..20 {
            let told = story.look(&[(0, 5, 6), (1, look * 100, 10_000)]);
            assert!(told.is_none_or(|seconds| seconds <= 1_000.1), "{told:?} at look {look}");
        }
    }

    #[test]
    fn what_is_read_of_a_partition_that_has_just_come_is_no_evidence() {
        let mut story = Story::new();
        story.look(&[(0, 0, 1_000)]);
        story.look(&[(0, 100, 1_000)]);
        // 2,900 records at 10 a second: those of partition 1 were read by somebody else.
        assert_eq!(story.look(&[(0, 200, 1_000), (1, 7_900, 10_000)]), Some(290.0));
    }

    #[test]
    fn a_time_in_which_the_brokers_were_away_measures_nothing() {
        let mut story = Story::new();
        story.one(0, 1_000);
        assert_eq!(story.one(100, 1_000), Some(90.0));
        story.throughput.interrupt();
        story.at += Duration::from_secs(600);
        assert_eq!(story.one(101, 1_001), Some(90.0));
    }
}
