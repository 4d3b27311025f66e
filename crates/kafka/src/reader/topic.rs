//! One topic read by a client of its own: an end-of-partition event names a partition's number and no topic.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use ombud_stream::{Outage, Record, Stretch, TopicPartition};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError as Cause, RDKafkaErrorCode},
};
use tracing::debug;

use crate::{
    context::LibrdkafkaLog,
    incoming::Incoming,
    offsets,
    outage::{self, Right},
    poll::poll,
    release::release,
};

/// Records of one fetch, and half of the records kept of one partition: it is paused at twice that, which costs what librdkafka has
/// fetched of it ahead.
const MOST_RECORDS: usize = 1_024;
/// Half of the bytes kept of one partition; one larger record still passes.
const MOST_BYTES: usize = 4 << 20;
/// How long nothing may come before the brokers are asked. librdkafka loses a cluster for good, and may not say so, that named
/// no broker when it came back (confluentinc/librdkafka#5301).
const SILENT_AFTER: Duration = Duration::from_secs(10);
/// How long they may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);
/// A partition that nobody asked for in this time is not fetched any more.
const IDLE_AFTER: Duration = Duration::from_secs(30);

/// Reads the partitions of one topic, each from wherever it is asked for.
///
/// librdkafka delivers what it fetched of all partitions in one queue, so what comes of another partition than the one
/// that is asked for is kept for it, within bounds.
pub(super) struct TopicReader {
    consumer: BaseConsumer<LibrdkafkaLog>,
    /// Asks where a partition ends, without waiting behind a fetch.
    asking: Arc<BaseConsumer<LibrdkafkaLog>>,
    timeout: Duration,
    tracks: BTreeMap<i32, Track>,
    /// When anything last came, or the brokers last answered.
    heard_at: Instant,
    /// By then there was more than had come.
    behind: bool,
    /// The client has to be replaced.
    lost: bool,
}

/// What is kept of one partition.
struct Track {
    /// The offset that the next fetch goes on with.
    next: i64,
    ahead: VecDeque<Record>,
    bytes: usize,
    paused: bool,
    asked_at: Instant,
    /// librdkafka came to the end of the partition, and `next` has not been moved there since.
    ended: bool,
    /// Nobody has made sure since that the partition does not go on where librdkafka's position ends.
    unsure: bool,
    /// The partition's end, asked for before the partition was fetched again: reached with the end-of-partition event that follows.
    end: Option<i64>,
}

impl Track {
    fn from(next: i64, end: Option<i64>) -> Self {
        Self {
            next,
            ahead: VecDeque::new(),
            bytes: 0,
            paused: false,
            asked_at: Instant::now(),
            ended: false,
            unsure: false,
            end,
        }
    }

    /// Whoever fetches it is waited for, before anything more is taken.
    fn is_full(&self) -> bool {
        self.ahead.len() >= MOST_RECORDS || self.bytes >= MOST_BYTES
    }

    /// Whoever fetches it does not come, while another partition is waited for.
    fn is_overfull(&self) -> bool {
        self.ahead.len() >= 2 * MOST_RECORDS || self.bytes >= 2 * MOST_BYTES
    }

    fn keep(&mut self, record: Record) {
        self.bytes += size(&record);
        self.ahead.push_back(record);
    }
}

fn size(record: &Record) -> usize {
    record.value.as_ref().map_or(0, |value| value.len())
}

impl TopicReader {
    pub(super) fn new(
        consumer: BaseConsumer<LibrdkafkaLog>,
        asking: Arc<BaseConsumer<LibrdkafkaLog>>,
        timeout: Duration,
    ) -> Self {
        Self {
            consumer,
            asking,
            timeout,
            tracks: BTreeMap::new(),
            heard_at: Instant::now(),
            behind: false,
            lost: false,
        }
    }

    /// Whether the client has to be replaced: it does not reach the brokers, or what they have does not come.
    pub(super) fn is_lost(&self) -> bool {
        self.lost
    }

    fn heard(&mut self) {
        (self.heard_at, self.behind) = (Instant::now(), false);
    }

