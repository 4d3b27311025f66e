//! How far each consumer group is: its members, and what lies between its positions and the logs' ends.

use std::collections::HashMap;

use ombud_contract::catalogue::Topic;
use rdkafka::{
    Offset, TopicPartitionList,
    config::FromClientConfigAndContext,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError as Cause,
};
use serde::Serialize;

use crate::{admin::Admin, context::LibrdkafkaLog, error::KafkaError, shown_groups::ensure_shown};

/// A consumer group.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// In the brokers' words: `Stable`, `Empty`, `PreparingRebalance` and so on.
    pub state: String,
    /// Members that are there.
    pub members: usize,
    /// Where it stands, a topic in which it has committed each.
    pub topics: Vec<Lag>,
}

/// Where a group stands in one topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lag {
    /// The topic, with its prefix.
    pub topic: String,
    /// Records that are not finished, over all partitions.
    pub lag: i64,
    /// Partitions in which it has a position.
    pub committed: usize,
    /// All partitions.
    pub partitions: usize,
    /// Partitions whose position is of records that are gone: its workers refuse to start there.
    pub lost: Vec<i32>,
}

/// First offset and end of a partition.
type Span = (i64, i64);

impl Admin {
    /// The groups whose names begin with `name`, and where they stand in the catalogue's topics.
    ///
    /// # Errors
    /// The brokers don't answer, or don't show this user such groups.
    pub fn groups(&self, name: &str, prefix: &str) -> Result<Vec<Group>, KafkaError> {
        let timeout = self.connection().timeout;
        let listed = self
            .client()
            .fetch_group_list(None, timeout)
            .map_err(|cause| KafkaError::Admin { action: "list the consumer groups".to_owned(), cause })?;
        let counts = self.counts(prefix)?;
        let mut spans = HashMap::new();
        let mut groups = Vec::new();
        for listed in listed.groups().iter().filter(|it| it.name().starts_with(name)) {
            let name = listed.name().to_owned();
            let topics = self.lags(&name, &counts, &mut spans).map_err(|cause| KafkaError::Admin {
                action: format!("read the positions of group {name}"),
                cause,
            })?;
            let (state, members) = (listed.state().to_owned(), listed.members().len());
            groups.push(Group { name, state, members, topics });
        }
        if groups.is_empty() {
            ensure_shown(self.connection(), name)?;
        }
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(groups)
    }

    fn lags(
        &self,
        group: &str,
        counts: &[(String, i32)],
        spans: &mut HashMap<(String, i32), Span>,
    ) -> Result<Vec<Lag>, Cause> {
        let timeout = self.connection().timeout;
        let consumer = BaseConsumer::from_config_and_context(
            &self.connection().consumer(group),
            LibrdkafkaLog::default(),
        )?;
        let mut asked = TopicPartitionList::new();
        for (topic, count) in counts {
            asked.add_partition_range(topic, 0, count - 1);
        }
        let positions = consumer.committed_offsets(asked, timeout)?;
        let mut lags = Vec::new();
        for (topic, _) in counts {
            let positions = positions.elements_for_topic(topic);
            if !positions.iter().any(|it| matches!(it.offset(), Offset::Offset(_))) {
                continue;
            }
            let mut standing = Vec::with_capacity(positions.len());
            for position in &positions {
                let partition = (topic.clone(), position.partition());
                let span = match spans.get(&partition) {
                    Some(span) => *span,
                    None => consumer.fetch_watermarks(topic, position.partition(), timeout)?,
                };
                spans.insert(partition, span);
                let offset = match position.offset() {
                    Offset::Offset(offset) => Some(offset),
                    _ => None,
                };
                standing.push((position.partition(), offset, span));
            }
            lags.push(Lag::of(topic, &standing));
        }
        Ok(lags)
    }

    /// The catalogue's topics that are there, with their partitions.
    fn counts(&self, prefix: &str) -> Result<Vec<(String, i32)>, KafkaError> {
        let metadata = self.metadata()?;
        let count = |topic: Topic| {
            let name = topic.name(prefix);
            let there = metadata.topics().iter().find(|it| it.name() == name)?;
            let count = i32::try_from(there.partitions().len()).ok()?;
            (count > 0).then_some((name, count))
        };
        Ok(Topic::ALL.into_iter().filter_map(count).collect())
    }
}

impl Lag {
    /// Sums up partitions: number, position where there is one, first offset and end.
    fn of(topic: &str, partitions: &[(i32, Option<i64>, Span)]) -> Self {
        // Without a position a worker begins with the first record.
        let lag = partitions.iter().map(|(_, offset, (first, end))| (end - offset.unwrap_or(*first)).max(0));
        let lost = partitions.iter().filter(|(_, offset, (first, end))| {
            offset.is_some_and(|offset| offset < *first || offset > *end)
        });
        Self {
            topic: topic.to_owned(),
            lag: lag.sum(),
            committed: partitions.iter().filter(|(_, offset, _)| offset.is_some()).count(),
            partitions: partitions.len(),
            lost: lost.map(|(partition, ..)| *partition).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lag_is_what_is_not_finished() {
        let lag = Lag::of("raw", &[(0, Some(7), (0, 10)), (1, None, (5, 9)), (2, Some(3), (3, 3))]);
        assert_eq!((lag.lag, lag.committed, lag.partitions), (7, 2, 3));
        assert!(lag.lost.is_empty());
    }

    #[test]
    fn a_position_outside_the_log_is_lost() {
        let lag = Lag::of("raw", &[(0, Some(2), (5, 9)), (1, Some(12), (0, 10)), (2, Some(10), (0, 10))]);
        assert_eq!(lag.lost, [0, 1]);
    }
}
