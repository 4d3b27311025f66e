//! What a group member reports of its partitions: how many, how much is in flight, how old, what stands still.

use std::collections::BTreeMap;

use metrics::{Counter, Gauge, counter, gauge};

use crate::record::{Record, TopicPartition};

/// An unfinished record that is the oldest of its partition for longer than this has stalled it.
const STALLED_AFTER_MS: i64 = 60_000;

/// How far one owned partition is.
#[derive(Clone, Debug)]
pub struct PartitionStatus {
    /// The partition.
    pub partition: TopicPartition,
    /// Everything below is finished.
    pub frontier: i64,
    /// Records that were taken on and are not finished.
    pub in_flight: usize,
    /// When the oldest record was appended that is taken on and not committed, in milliseconds since the Unix epoch.
    pub oldest_at: Option<i64>,
}

/// The gauges of one worker; all 0 again when it is dropped.
pub struct Vitals {
    owned: Gauge,
    in_flight: Gauge,
    oldest: Gauge,
    stalled: Gauge,
    redelivered: Counter,
    /// The offset after the last one read, by partition.
    read: BTreeMap<TopicPartition, i64>,
    /// The frontier that was reported last, and since when it has been there.
    frontiers: BTreeMap<TopicPartition, (i64, i64)>,
}

impl Vitals {
    /// Those of `worker`, such as `infer.all`.
    pub fn of(worker: &str) -> Self {
        let worker = worker.to_owned();
        Self {
            owned: gauge!("ombud_partitions_owned", "worker" => worker.clone()),
            in_flight: gauge!("ombud_in_flight", "worker" => worker.clone()),
            oldest: gauge!("ombud_oldest_uncommitted_seconds", "worker" => worker.clone()),
            stalled: gauge!("ombud_stalled_partitions", "worker" => worker.clone()),
            redelivered: counter!("ombud_redelivered_total", "worker" => worker),
            read: BTreeMap::new(),
            frontiers: BTreeMap::new(),
        }
    }

    /// Counts `record`, if this member has read it before.
    pub fn read(&mut self, record: &Record) {
        match self.read.get_mut(&record.source) {
            Some(next) if record.offset < *next => self.redelivered.increment(1),
            Some(next) => *next = record.offset + 1,
            None => {
                self.read.insert(record.source.clone(), record.offset + 1);
            }
        }
    }

    /// Reports how far every owned partition is at `now_ms`, in milliseconds since the Unix epoch.
    pub fn report(&mut self, now_ms: i64, owned: impl IntoIterator<Item = PartitionStatus>) {
        let (mut partitions, mut in_flight, mut stalled, mut oldest) = (0_u32, 0, 0_u32, now_ms);
        let mut frontiers = BTreeMap::new();
        for status in owned {
            let before = self.frontiers.get(&status.partition).filter(|_| status.in_flight > 0);
            let since = before
                .filter(|(frontier, _)| *frontier == status.frontier)
                .map_or(now_ms, |(_, since)| *since);
            partitions += 1;
            in_flight += status.in_flight;
            stalled += u32::from(now_ms - since > STALLED_AFTER_MS);
            oldest = oldest.min(status.oldest_at.unwrap_or(now_ms));
            frontiers.insert(status.partition, (status.frontier, since));
        }
        self.frontiers = frontiers;
        self.owned.set(partitions);
        self.in_flight.set(in_flight as f64);
        self.stalled.set(stalled);
        self.oldest.set((now_ms - oldest) as f64 / 1_000.0);
    }
}

impl Drop for Vitals {
    fn drop(&mut self) {
        for gauge in [&self.owned, &self.in_flight, &self.oldest, &self.stalled] {
            gauge.set(0);
        }
    }
}
