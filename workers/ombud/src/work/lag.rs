//! How far a worker is behind, and how long it needs to catch up at its present rate.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::Result;
use metrics::gauge;
use ombud_launch::shutdown::Shutdown;
use ombud_stream::{Reader, TopicPartition};
use tracing::debug;

use super::watch::Progress;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(10);
/// What the time to drain is said to be when nothing moves: a day, as an alarm understands it.
const STANDS_STILL: f64 = 86_400.0;

/// Keeps the gauges of `worker` until told to stop.
pub(crate) fn watch(
    worker: &str,
    progress: &Progress,
    reader: &mut dyn Reader,
    stop: &Shutdown,
) -> Result<()> {
    let mut before = (Instant::now(), progress.now());
    while !stop.wait(EVERY) {
        let now = progress.now();
        let lag = match behind(reader, &now) {
            Ok(lag) => lag,
            // The worker itself tells of the outage; the gauges keep their last values.
            Err(outage) => {
                debug!(worker, %outage, "lag not known");
                continue;
            }
        };
        let rate = finished(&before.1, &now) as f64 / before.0.elapsed().as_secs_f64();
        gauge!("ombud_lag_records", "worker" => worker.to_owned()).set(lag as f64);
        gauge!("ombud_drain_seconds", "worker" => worker.to_owned()).set(drain_seconds(lag, rate));
        before = (Instant::now(), now);
    }
    Ok(())
}

fn behind(reader: &mut dyn Reader, at: &BTreeMap<TopicPartition, i64>) -> Result<i64, ombud_stream::Outage> {
    at.iter().map(|(partition, next)| Ok((reader.end(partition)? - next).max(0))).sum()
}

/// Records finished between two looks, in the partitions that were owned at both.
fn finished(before: &BTreeMap<TopicPartition, i64>, now: &BTreeMap<TopicPartition, i64>) -> i64 {
    let moved = now.iter().filter_map(|(partition, next)| Some((next - before.get(partition)?).max(0)));
    moved.sum()
}

fn drain_seconds(lag: i64, rate: f64) -> f64 {
    if lag == 0 {
        0.0
    } else if rate > 0.0 {
        (lag as f64 / rate).min(STANDS_STILL)
    } else {
        STANDS_STILL
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::tests::{Partition, record};

    fn at(offsets: &[(i32, i64)]) -> BTreeMap<TopicPartition, i64> {
        offsets.iter().map(|(partition, next)| (TopicPartition::new("raw", *partition), *next)).collect()
    }

    #[test]
    fn only_partitions_that_stayed_count_as_progress() {
        assert_eq!(finished(&at(&[(0, 5), (1, 5)]), &at(&[(0, 8), (2, 100)])), 3);
    }

    #[test]
    fn lag_is_counted_over_all_partitions_and_none_is_ahead_of_its_end() {
        // Every partition of this reader ends at 5.
        let mut reader = Partition((0..5).map(|offset| record(0, offset, 1)).collect());
        assert_eq!(behind(&mut reader, &at(&[(0, 3), (1, 0), (2, 9)])).unwrap(), 7);
        assert_eq!(behind(&mut reader, &at(&[])).unwrap(), 0);
    }

    #[test]
    fn nothing_behind_takes_no_time_and_standing_still_takes_the_most() {
        assert_eq!(drain_seconds(0, 0.0), 0.0);
        assert_eq!(drain_seconds(10, 0.0), STANDS_STILL);
        assert_eq!(drain_seconds(10, 5.0), 2.0);
    }
}
