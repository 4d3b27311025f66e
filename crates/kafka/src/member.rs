//! A member of a consumer group: one thread polls, answers rebalances and commits.
//!
//! A rebalance is answered with the poll *after* the one that told of it. So revoked partitions stay owned, and can be
//! committed, until what is in flight is finished; and an assigned one is fetched from where the worker says.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use ombud_contract::access::Operation;
use ombud_stream::{Committer, Event, Outage, Position, Record, Source, Start, TopicPartition};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer},
    error::{KafkaError as Cause, RDKafkaErrorCode},
};
use tracing::{debug, info, warn};

use crate::{
    connection::Brokers,
    context::{Rebalance, Rebalances, Telling},
    error::KafkaError,
    incoming::Incoming,
    kafka::client,
    offsets,
    outage::{self, Right},
    poll::poll,
    release::release,
    schemas::Schemas,
    widths,
};

/// How long a record whose schema can't be asked for waits before the registry is asked again.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// How long all brokers may be gone before it is told: a restart of one takes less, where there are several.
const AWAY_AFTER: Duration = Duration::from_secs(3);
/// How long brokers that were gone are waited for when they are asked whether they are back.
const ASK_BROKERS: Duration = Duration::from_millis(500);
/// How long nothing may come from the brokers before they are asked.
const SILENCE: Duration = Duration::from_secs(10);
/// How long all brokers may be gone before a new client is asked whether it reaches them, and from one time to the next.
const LOST_AFTER: Duration = Duration::from_secs(30);
/// How long such a client may take; twice that is well below a session.
const ASK_ANEW: Duration = Duration::from_secs(2);

/// One member, used by one thread; made by [`crate::Kafka::member`]. Dropping it leaves the group.
pub struct KafkaMember {
    consumer: BaseConsumer<Rebalances>,
    /// Asks where partitions end: a question of the member's own client waits behind a fetch that waits for records.
    asking: BaseConsumer<Telling>,
    of: Membership,
    brokers: Brokers,
    timeout: Duration,
    incoming: Incoming,
    generation: u64,
    owned: BTreeMap<TopicPartition, Slot>,
    unanswered: Option<Unanswered>,
    stalled: Option<Stalled>,
    /// Partitions that were delivered further than their last record, and how far.
    reached: VecDeque<(TopicPartition, i64)>,
    /// When anything last came, or the brokers last answered.
    heard_at: Instant,
    /// Since when they are known to be away: librdkafka has said so, or they did not answer.
    away_since: Option<Instant>,
    /// When a new client was last asked whether it reaches the brokers that this one does not.
    asked_anew_at: Option<Instant>,
}

/// What a member is a member of.
pub(crate) struct Membership {
    pub(crate) group: String,
    /// At least one.
    pub(crate) topics: Vec<String>,
    pub(crate) start: Start,
}

/// Where the member stands in one partition that it owns.
#[derive(Debug, Default)]
struct Slot {
    /// From where to fetch, once the worker has said so.
    from: Option<i64>,
    /// Everything below was delivered, or is nobody's to read.
    next: i64,
    /// librdkafka's position from before it was sought elsewhere, which it may show until a record has come.
    stale: Option<i64>,
    /// librdkafka fetches it.
    fetched: bool,
    paused: bool,
}

/// What the next poll has to tell librdkafka first.
#[derive(Debug)]
enum Unanswered {
    Assigned,
    Revoked { partitions: Vec<TopicPartition>, lost: bool },
}

/// A record whose schema is unknown while the registry doesn't answer. Nothing overtakes it.
struct Stalled {
    record: Record,
    since: Instant,
    ask_at: Instant,
    /// What was tried in vain, and why.
    action: String,
    why: String,
}

impl KafkaMember {
    pub(crate) fn new(
        consumer: BaseConsumer<Rebalances>,
        asking: BaseConsumer<Telling>,
        of: Membership,
        brokers: Brokers,
        schemas: Schemas,
    ) -> Self {
        Self {
            consumer,
            asking,
            of,
            timeout: brokers.timeout,
            brokers,
            incoming: Incoming::new(schemas),
            generation: 0,
            owned: BTreeMap::new(),
            unanswered: None,
            stalled: None,
            reached: VecDeque::new(),
            heard_at: Instant::now(),
            away_since: None,
            asked_anew_at: None,
        }
    }

