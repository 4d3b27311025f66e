//! A group member that takes on a partition once every topic beside has one of its number.
//!
//! A prediction and a route lie in the partition number of their raw record. Where complaints.raw alone is given more
//! partitions, the old ones are read on; a new one stays with its member, neither read nor committed, until the other topics are
//! as wide.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use metrics::{Gauge, gauge};
use ombud_launch::health::Readiness;
use ombud_stream::{Clock, Committer, Event, GroupMember, Outage, Position, Source, TopicPartition};
use tracing::{info, warn};

/// How often it is checked whether partitions still have to wait, in milliseconds.
const CHECK_INTERVAL_MS: i64 = 3_000;
/// How often it is logged that they do, in milliseconds.
const WARN_INTERVAL_MS: i64 = 60_000;

/// The topics that a partition is taken on beside.
pub(crate) struct CopartitionedTopics {
    /// Their names; what follows from a record lies in its partition number there.
    pub(crate) topics: Vec<String>,
    pub(crate) width: Width,
}

/// The number of partitions that a topic has now.
pub(crate) type Width = Box<dyn FnMut(&str) -> Result<i32, Outage> + Send>;

/// Holds assigned partitions back from the worker while they have to wait.
pub(crate) struct Copartitioned {
    member: Box<dyn GroupMember>,
    beside: CopartitionedTopics,
    worker: String,
    readiness: Readiness,
    clock: Arc<dyn Clock>,
    gauge: Gauge,
    /// Assigned to the member, and not reported to the worker.
    waiting: BTreeSet<TopicPartition>,
    /// Of what is reported to the worker: what waited comes under a later one than it was assigned under.
    generation: u64,
    look_at: i64,
    /// What was logged last of what waits, and when.
    reported: Option<(String, i64)>,
}

impl Copartitioned {
    /// `worker` is what readiness, metrics and logs call it.
    pub(crate) fn new(
        member: Box<dyn GroupMember>,
        beside: CopartitionedTopics,
        worker: &str,
        readiness: Readiness,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            member,
            beside,
            worker: worker.to_owned(),
            readiness,
            clock,
            gauge: gauge!("ombud_waiting_partitions", "worker" => worker.to_owned()),
            waiting: BTreeSet::new(),
            generation: 0,
            look_at: i64::MIN,
            reported: None,
        }
    }

    /// Gives the worker what need not wait, or not any more.
    fn look(&mut self) -> Result<Option<Event>, Outage> {
        let Some(topic) = self.waiting.first().map(|first| Arc::clone(&first.topic)) else { return Ok(None) };
        let now = self.clock.now_ms();
        if now < self.look_at {
            return Ok(None);
        }
        self.look_at = now + CHECK_INTERVAL_MS;
        let mut widths = Vec::with_capacity(self.beside.topics.len());
        for topic in &self.beside.topics {
            widths.push((topic.as_str(), (self.beside.width)(topic)?));
        }
        let (waiting, free): (BTreeSet<_>, BTreeSet<_>) =
            self.waiting.iter().cloned().partition(|partition| waits(partition.partition, &widths));
        if !waiting.is_empty() {
            let width = (self.beside.width)(&topic)?;
            let wait = WaitingPartitions::of(&waiting, (&*topic, width), &widths);
            self.readiness.remark(&self.worker, &wait.to_string());
            self.reported = Some(wait.report(&self.worker, now, self.reported.take()));
        }
        self.waiting = waiting;
        self.report_when_none_waits();
        if free.is_empty() {
            return Ok(None);
        }
        self.generation += 1;
        Ok(Some(Event::Assigned { partitions: free.into_iter().collect(), generation: self.generation }))
    }

    fn report_when_none_waits(&mut self) {
        self.gauge.set(self.waiting.len() as f64);
        if self.waiting.is_empty() && self.reported.take().is_some() {
            self.readiness.forget_remark(&self.worker);
            info!(worker = self.worker, "no partition waits for other topics any more");
        }
    }
}

/// Whether the partition of this number has to wait: a topic beside has none of it.
fn waits(number: i32, widths: &[(&str, i32)]) -> bool {
    widths.iter().any(|(_, width)| number >= *width)
}

/// What waits and why, in words.
struct WaitingPartitions {
    topic: String,
    partitions: String,
    widths: String,
    /// The command that gives the topics what they lack.
    fix: String,
}

impl WaitingPartitions {
    fn of(waiting: &BTreeSet<TopicPartition>, read: (&str, i32), beside: &[(&str, i32)]) -> Self {
        let numbers: Vec<String> = waiting.iter().map(|it| it.partition.to_string()).collect();
        let widths: Vec<String> =
            [read].iter().chain(beside).map(|(topic, width)| format!("{topic} {width}")).collect();
        // The broker that was asked may not know yet of what is assigned.
        let to = waiting.iter().map(|it| it.partition + 1).max().map_or(read.1, |least| least.max(read.1));
        Self {
            topic: read.0.to_owned(),
            partitions: numbers.join(", "),
            widths: widths.join(", "),
            fix: format!("ombud setup --widen {to}"),
        }
    }

    /// Logs it, unless that was done lately; gives what was logged last, and when.
    fn report(&self, worker: &str, now: i64, before: Option<(String, i64)>) -> (String, i64) {
        let text = self.to_string();
        if let Some(before) = before.filter(|(reported, at)| *reported == text && now < at + WARN_INTERVAL_MS)
        {
            return before;
        }
        let Self { topic, partitions, widths, fix } = self;
        warn!(worker, topic, partitions, widths, mend = fix, "partitions wait until other topics have them");
        (text, now)
    }
}

impl fmt::Display for WaitingPartitions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topic, partitions, widths, fix } = self;
        write!(
            f,
            "partitions {partitions} of {topic} wait until other topics have them ({widths}): run `{fix}`"
        )
    }
}

impl Source for Copartitioned {
    fn poll(&mut self, wait: Duration) -> Result<Option<Event>, Outage> {
        if let Some(event) = self.look()? {
            return Ok(Some(event));
        }
        match self.member.poll(wait)? {
            Some(Event::Assigned { partitions, .. }) => {
                self.waiting.extend(partitions);
                self.look_at = i64::MIN;
                self.look()
            }
            Some(Event::Revoked { mut partitions, lost }) => {
                // The worker need not give up what it was never given.
                partitions.retain(|partition| !self.waiting.remove(partition));
                self.report_when_none_waits();
                Ok((!partitions.is_empty()).then_some(Event::Revoked { partitions, lost }))
            }
            event => Ok(event),
        }
    }

    fn start(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), Outage> {
        self.member.start(partition, offset)
    }

    fn pause(&mut self, partition: &TopicPartition, paused: bool) {
        self.member.pause(partition, paused);
    }
}

impl Committer for Copartitioned {
    fn committed(&mut self, partition: &TopicPartition) -> Result<Option<Position>, Outage> {
        self.member.committed(partition)
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), Outage> {
        self.member.commit(positions)
    }
}

impl Drop for Copartitioned {
    fn drop(&mut self) {
        self.gauge.set(0);
        self.readiness.forget_remark(&self.worker);
    }
}

#[cfg(test)]
mod tests;
