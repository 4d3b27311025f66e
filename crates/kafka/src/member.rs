//! A member of a consumer group: one thread polls, answers rebalances and commits.
//!
//! A rebalance is answered with the poll *after* the one that reported it. So revoked partitions stay owned, and can be
//! committed, until what is in flight is finished; and an assigned one is fetched from where the worker says.

mod brokers;
mod fetching;
mod positions;
mod rebalance;
mod stall;

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use ombud_stream::{Committer, Event, Outage, Position, Record, Source, Start, TopicPartition};
use rdkafka::{
    consumer::{BaseConsumer, Consumer},
    error::KafkaError as Cause,
};
use tracing::debug;

use crate::{
    connection::Brokers,
    context::{LibrdkafkaLog, Rebalances},
    incoming::Incoming,
    offsets,
    poll::poll,
    schemas::Schemas,
};
use brokers::Contact;
use fetching::Slot;
use rebalance::PendingRebalance;
use stall::{REGISTRY_RETRY_INTERVAL, StalledRecord};

/// One member, used by one thread; made by [`crate::Kafka::member`]. Dropping it leaves the group.
pub struct KafkaMember {
    consumer: BaseConsumer<Rebalances>,
    /// Asks where partitions end: a question of the member's own client waits behind a fetch that waits for records.
    asking: BaseConsumer<LibrdkafkaLog>,
    subscription: Subscription,
    brokers: Brokers,
    timeout: Duration,
    incoming: Incoming,
    generation: u64,
    owned: BTreeMap<TopicPartition, Slot>,
    pending_rebalance: Option<PendingRebalance>,
    stalled: Option<StalledRecord>,
    /// Partitions that were delivered further than their last record, and how far.
    reached: VecDeque<(TopicPartition, i64)>,
    contact: Contact,
}

/// What a member is a member of.
pub(crate) struct Subscription {
    pub(crate) group: String,
    /// At least one.
    pub(crate) topics: Vec<String>,
    pub(crate) start: Start,
}

impl KafkaMember {
    pub(crate) fn new(
        consumer: BaseConsumer<Rebalances>,
        asking: BaseConsumer<LibrdkafkaLog>,
        subscription: Subscription,
        brokers: Brokers,
        schemas: Schemas,
    ) -> Self {
        Self {
            consumer,
            asking,
            subscription,
            timeout: brokers.timeout,
            brokers,
            incoming: Incoming::new(schemas),
            generation: 0,
            owned: BTreeMap::new(),
            pending_rebalance: None,
            stalled: None,
            reached: VecDeque::new(),
            contact: Contact::new(),
        }
    }

    /// The event that gives `record` to the worker.
    fn deliver(&mut self, record: Record) -> Event {
        self.contact.are_back();
        if let Some(slot) = self.owned.get_mut(&record.source) {
            (slot.next, slot.stale) = (record.offset + 1, None);
        }
        Event::Record(record)
    }

    /// One turn of librdkafka's queue, waiting for at most `wait`.
    fn turn(&mut self, wait: Duration) -> Result<Option<Event>, Outage> {
        self.answer()?;
        if let Some((partition, next)) = self.reached.pop_front() {
            return Ok(Some(Event::Reached { partition, next }));
        }
        if let Some(record) = self.try_stalled()? {
            return Ok(Some(self.deliver(record)));
        }
        let wait = if self.stalled.is_some() { wait.min(REGISTRY_RETRY_INTERVAL) } else { wait };
        let polled = match poll(&self.consumer, wait) {
            None => None,
            Some(Ok(message)) => {
                self.contact.heard();
                Some(self.incoming.record(&message))
            }
            Some(Err(Cause::PartitionEOF(number))) => {
                self.contact.heard();
                self.reach(number);
                None
            }
            Some(Err(cause)) => {
                self.take_error(cause)?;
                None
            }
        };
        if let Some(rebalance) = self.consumer.context().take() {
            debug_assert!(polled.is_none(), "librdkafka gives a record or a rebalance");
            return Ok(self.rebalanced(rebalance));
        }
        let Some(mut record) = polled else { return Ok(None) };
        // Was on its way when its partition was paused for the stalled one: it is fetched again after it.
        if self.stalled.is_some() {
            let (partition, offset) = (record.source.clone(), record.offset);
            self.fetch_from(&partition, offset)?;
            return Ok(None);
        }
        match self.incoming.resolve(&mut record) {
            Ok(()) => Ok(Some(self.deliver(record))),
            Err(outage) if outage.fatal => Err(outage),
            Err(outage) => {
                self.stall(record, &outage);
                Ok(None)
            }
        }
    }
}

impl Source for KafkaMember {
    fn poll(&mut self, wait: Duration) -> Result<Option<Event>, Outage> {
        self.look_for_brokers()?;
        let until = Instant::now() + wait;
        loop {
            // librdkafka also returns early with events that are nobody's but its own.
            let event = self.turn(until.saturating_duration_since(Instant::now()))?;
            if event.is_some() {
                return Ok(event);
            }
            if Instant::now() >= until {
                return self.without_registry().map_or(Ok(None), Err);
            }
        }
    }

    fn start(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), Outage> {
        let Some(slot) = self.owned.get_mut(partition) else {
            return Err(Outage::fatal(format!("start {partition}"), "it is not owned"));
        };
        (slot.from, slot.next) = (Some(offset), offset);
        let (low, high) = offsets::ends(&self.asking, partition, self.timeout)?;
        if !(low..=high).contains(&offset) {
            let why = format!("{partition} holds offsets {low} to {high}, and the group stands at {offset}");
            return Err(offsets::lost(&self.subscription.group, why));
        }
        self.fetch_from(partition, offset)
    }

    fn pause(&mut self, partition: &TopicPartition, paused: bool) {
        let Some(slot) = self.owned.get_mut(partition) else { return };
        if slot.paused != paused {
            slot.paused = paused;
            if slot.fetched && self.stalled.is_none() {
                self.set_paused(std::slice::from_ref(partition), paused);
            }
        }
    }
}

impl Committer for KafkaMember {
    fn committed(&mut self, partition: &TopicPartition) -> Result<Option<Position>, Outage> {
        match offsets::committed(&self.consumer, &self.subscription.group, partition, self.timeout)? {
            Some(position) => Ok(Some(position)),
            None => self.write_down_start(partition),
        }
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), Outage> {
        if let Some(stranger) = positions.iter().find(|position| !self.holds(&position.partition)) {
            let action = format!("commit as {}", self.subscription.group);
            return Err(Outage::passing(action, format!("{} is not owned", stranger.partition)));
        }
        self.store(positions)
    }
}

impl Drop for KafkaMember {
    fn drop(&mut self) {
        if let Err(outage) = self.answer() {
            debug!(group = self.subscription.group, error = %outage, "last rebalance not answered");
        }
        self.consumer.context().leave();
    }
}