    /// Tells librdkafka what the worker made of the last rebalance.
    fn answer(&mut self) -> Result<(), Outage> {
        // Nothing would be fetched of these partitions for good, and nobody hear of it: it ends the process.
        let refused = |cause| Outage::fatal("answer a rebalance", cause);
        match self.unanswered.take() {
            None => Ok(()),
            Some(Unanswered::Assigned) => {
                let started = self.started().map_err(refused)?;
                self.consumer.incremental_assign(&started).map_err(refused)?;
                self.pause_what_is_paused();
                Ok(())
            }
            Some(Unanswered::Revoked { partitions, lost }) => {
                let mut gone = TopicPartitionList::new();
                for partition in &partitions {
                    // One that was never started is unknown to librdkafka.
                    if self.owned.remove(partition).is_some_and(|slot| slot.fetched) {
                        add(&mut gone, partition, Offset::Invalid).map_err(refused)?;
                    }
                }
                if self.stalled.as_ref().is_some_and(|held| partitions.contains(&held.record.source)) {
                    self.resume_after_stall();
                }
                info!(group = self.of.group, partitions = partitions.len(), lost, "partitions given up");
                release(&self.consumer, &gone).map_err(refused)?;
                // Assigned earlier, and begun since these were revoked.
                let started = self.started().map_err(refused)?;
                if started.count() > 0 {
                    self.consumer.incremental_assign(&started).map_err(refused)?;
                    self.pause_what_is_paused();
                }
                Ok(())
            }
        }
    }

    /// What the worker has started and librdkafka does not fetch yet: from now on it does.
    fn started(&mut self) -> Result<TopicPartitionList, Cause> {
        let mut started = TopicPartitionList::new();
        for (partition, slot) in self.owned.iter_mut().filter(|(_, slot)| !slot.fetched) {
            if let Some(from) = slot.from {
                add(&mut started, partition, Offset::Offset(from))?;
                slot.fetched = true;
            }
        }
        Ok(started)
    }

    /// The event that tells the worker of the rebalance that came.
    fn rebalanced(&mut self, rebalance: Rebalance) -> Option<Event> {
        match rebalance {
            Rebalance::Assign(partitions) => {
                self.unanswered = Some(Unanswered::Assigned);
                let partitions = self.incoming.partitions(&partitions);
                if partitions.is_empty() {
                    return None;
                }
                self.generation += 1;
                info!(
                    group = self.of.group,
                    partitions = partitions.len(),
                    generation = self.generation,
                    "partitions assigned"
                );
                self.owned.extend(partitions.iter().map(|partition| (partition.clone(), Slot::default())));
                Some(Event::Assigned { partitions, generation: self.generation })
            }
            Rebalance::Revoke { partitions, lost } => {
                let mut partitions = self.incoming.partitions(&partitions);
                partitions.retain(|partition| self.owned.contains_key(partition));
                self.unanswered = Some(Unanswered::Revoked { partitions: partitions.clone(), lost });
                (!partitions.is_empty()).then_some(Event::Revoked { partitions, lost })
            }
        }
    }

    /// The event that gives `record` to the worker.
    fn deliver(&mut self, record: Record) -> Event {
        self.away_since = None;
        if let Some(slot) = self.owned.get_mut(&record.source) {
            (slot.next, slot.stale) = (record.offset + 1, None);
        }
        Event::Record(record)
    }

    /// Finds out which partitions of this number were delivered further than their last record: one of them has come to
    /// its end, and the event does not say of which topic. While a record is stalled, librdkafka's position is ahead of
    /// what was delivered; the event comes again after the pause.
    fn reach(&mut self, number: i32) {
        if self.stalled.is_some() {
            return;
        }
        let slots = self.owned.iter_mut().filter(|(partition, _)| partition.partition == number);
        for (partition, slot) in slots.filter(|(_, slot)| slot.fetched) {
            match offsets::position(&self.consumer, partition) {
                Ok(Some(position)) if slot.stale != Some(position) => {
                    slot.stale = None;
                    if position > slot.next {
                        slot.next = position;
                        self.reached.push_back((partition.clone(), position));
                    }
                }
                Ok(_) => {}
                // The next end of a partition tells it.
                Err(outage) => debug!(error = %outage, cause = %outage.cause, "position not known"),
            }
        }
    }

