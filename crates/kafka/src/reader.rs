//! Reading partitions without a group, each from wherever it is asked for.
//!
//! librdkafka delivers what it fetched of all partitions in one queue, so what comes of another partition than the one
//! that is asked for is kept for it, within bounds.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use ombud_stream::{Outage, Reader, Record, TopicPartition};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError as Cause, RDKafkaErrorCode},
};
use tracing::debug;

use crate::{
    context::Telling, incoming::Incoming, offsets, outage, poll::poll, release::release, schemas::Schemas,
};

/// Records of one fetch, and records kept of one partition.
const RECORDS: usize = 1_024;
/// Bytes kept of one partition; one larger record still passes.
const BYTES: usize = 4 << 20;
/// A partition that nobody asked for in this time is not fetched any more.
const IDLE: Duration = Duration::from_secs(30);

/// Reads partitions of any topic; made by [`crate::Kafka::reader`], used by one thread.
pub struct KafkaReader {
    consumer: BaseConsumer<Telling>,
    timeout: Duration,
    incoming: Incoming,
    tracks: BTreeMap<TopicPartition, Track>,
}

/// What is kept of one partition.
struct Track {
    /// The offset that the next fetch goes on with, when it is the one after the last.
    next: i64,
    ahead: VecDeque<Record>,
    bytes: usize,
    paused: bool,
    asked_at: Instant,
}

impl Track {
    fn is_full(&self) -> bool {
        self.ahead.len() >= RECORDS || self.bytes >= BYTES
    }

    fn keep(&mut self, record: Record) {
        self.bytes += size(&record);
        self.ahead.push_back(record);
    }
}

fn size(record: &Record) -> usize {
    record.value.as_ref().map_or(0, |value| value.len())
}

impl KafkaReader {
    pub(crate) fn new(consumer: BaseConsumer<Telling>, timeout: Duration, schemas: Schemas) -> Self {
        Self { consumer, timeout, incoming: Incoming::new(schemas), tracks: BTreeMap::new() }
    }

    /// Where the group on whose behalf this reads stands in `partition`; `None` where it has no position.
    ///
    /// # Errors
    /// The brokers don't answer.
    pub fn committed(&self, partition: &TopicPartition) -> Result<Option<i64>, Outage> {
        offsets::committed(&self.consumer, partition, self.timeout)
            .map(|position| position.map(|position| position.offset))
    }

    /// Fetches `partition` from `from` on, unless that is what goes on anyway.
    fn track(&mut self, partition: &TopicPartition, from: i64) -> Result<(), Outage> {
        let now = Instant::now();
        if let Some(track) = self.tracks.get_mut(partition) {
            track.asked_at = now;
            if track.next == from {
                return Ok(());
            }
            self.untrack(partition)?;
        }
        self.untrack_idle(now)?;
        // Below the first offset that is still there, the log begins with that.
        let (low, high) = offsets::ends(&self.consumer, partition, self.timeout)?;
        if from > high {
            let why = format!("it ends at {high}");
            return Err(Outage::fatal(format!("read {partition} from {from}"), why));
        }
        let list = one(partition, Offset::Offset(from.max(low)))?;
        let refused = |cause| Outage::passing(format!("read {partition}"), cause);
        self.consumer.incremental_assign(&list).map_err(refused)?;
        let track = Track { next: from, ahead: VecDeque::new(), bytes: 0, paused: false, asked_at: now };
        self.tracks.insert(partition.clone(), track);
        Ok(())
    }

    fn untrack(&mut self, partition: &TopicPartition) -> Result<(), Outage> {
        self.tracks.remove(partition);
        let refused = |cause| Outage::passing(format!("stop reading {partition}"), cause);
        release(&self.consumer, &one(partition, Offset::Invalid)?).map_err(refused)
    }

    fn untrack_idle(&mut self, now: Instant) -> Result<(), Outage> {
        let idle = self.tracks.iter().filter(|(_, track)| now.duration_since(track.asked_at) > IDLE);
        let idle: Vec<TopicPartition> = idle.map(|(partition, _)| partition.clone()).collect();
        idle.iter().try_for_each(|partition| self.untrack(partition))
    }

