//! The log's topics: how many partitions each has, and the ids of these.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use ombud_stream::TopicPartition;
use rusqlite::Connection;

use crate::error::{LocalError, sql};

/// No topic has more partitions: what says so is damaged.
const MOST_PARTITIONS: i64 = 1 << 16;

/// The log's topics and where their partitions lie.
pub(crate) struct Topics(BTreeMap<Arc<str>, Topic>);

#[derive(Clone, Copy)]
struct Topic {
    first: u32,
    partitions: i32,
}

impl Topics {
    /// Those in the file.
    pub(crate) fn read(connection: &Connection) -> Result<Self, LocalError> {
        let read = || -> rusqlite::Result<_> {
            let mut query = connection.prepare("SELECT name, first, partitions FROM topics")?;
            let topic = |row: &rusqlite::Row<'_>| {
                let name: String = row.get(0)?;
                Ok((name.into(), Topic { first: row.get(1)?, partitions: row.get(2)? }))
            };
            query.query_map([], topic)?.collect()
        };
        let topics: BTreeMap<Arc<str>, Topic> = read().map_err(sql("read the topics"))?;
        let mut in_order: Vec<Topic> = topics.values().copied().collect();
        in_order.sort_by_key(|topic| topic.first);
        let mut next = 0_i64;
        for Topic { first, partitions } in in_order {
            // One behind the other: records lie by these numbers.
            if i64::from(first) != next || !(1..=MOST_PARTITIONS).contains(&i64::from(partitions)) {
                let cause = rusqlite::Error::IntegralValueOutOfRange(1, first.into());
                return Err(sql("read the topics")(cause));
            }
            next += i64::from(partitions);
        }
        Ok(Self(topics))
    }

    /// Creates the topic if it isn't there; refuses another partition count than it has.
    pub(crate) fn ensure(
        &mut self,
        connection: &Connection,
        name: &str,
        partitions: i32,
    ) -> Result<(), LocalError> {
        let partitions = partitions.max(1);
        if let Some(topic) = self.0.get(name) {
            let refused =
                || LocalError::Partitions { topic: name.into(), asked: partitions, found: topic.partitions };
            return if topic.partitions == partitions { Ok(()) } else { Err(refused()) };
        }
        let first = self.partitions().sum();
        let topic = Topic { first, partitions };
        let insert = "INSERT INTO topics (name, first, partitions) VALUES (?1, ?2, ?3)";
        connection
            .execute(insert, (name, topic.first, partitions))
            .map_err(sql(format!("create topic {name}")))?;
        self.0.insert(name.into(), topic);
        Ok(())
    }

    /// How many partitions there are over all topics; their ids are the numbers below.
    pub(crate) fn partition_count(&self) -> usize {
        self.partitions().sum::<u32>() as usize
    }

    fn partitions(&self) -> impl Iterator<Item = u32> {
        self.0.values().map(|topic| topic.partitions.unsigned_abs())
    }

    /// The topic's name, shared, and its partition count.
    pub(crate) fn find(&self, topic: &str) -> Option<(Arc<str>, i32)> {
        self.0.get_key_value(topic).map(|(name, topic)| (Arc::clone(name), topic.partitions))
    }

    /// The id of a partition.
    pub(crate) fn id(&self, partition: &TopicPartition) -> Option<usize> {
        let topic = self.0.get(&partition.topic)?;
        let known = (0..topic.partitions).contains(&partition.partition);
        known.then(|| (topic.first + partition.partition.unsigned_abs()) as usize)
    }

    /// All topics by name, with the ids of their partitions.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (&Arc<str>, Range<usize>)> {
        let ids =
            |topic: &Topic| topic.first as usize..(topic.first + topic.partitions.unsigned_abs()) as usize;
        self.0.iter().map(move |(name, topic)| (name, ids(topic)))
    }

    /// All topics by name, with their partition counts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, i32)> {
        self.0.iter().map(|(name, topic)| (name, topic.partitions))
    }
}
