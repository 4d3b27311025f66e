//! The seams to the world: where records come from, where they go, and where a group stands.
//!
//! Every trait is synchronous and is called from one thread; implementations are `crates/local` (SQLite) and
//! `crates/kafka`. Decoding is not their business: bytes in, bytes out.

use std::time::Duration;

use crate::record::{Outgoing, Record, TopicPartition};

/// The world is not answering. The flow stops, and later resumes where it stopped; nothing is dropped.
#[derive(Debug, thiserror::Error)]
#[error("{action}")]
pub struct Outage {
    /// What was tried: completes "failed to ...", with positions and without content.
    pub action: String,
    /// Whether trying again can help. A fenced or corrupted log is fatal: the worker exits.
    pub fatal: bool,
    /// The cause below.
    #[source]
    pub cause: Box<dyn std::error::Error + Send + Sync>,
}

impl Outage {
    /// An outage that may be over when the call is tried again.
    pub fn passing(
        action: impl Into<String>,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { action: action.into(), fatal: false, cause: cause.into() }
    }

    /// An outage that ends the worker.
    pub fn fatal(
        action: impl Into<String>,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { action: action.into(), fatal: true, cause: cause.into() }
    }
}

/// What a member of a consumer group hears.
#[derive(Clone, Debug)]
pub enum Event {
    /// These partitions are owned from now on, under `generation` (greater than every earlier one of this
    /// member). Nothing of them is delivered before [`Source::start`] says from where.
    Assigned {
        /// The partitions that were added, not those that stayed.
        partitions: Vec<TopicPartition>,
        /// Numbers this member's assignments.
        generation: u64,
    },
    /// These partitions are revoked. Until the next call of [`Source::poll`] they are still owned and may be committed
    /// (unless `lost`); that call gives them up.
    Revoked {
        /// The partitions that are revoked.
        partitions: Vec<TopicPartition>,
        /// Already owned by somebody else: commit nothing.
        lost: bool,
    },
    /// The next record of an owned partition; within a partition in offset order, each once per start or seek.
    Record(Record),
    /// An owned partition has been delivered up to `next`: between the last record and there is nothing
    /// to read. The group may commit it once everything before is finished, or its lag never comes to 0.
    Reached {
        /// The partition.
        partition: TopicPartition,
        /// The offset that is read next.
        next: i64,
    },
}

/// A member of a consumer group.
pub trait Source: Send {
    /// The next event, waiting for at most `wait`; `None` when nothing came. Called by the one thread that owns
    /// the member, at least every few seconds.
    ///
    /// # Errors
    /// The log can't be read; a passing one may be tried again at once (the implementation waits).
    fn poll(&mut self, wait: Duration) -> Result<Option<Event>, Outage>;

    /// Delivers an owned partition from `offset` on: after `Assigned`, and again to seek back.
    ///
    /// # Errors
    /// The partition isn't owned (fatal), or the log doesn't answer.
    fn start(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), Outage>;

    /// Pauses (`true`) or resumes (`false`) an owned partition; never blocks, loses nothing.
    fn pause(&mut self, partition: &TopicPartition, paused: bool);
}

/// Where a group stands in one partition: the next offset to read, and what the worker keeps beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The partition.
    pub partition: TopicPartition,
    /// Everything below is finished.
    pub offset: i64,
    /// Written and read back in one atomic commit with the offset; empty where a worker keeps nothing.
    pub metadata: String,
}

/// Commits for the member of a group; the same object as its [`Source`], called by the same thread.
pub trait Committer: Send {
    /// The group's position, `None` where it has none.
    ///
    /// # Errors
    /// The log doesn't answer.
    fn committed(&mut self, partition: &TopicPartition) -> Result<Option<Position>, Outage>;

    /// Stores positions durably before it returns; all or none.
    ///
    /// # Errors
    /// The log doesn't answer, or a partition isn't owned any more (passing: the next poll says `Revoked`).
    fn commit(&mut self, positions: &[Position]) -> Result<(), Outage>;
}

/// Where a group starts in a partition in which it has no position. One that was added after the group had begun is read
/// from its first record, whatever is said here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the first record. Nothing is written down: [`Committer::committed`] stays `None`, and a worker
    /// starts such a partition at the first offset that is still there.
    Earliest,
    /// After the last record. Written down as the group's position when the topic's partitions are first assigned, so
    /// that a restart before the first commit skips nothing.
    Latest,
    /// With the first record appended at or after this time (ms). Written down like `Latest`.
    Time(i64),
}

/// What one fetch found: some records, and where the partition is read on.
///
/// Offsets are positions, not counts. Some cannot be read by anybody: markers of transactions, records of aborted ones, what
/// compaction and retention took. So the last record does not say where reading goes on, and a stretch without any
/// may still lead on.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// In offset order; those that lie from the asked offset up to `next`.
    pub records: Vec<Record>,
    /// What is fetched next. Never below what was asked for, and greater where the log holds anything there.
    pub next: i64,
}

impl IntoIterator for Stretch {
    type Item = Record;
    type IntoIter = std::vec::IntoIter<Record>;

    fn into_iter(self) -> Self::IntoIter {
        self.records.into_iter()
    }
}