    /// Asks the registry again about the record that waits for it.
    fn try_stalled(&mut self) -> Result<Option<Record>, Outage> {
        let Some(mut held) = self.stalled.take() else { return Ok(None) };
        if Instant::now() < held.ask_at {
            self.stalled = Some(held);
            return Ok(None);
        }
        match self.incoming.resolve(&mut held.record) {
            Ok(()) => {
                info!(waited = ?held.since.elapsed(), "the registry answers again");
                self.resume_after_stall();
                Ok(Some(held.record))
            }
            Err(outage) if outage.fatal => Err(outage),
            Err(outage) => {
                debug!(record = ?held.record, error = %outage, cause = %outage.cause, "waiting for the registry");
                held.ask_at = Instant::now() + ASK_AGAIN;
                self.stalled = Some(held);
                Ok(None)
            }
        }
    }

    fn stall(&mut self, record: Record, outage: &Outage) {
        warn!(?record, error = %outage, cause = %outage.cause, "waiting for the registry");
        let (now, action, why) = (Instant::now(), outage.action.clone(), outage.cause.to_string());
        self.stalled = Some(Stalled { record, since: now, ask_at: now + ASK_AGAIN, action, why });
        self.pause_what_is_paused();
    }

    /// The outage that a registry is which has not answered for a while.
    fn without_registry(&self) -> Option<Outage> {
        let held = self.stalled.as_ref().filter(|held| held.since.elapsed() >= AWAY_AFTER)?;
        Some(Outage::passing(held.action.clone(), held.why.clone()))
    }

    fn resume_after_stall(&mut self) {
        self.stalled = None;
        let on = self.fetched(|slot| !slot.paused);
        self.tell(&on, false);
    }

    fn pause_what_is_paused(&self) {
        let stalled = self.stalled.is_some();
        let held = self.fetched(|slot| slot.paused || stalled);
        self.tell(&held, true);
    }

    fn fetched(&self, which: impl Fn(&Slot) -> bool) -> Vec<TopicPartition> {
        let slots = self.owned.iter().filter(|(_, slot)| slot.fetched && which(slot));
        slots.map(|(partition, _)| partition.clone()).collect()
    }

    fn tell(&self, partitions: &[TopicPartition], paused: bool) {
        if partitions.is_empty() {
            return;
        }
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition(&partition.topic, partition.partition);
        }
        let told = if paused { self.consumer.pause(&list) } else { self.consumer.resume(&list) };
        if let Err(error) = told {
            warn!(group = self.of.group, paused, %error, "partitions not paused or resumed");
        }
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
        let wait = if self.stalled.is_some() { wait.min(ASK_AGAIN) } else { wait };
        let polled = match poll(&self.consumer, wait) {
            None => None,
            Some(Ok(message)) => {
                self.heard_at = Instant::now();
                Some(self.incoming.record(&message))
            }
            Some(Err(Cause::PartitionEOF(number))) => {
                self.heard_at = Instant::now();
                self.reach(number);
                None
            }
            Some(Err(cause)) => {
                self.hiccup(cause)?;
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

    /// Has librdkafka fetch an owned partition from `offset` on, which is known to be there. What fails here would leave a
    /// partition that nobody fetches, so it ends the process.
    fn fetch_from(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), Outage> {
        let stalled = self.stalled.is_some();
        let refused = |cause| Outage::fatal(format!("fetch {partition} from {offset}"), cause);
        let Some(slot) = self.owned.get_mut(partition) else { return Ok(()) };
        (slot.from, slot.next) = (Some(offset), offset);
        let mut list = TopicPartitionList::new();
        add(&mut list, partition, Offset::Offset(offset)).map_err(refused)?;
        if slot.fetched {
            slot.stale = offsets::position(&self.consumer, partition)?;
            // Not `seek`: it is refused while a fetch is being set up.
            self.consumer.incremental_unassign(&list).map_err(refused)?;
            self.consumer.incremental_assign(&list).map_err(refused)?;
        } else if self.unanswered.is_none() {
            slot.fetched = true;
            self.consumer.incremental_assign(&list).map_err(refused)?;
        } else {
            // With the answer to the rebalance.
            return Ok(());
        }
        if slot.paused || stalled {
            self.tell(std::slice::from_ref(partition), true);
        }
        Ok(())
    }

    /// What an error between two records means for the flow.
    fn hiccup(&mut self, cause: Cause) -> Result<(), Outage> {
        match cause.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AllBrokersDown) => {
                self.away_since.get_or_insert_with(Instant::now);
                Ok(())
            }
            Some(RDKafkaErrorCode::OffsetOutOfRange | RDKafkaErrorCode::AutoOffsetReset) => {
                Err(offsets::lost(&self.of.group, cause))
            }
            Some(RDKafkaErrorCode::InvalidSessionTimeout) => {
                Err(outage::session_refused(&self.of.group, cause))
            }
            _ if outage::is_fatal(&cause) => {
                let right = self.lacked(&cause);
                Err(outage::of(format!("read as {}", self.of.group), cause, &right))
            }
            // librdkafka goes on by itself when the brokers are back.
            _ => {
                debug!(group = self.of.group, error = %cause, "the cluster does not answer");
                Ok(())
            }
        }
    }