    /// After a silence, whether the brokers still answer and whether `partition` has nothing from `next` on.
    fn break_silence(&mut self, partition: &TopicPartition, next: i64) {
        if self.heard_at.elapsed() < SILENT_AFTER {
            return;
        }
        self.heard_at = Instant::now();
        let asked = self.consumer.fetch_watermarks(&partition.topic, partition.partition, ANSWER_TIMEOUT);
        let is_behind = asked.as_ref().is_ok_and(|(_, end)| *end > next);
        let was_behind = std::mem::replace(&mut self.behind, is_behind);
        self.lost = asked.is_err() || (is_behind && was_behind);
    }

    /// As [`ombud_stream::Reader::fetch`] says.
    pub(super) fn fetch(
        &mut self,
        partition: &TopicPartition,
        from: i64,
        wait: Duration,
        incoming: &mut Incoming,
    ) -> Result<Stretch, Outage> {
        self.track(partition, from)?;
        let until = Instant::now() + wait;
        // What has arrived is taken without waiting, while there is room for it; then a first record of this partition is waited for.
        for _ in 0..MOST_RECORDS {
            if !self.take(partition, Duration::ZERO, incoming)? {
                break;
            }
        }
        loop {
            let records = self.kept(partition, incoming)?;
            let next = self.move_on(partition, !wait.is_zero())?;
            let left = until.saturating_duration_since(Instant::now());
            let is_empty = records.is_empty() && next <= from;
            if is_empty && left.is_zero() {
                self.break_silence(partition, next);
            }
            if !is_empty || left.is_zero() {
                return Ok(Stretch { records, next });
            }
            self.take(partition, left, incoming)?;
        }
    }

    /// Fetches `partition` from `from` on, unless that is what goes on anyway.
    fn track(&mut self, partition: &TopicPartition, from: i64) -> Result<(), Outage> {
        let now = Instant::now();
        if let Some(track) = self.tracks.get_mut(&partition.partition) {
            track.asked_at = now;
            if track.next == from {
                return Ok(());
            }
            self.untrack(partition)?;
        }
        self.untrack_idle(partition, now)?;
        let (low, high) = offsets::ends(&self.asking, partition, self.timeout)?;
        if from > high {
            let why = format!("it ends at {high}");
            return Err(Outage::fatal(format!("read {partition} from {from}"), why));
        }
        // Below the first offset that is still there, the log begins with that.
        self.begin(partition, from.max(low), None)
    }

    fn begin(&mut self, partition: &TopicPartition, next: i64, end: Option<i64>) -> Result<(), Outage> {
        let list = one(partition, Offset::Offset(next))?;
        let refused = |cause| Outage::passing(format!("read {partition}"), cause);
        self.consumer.incremental_assign(&list).map_err(refused)?;
        self.tracks.insert(partition.partition, Track::from(next, end));
        Ok(())
    }

    fn untrack(&mut self, partition: &TopicPartition) -> Result<(), Outage> {
        self.tracks.remove(&partition.partition);
        let refused = |cause| Outage::passing(format!("stop reading {partition}"), cause);
        release(&self.consumer, &one(partition, Offset::Invalid)?).map_err(refused)
    }

    fn untrack_idle(&mut self, of: &TopicPartition, now: Instant) -> Result<(), Outage> {
        let idle = self.tracks.iter().filter(|(_, track)| now.duration_since(track.asked_at) > IDLE_AFTER);
        let idle: Vec<i32> = idle.map(|(number, _)| *number).collect();
        self.untrack_some(of, idle)
    }

    fn untrack_all(&mut self, of: &TopicPartition) -> Result<(), Outage> {
        let all = self.tracks.keys().copied().collect();
        self.untrack_some(of, all)
    }

    fn untrack_some(&mut self, of: &TopicPartition, numbers: Vec<i32>) -> Result<(), Outage> {
        let named = numbers.into_iter().map(|number| TopicPartition::new(Arc::clone(&of.topic), number));
        named.into_iter().try_for_each(|partition| self.untrack(&partition))
    }