/// Reads partitions without a group: changelogs, predictions, the strategy.
pub trait Reader: Send {
    /// The stretch from `from` on, waiting for at most `wait` until it leads on. Bounded by the implementation in number
    /// and bytes.
    ///
    /// Whoever asks again and again, each time from [`Stretch::next`] and with time to wait, comes to what
    /// [`Reader::end`] said: that is what "read to its end" means. A fetch that may not wait returns what has come by
    /// itself, and may stop short of an end behind which an open transaction stands.
    ///
    /// # Errors
    /// The log can't be read.
    fn fetch(&mut self, partition: &TopicPartition, from: i64, wait: Duration) -> Result<Stretch, Outage>;

    /// The offset below which everything is there to be read: what the next record gets, or where the first transaction
    /// begins that is still open.
    ///
    /// # Errors
    /// The log doesn't answer.
    fn end(&mut self, partition: &TopicPartition) -> Result<i64, Outage>;

    /// The first offset appended at or after `time_ms`; the end where there is none.
    ///
    /// # Errors
    /// The log doesn't answer.
    fn offset_at(&mut self, partition: &TopicPartition, time_ms: i64) -> Result<i64, Outage>;
}

/// What became of a record that was sent.
#[derive(Debug)]
pub struct Delivery<T> {
    /// What the sender gave along.
    pub token: T,
    /// Partition and offset, once it is durable (all replicas, or fsync).
    pub result: Result<(TopicPartition, i64), Outage>,
}

/// What a worker holds of its group: both seams in one object.
pub trait GroupMember: Source + Committer {
    /// Begins an assigned partition where the group stands in it, or where `start` says; gives that offset.
    ///
    /// # Errors
    /// The log doesn't answer.
    fn begin(
        &mut self,
        partition: &TopicPartition,
        generation: u64,
        start: &mut dyn FnMut(&TopicPartition) -> Result<i64, Outage>,
    ) -> Result<i64, Outage> {
        let next = match self.committed(partition)? {
            Some(position) => position.offset,
            None => start(partition)?,
        };
        self.start(partition, next)?;
        tracing::debug!(%partition, generation, next, "partition assigned");
        Ok(next)
    }
}

impl<M: Source + Committer + ?Sized> GroupMember for M {}

/// Appends to a log. Deliveries come back on the bounded channel that the sink was made with, in the order of
/// sending for each partition.
pub trait Sink<T: Send>: Send {
    /// Takes `record` for sending; `token` comes back with its delivery. May block for a moment, never for ever.
    ///
    /// # Errors
    /// [`Refused`] gives both back: when full, take deliveries and try again.
    fn send(&mut self, record: Outgoing, token: T) -> Result<(), Refused<T>>;

    /// Gives up everything that is sent and not durable yet, whatever its partition: none of it is tried again. Each
    /// record comes back as a delivery that failed with a passing outage, though the log may have appended it. For a
    /// sender whose partitions may be somebody else's by now. Never blocks, so that what is sent right after may come back
    /// with it; a log that appends within moments does nothing.
    fn purge(&mut self) {}
}

/// A record that a sink did not take.
#[derive(Debug)]
pub struct Refused<T> {
    /// The record, untouched.
    pub record: Outgoing,
    /// The token, untouched.
    pub token: T,
    /// `None`: the queue is full, try again after taking deliveries. `Some`: the sink is broken.
    pub outage: Option<Outage>,
}

// What is chosen at run time (the embedded log or brokers) comes in a box.

impl<M: Source + ?Sized> Source for Box<M> {
    fn poll(&mut self, wait: Duration) -> Result<Option<Event>, Outage> {
        (**self).poll(wait)
    }

    fn start(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), Outage> {
        (**self).start(partition, offset)
    }

    fn pause(&mut self, partition: &TopicPartition, paused: bool) {
        (**self).pause(partition, paused);
    }
}

impl<M: Committer + ?Sized> Committer for Box<M> {
    fn committed(&mut self, partition: &TopicPartition) -> Result<Option<Position>, Outage> {
        (**self).committed(partition)
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), Outage> {
        (**self).commit(positions)
    }
}

impl<R: Reader + ?Sized> Reader for Box<R> {
    fn fetch(&mut self, partition: &TopicPartition, from: i64, wait: Duration) -> Result<Stretch, Outage> {
        (**self).fetch(partition, from, wait)
    }

    fn end(&mut self, partition: &TopicPartition) -> Result<i64, Outage> {
        (**self).end(partition)
    }

    fn offset_at(&mut self, partition: &TopicPartition, time_ms: i64) -> Result<i64, Outage> {
        (**self).offset_at(partition, time_ms)
    }
}

impl<T: Send, S: Sink<T> + ?Sized> Sink<T> for Box<S> {
    fn send(&mut self, record: Outgoing, token: T) -> Result<(), Refused<T>> {
        (**self).send(record, token)
    }

    fn purge(&mut self) {
        (**self).purge();
    }
}

/// The time, in milliseconds since the Unix epoch; an input, so that it can be simulated.
pub trait Clock: Send + Sync {
    /// Now.
    fn now_ms(&self) -> i64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now_ms(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that shows the time to which it was set.
#[derive(Debug, Default)]
pub struct ManualClock(std::sync::atomic::AtomicI64);

impl ManualClock {
    /// A clock at `now_ms`.
    pub fn at(now_ms: i64) -> Self {
        Self(now_ms.into())
    }

    /// Moves on by `ms`.
    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}