    /// Asks brokers that have been gone for a while whether they are back, and those that nothing has come from for long
    /// whether they are there: an idle member would never hear of it.
    fn look_for_brokers(&mut self) -> Result<(), Outage> {
        let within = match self.away_since {
            Some(since) if since.elapsed() >= AWAY_AFTER => ASK_BROKERS,
            None if self.heard_at.elapsed() >= SILENCE => ASK_ANEW,
            Some(_) | None => return Ok(()),
        };
        match self.consumer.fetch_metadata(Some(&self.of.topics[0]), within) {
            Ok(_) => {
                (self.away_since, self.heard_at) = (None, Instant::now());
                Ok(())
            }
            Err(cause) => {
                self.away_since.get_or_insert_with(Instant::now);
                self.ask_anew()?;
                Err(outage::of(format!("reach the brokers as {}", self.of.group), cause, &self.right()))
            }
        }
    }

    /// Asks by a client that is made for it. librdkafka loses a cluster for good that named no broker when it came back
    /// (confluentinc/librdkafka#5301): where a new client finds one, it is this process that has to begin anew, since
    /// its producer is as old.
    fn ask_anew(&mut self) -> Result<(), Outage> {
        let is_lost = self.away_since.is_some_and(|since| since.elapsed() >= LOST_AFTER);
        if !is_lost || self.asked_anew_at.is_some_and(|at| at.elapsed() < LOST_AFTER) {
            return Ok(());
        }
        self.asked_anew_at = Some(Instant::now());
        let asking: BaseConsumer<_> = client(&self.brokers.admin(), Telling::default())
            .map_err(|cause| Outage::fatal(format!("reach the brokers as {}", self.of.group), cause))?;
        if asking.fetch_metadata(Some(&self.of.topics[0]), ASK_ANEW).is_err() {
            return Ok(());
        }
        // In between this client may have found them by itself.
        if self.consumer.fetch_metadata(Some(&self.of.topics[0]), ASK_ANEW).is_ok() {
            self.away_since = None;
            return Ok(());
        }
        let why =
            "a new client reaches them, and this one does not any more: the process has to be started again";
        Err(Outage::fatal(format!("reach the brokers as {}", self.of.group), why))
    }

    /// What this user lacks where the brokers have refused a call with `cause`: of several topics, the right to those that
    /// they don't show it. librdkafka has said which one it was, and that does not come as far as here.
    fn lacked(&self, cause: &Cause) -> Right {
        let topics = &self.of.topics;
        let is_about_a_topic = cause.rdkafka_error_code() == Some(RDKafkaErrorCode::TopicAuthorizationFailed);
        let is_hidden = |topic: &&String| {
            let found = widths::count(&self.consumer, topic, Operation::Read, ASK_BROKERS);
            matches!(found, Err(KafkaError::Hidden { .. }))
        };
        let hidden: Vec<&str> = match is_about_a_topic && topics.len() > 1 {
            true => topics.iter().filter(is_hidden).map(String::as_str).collect(),
            false => Vec::new(),
        };
        match hidden.is_empty() {
            true => self.right(),
            false => Right::read(&hidden.join(", ")).of_group(&self.of.group),
        }
    }