    /// Takes what librdkafka has, waiting for at most `wait`; whether there may be more, and room for it.
    fn take(
        &mut self,
        asked: &TopicPartition,
        wait: Duration,
        incoming: &mut Incoming,
    ) -> Result<bool, Outage> {
        let record = match poll(&self.consumer, wait) {
            None => return Ok(false),
            Some(Ok(message)) => {
                let record = incoming.record(&message);
                drop(message);
                self.heard();
                record
            }
            Some(Err(Cause::PartitionEOF(number))) => {
                self.heard();
                if let Some(track) = self.tracks.get_mut(&number) {
                    (track.ended, track.unsure) = (true, true);
                }
                return Ok(true);
            }
            Some(Err(cause)) => {
                let done = self.take_error(asked, cause);
                // librdkafka may not continue where it was, and does not say which partition it means.
                if done.is_err() {
                    self.untrack_all(asked)?;
                }
                return done.map(|()| false);
            }
        };
        let partition = record.source.clone();
        // Of a partition that is not read any more, or from before it was sought elsewhere: dropped.
        let Some(track) = self.tracks.get_mut(&partition.partition) else { return Ok(true) };
        track.keep(record);
        let has_room = !track.is_full();
        if track.is_overfull() && !track.paused {
            track.paused = true;
            self.hold(&partition, true)?;
        }
        Ok(has_room)
    }

    fn hold(&self, partition: &TopicPartition, hold: bool) -> Result<(), Outage> {
        let list = one(partition, Offset::Invalid)?;
        let done = if hold { self.consumer.pause(&list) } else { self.consumer.resume(&list) };
        done.map_err(|cause| Outage::passing(format!("pause or resume {partition}"), cause))
    }

    /// What is kept of `partition`, its schemas resolved.
    fn kept(&mut self, partition: &TopicPartition, incoming: &Incoming) -> Result<Vec<Record>, Outage> {
        let Some(track) = self.tracks.get_mut(&partition.partition) else { return Ok(Vec::new()) };
        let mut records = Vec::with_capacity(track.ahead.len().min(MOST_RECORDS));
        while records.len() < MOST_RECORDS
            && let Some(mut record) = track.ahead.pop_front()
        {
            if let Err(outage) = incoming.resolve(&mut record) {
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

    /// Where `partition` is read on: behind what nobody is given, once everything before it has been handed out.
    ///
    /// librdkafka's position passes the markers of transactions. It does not pass what was aborted before the first
    /// transaction that is still open, nor a batch that compaction emptied: where the partition's end lies beyond the
    /// position, it is fetched again from there, and the end-of-partition event that follows stands at that end or behind.
    fn move_on(&mut self, partition: &TopicPartition, may_ask: bool) -> Result<i64, Outage> {
        let Some(track) = self.tracks.get_mut(&partition.partition) else {
            return Err(Outage::passing(format!("read {partition}"), "it is not read"));
        };
        if !track.ahead.is_empty() {
            return Ok(track.next);
        }
        if std::mem::take(&mut track.ended) {
            let position = offsets::position(&self.consumer, partition)?;
            let reached = position.into_iter().chain(track.end.take());
            track.next = reached.fold(track.next, i64::max);
        }
        let next = track.next;
        if may_ask && std::mem::take(&mut track.unsure) {
            let (_, end) = offsets::ends(&self.asking, partition, self.timeout)?;
            if end > next {
                self.untrack(partition)?;
                self.begin(partition, next, Some(end))?;
            }
        }
        Ok(next)
    }

    fn take_error(&self, asked: &TopicPartition, cause: Cause) -> Result<(), Outage> {
        match cause.rdkafka_error_code() {
            Some(RDKafkaErrorCode::OffsetOutOfRange | RDKafkaErrorCode::AutoOffsetReset) => {
                Err(Outage::fatal(
                    "go on reading: what comes next was deleted by retention before it was read",
                    cause,
                ))
            }
            // librdkafka looks for the coordinator of whatever group a client names. A reader needs none.
            Some(RDKafkaErrorCode::GroupAuthorizationFailed) => Ok(()),
            _ if outage::is_fatal(&cause) => {
                let right = Right::read(&asked.topic);
                Err(outage::of(format!("read {}", asked.topic), cause, &right))
            }
            _ => {
                debug!(error = %cause, "the cluster does not answer");
                Ok(())
            }
        }
    }
}

fn one(partition: &TopicPartition, offset: Offset) -> Result<TopicPartitionList, Outage> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&partition.topic, partition.partition, offset)
        .map_err(|cause| Outage::fatal(format!("name {partition}"), cause))?;
    Ok(list)
}