    /// Takes what librdkafka has, waiting for at most `wait`; whether it was anything.
    fn take(&mut self, wait: Duration) -> Result<bool, Outage> {
        let record = match poll(&self.consumer, wait) {
            None => return Ok(false),
            Some(Ok(message)) => self.incoming.record(&message),
            Some(Err(cause)) => return hiccup(cause).map(|()| false),
        };
        let partition = record.source.clone();
        // Of a partition that is not read any more, or from before it was sought elsewhere: dropped.
        let Some(track) = self.tracks.get_mut(&partition) else { return Ok(true) };
        track.keep(record);
        if track.is_full() && !track.paused {
            track.paused = true;
            self.hold(&partition, true)?;
        }
        Ok(true)
    }

    fn hold(&self, partition: &TopicPartition, hold: bool) -> Result<(), Outage> {
        let list = one(partition, Offset::Invalid)?;
        let told = if hold { self.consumer.pause(&list) } else { self.consumer.resume(&list) };
        told.map_err(|cause| Outage::passing(format!("pause or resume {partition}"), cause))
    }

    /// What is kept of `partition`, its schemas resolved.
    fn kept(&mut self, partition: &TopicPartition) -> Result<Vec<Record>, Outage> {
        let Some(track) = self.tracks.get_mut(partition) else { return Ok(Vec::new()) };
        let mut records = Vec::with_capacity(track.ahead.len().min(RECORDS));
        while records.len() < RECORDS
            && let Some(mut record) = track.ahead.pop_front()
        {
            if let Err(outage) = self.incoming.resolve(&mut record) {
                track.ahead.push_front(record);
                // What came before it is good; the next fetch meets the outage again.
                if records.is_empty() {
                    return Err(outage);
                }
                break;
            }
            track.bytes = track.bytes.saturating_sub(size(&record));
            track.next = record.offset + 1;
            records.push(record);
        }
        if track.paused && !track.is_full() {
            track.paused = false;
            self.hold(partition, false)?;
        }
        Ok(records)
    }
}

fn one(partition: &TopicPartition, offset: Offset) -> Result<TopicPartitionList, Outage> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&partition.topic, partition.partition, offset)
        .map_err(|cause| Outage::fatal(format!("name {partition}"), cause))?;
    Ok(list)
}

fn hiccup(cause: Cause) -> Result<(), Outage> {
    match cause.rdkafka_error_code() {
        Some(RDKafkaErrorCode::OffsetOutOfRange | RDKafkaErrorCode::AutoOffsetReset) => Err(Outage::fatal(
            "go on reading: what comes next was deleted by retention before it was read",
            cause,
        )),
        _ if outage::is_fatal(&cause) => Err(Outage::fatal("read without a group", cause)),
        _ => {
            debug!(error = %cause, "the cluster does not answer");
            Ok(())
        }
    }
}

impl Reader for KafkaReader {
    fn fetch(
        &mut self,
        partition: &TopicPartition,
        from: i64,
        wait: Duration,
    ) -> Result<Vec<Record>, Outage> {
        self.track(partition, from)?;
        let until = Instant::now() + wait;
        // What has arrived is taken without waiting; then a first record of this partition is waited for.
        for _ in 0..RECORDS {
            if !self.take(Duration::ZERO)? {
                break;
            }
        }
        loop {
            let records = self.kept(partition)?;
            let left = until.saturating_duration_since(Instant::now());
            if !records.is_empty() || left.is_zero() {
                return Ok(records);
            }
            self.take(left)?;
        }
    }

    fn end(&mut self, partition: &TopicPartition) -> Result<i64, Outage> {
        offsets::ends(&self.consumer, partition, self.timeout).map(|(_, end)| end)
    }

    fn offset_at(&mut self, partition: &TopicPartition, time_ms: i64) -> Result<i64, Outage> {
        offsets::at_time(&self.consumer, partition, time_ms, self.timeout)
    }
}
