//! Reading partitions without a group, each from wherever it is asked for: one client a topic, and one that asks.

mod topic;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ombud_stream::{Outage, Reader, Stretch, TopicPartition};
use rdkafka::consumer::{BaseConsumer, Consumer};
use tracing::info;

use crate::{
    client::client, connection::Brokers, context::LibrdkafkaLog, error::KafkaError, incoming::Incoming,
    offsets, schemas::Schemas, shown_groups::ensure_shown,
};
use topic::TopicReader;

/// Reads partitions of any topic; made by [`crate::Kafka::reader`], used by one thread.
pub struct KafkaReader {
    brokers: Brokers,
    group: String,
    /// Asks where partitions end and groups stand, and reads nothing: a broker answers the requests of a connection one after
    /// the other, so that a question waits behind a fetch that waits for records.
    asking: Arc<BaseConsumer<LibrdkafkaLog>>,
    incoming: Incoming,
    topics: BTreeMap<Arc<str>, TopicReader>,
    /// Where no group was listed, it was asked once whether there is none or they are hidden.
    groups_are_shown: AtomicBool,
}

impl KafkaReader {
    pub(crate) fn new(brokers: &Brokers, group: &str, schemas: Schemas) -> Result<Self, KafkaError> {
        Ok(Self {
            brokers: brokers.clone(),
            group: group.to_owned(),
            asking: Arc::new(client(&brokers.consumer(group), LibrdkafkaLog::default())?),
            incoming: Incoming::new(schemas),
            topics: BTreeMap::new(),
            groups_are_shown: AtomicBool::new(false),
        })
    }

    /// Where the group on whose behalf this reads stands in `partition`; `None` where it has no position.
    ///
    /// # Errors
    /// The brokers don't answer.
    pub fn committed(&self, partition: &TopicPartition) -> Result<Option<i64>, Outage> {
        offsets::committed(&self.asking, &self.group, partition, self.brokers.timeout)
            .map(|position| position.map(|position| position.offset))
    }

    /// The same of several partitions of one topic, in one question; each with where it begins for a group that has no
    /// position.
    ///
    /// # Errors
    /// The brokers don't answer.
    pub fn positions(&self, partitions: &[(TopicPartition, i64)]) -> Result<Vec<i64>, Outage> {
        offsets::positions(&self.asking, &self.group, partitions, self.brokers.timeout)
    }

    /// The groups with members whose names begin with `name`, in alphabetical order.
    ///
    /// # Errors
    /// The brokers don't answer; fatal where they don't show this user such groups.
    pub fn groups_with_members(&self, name: &str) -> Result<Vec<String>, Outage> {
        let listed = self.asking.fetch_group_list(None, self.brokers.timeout);
        let listed = listed.map_err(|cause| Outage::passing(format!("list the groups {name}*"), cause))?;
        if !listed.groups().iter().any(|it| it.name().starts_with(name))
            && !self.groups_are_shown.swap(true, Ordering::SeqCst)
        {
            let hidden = |error| Outage::fatal(format!("list the groups {name}*"), error);
            ensure_shown(&self.brokers, name).map_err(hidden)?;
        }
        let working =
            listed.groups().iter().filter(|it| it.name().starts_with(name) && !it.members().is_empty());
        let mut names: Vec<String> = working.map(|it| it.name().to_owned()).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Has all topics be read by new clients from the next fetch on; each says where it stands.
    fn renew(&mut self) -> Result<(), Outage> {
        let made = client(&self.brokers.consumer(&self.group), LibrdkafkaLog::default());
        let made = made.map_err(|cause| Outage::fatal(format!("read as {}", self.group), cause))?;
        info!(group = self.group, "the brokers did not answer: read by a new client");
        self.topics.clear();
        self.asking = Arc::new(made);
        Ok(())
    }

    fn add_topic(&mut self, topic: &Arc<str>) -> Result<(), Outage> {
        let consumer = client(&self.brokers.consumer(&self.group), LibrdkafkaLog::default());
        let consumer = consumer.map_err(|cause| Outage::fatal(format!("read {topic}"), cause))?;
        let reader = TopicReader::new(consumer, Arc::clone(&self.asking), self.brokers.timeout);
        self.topics.insert(Arc::clone(topic), reader);
        Ok(())
    }
}

impl Reader for KafkaReader {
    fn fetch(&mut self, partition: &TopicPartition, from: i64, wait: Duration) -> Result<Stretch, Outage> {
        if self.topics.values().any(TopicReader::is_lost) {
            self.renew()?;
        }
        if !self.topics.contains_key(&partition.topic) {
            self.add_topic(&partition.topic)?;
        }
        match self.topics.get_mut(&partition.topic) {
            Some(topic) => topic.fetch(partition, from, wait, &mut self.incoming),
            None => unreachable!("it was added"),
        }
    }

    fn end(&mut self, partition: &TopicPartition) -> Result<i64, Outage> {
        offsets::ends(&self.asking, partition, self.brokers.timeout).map(|(_, end)| end)
    }

    fn offset_at(&mut self, partition: &TopicPartition, time_ms: i64) -> Result<i64, Outage> {
        offsets::at_time(&self.asking, partition, time_ms, self.brokers.timeout)
    }
}