    fn right(&self) -> Right {
        Right::read(&self.of.topics.join(", ")).of_group(&self.of.group)
    }

    /// Whether a partition may be committed: owned, and not lost to somebody else.
    fn holds(&self, partition: &TopicPartition) -> bool {
        let lost = match &self.unanswered {
            Some(Unanswered::Revoked { partitions, lost }) => *lost && partitions.contains(partition),
            Some(Unanswered::Assigned) | None => false,
        };
        self.owned.contains_key(partition) && !lost
    }

    /// Writes down where a group begins that starts elsewhere than at the first record: in every partition that the topic
    /// has by then. So one without a position, where the group has any in its topic, was added since: nothing of it is
    /// skipped, whatever was said of the start.
    fn write_down_start(&mut self, partition: &TopicPartition) -> Result<Option<Position>, Outage> {
        let since = match self.of.start {
            Start::Earliest => return Ok(None),
            Start::Latest => None,
            Start::Time(ms) => Some(ms),
        };
        let topic = &partition.topic;
        let width = widths::width(&self.consumer, topic, self.timeout)?;
        let all: Vec<_> = (0..width).map(|number| TopicPartition::new(Arc::clone(topic), number)).collect();
        if offsets::has_begun(&self.consumer, &self.of.group, topic, &all, self.timeout)? {
            info!(group = self.of.group, %partition, "partition added: read from its first record");
            return Ok(None);
        }
        let mut positions = Vec::with_capacity(all.len());
        for partition in all {
            let offset = match since {
                None => offsets::ends(&self.asking, &partition, self.timeout)?.1,
                Some(ms) => offsets::at_time(&self.asking, &partition, ms, self.timeout)?,
            };
            positions.push(Position { partition, offset, metadata: String::new() });
        }
        self.store(&positions)?;
        info!(group = self.of.group, %topic, partitions = positions.len(), "group begins");
        Ok(positions.into_iter().find(|position| position.partition == *partition))
    }

    /// Commits, whoever owns the partitions.
    fn store(&self, positions: &[Position]) -> Result<(), Outage> {
        let action = || format!("commit as {}", self.of.group);
        if self.consumer.assignment_lost() {
            return Err(Outage::passing(action(), "the assignment was lost"));
        }
        let mut list = TopicPartitionList::new();
        for Position { partition, offset, metadata } in positions {
            let mut element = list.add_partition(&partition.topic, partition.partition);
            let set = element.set_offset(Offset::Offset(*offset));
            set.map_err(|cause| Outage::passing(action(), cause))?;
            element.set_metadata(metadata);
        }
        let right = self.right();
        self.consumer.commit(&list, CommitMode::Sync).map_err(|cause| outage::of(action(), cause, &right))
    }
}

fn add(list: &mut TopicPartitionList, partition: &TopicPartition, offset: Offset) -> Result<(), Cause> {
    list.add_partition_offset(&partition.topic, partition.partition, offset)
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
            return Err(offsets::lost(&self.of.group, why));
        }
        self.fetch_from(partition, offset)
    }

    fn pause(&mut self, partition: &TopicPartition, paused: bool) {
        let Some(slot) = self.owned.get_mut(partition) else { return };
        if slot.paused != paused {
            slot.paused = paused;
            if slot.fetched && self.stalled.is_none() {
                self.tell(std::slice::from_ref(partition), paused);
            }
        }
    }
}

impl Committer for KafkaMember {
    fn committed(&mut self, partition: &TopicPartition) -> Result<Option<Position>, Outage> {
        match offsets::committed(&self.consumer, &self.of.group, partition, self.timeout)? {
            Some(position) => Ok(Some(position)),
            None => self.write_down_start(partition),
        }
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), Outage> {
        if let Some(stranger) = positions.iter().find(|position| !self.holds(&position.partition)) {
            let action = format!("commit as {}", self.of.group);
            return Err(Outage::passing(action, format!("{} is not owned", stranger.partition)));
        }
        self.store(positions)
    }
}

impl Drop for KafkaMember {
    fn drop(&mut self) {
        if let Err(outage) = self.answer() {
            debug!(group = self.of.group, error = %outage, "last rebalance not answered");
        }
        self.consumer.context().leave();
    }
}
