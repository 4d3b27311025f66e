//! How far each group is, and how long it needs at its rate, by what it has committed: whichever process works for it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::Result;
use ombud_console::pages::GroupStatus;
use ombud_contract::catalogue::Topic;
use ombud_stream::{Reader, TopicPartition};
use tracing::debug;

use crate::{
    log::backend::{READER, View},
    serve::lag::{LagSample, Throughput},
};

/// How long one request to the log may take.
const LOG_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a record that is there is waited for.
const FETCH_TIMEOUT: Duration = Duration::from_millis(200);
/// Partitions of a group in which the oldest record is looked for: those that are furthest behind.
const LOOKED_INTO: usize = 4;

/// Follows the groups while somebody watches.
pub(super) struct GroupWatch {
    view: View,
    prefix: String,
    throughputs: BTreeMap<String, Throughput>,
}

/// Of each partition, where its group goes on and where it ends.
type Positions = BTreeMap<TopicPartition, (i64, i64)>;

impl GroupWatch {
    pub(super) fn new(view: View, prefix: String) -> Self {
        Self { view, prefix, throughputs: BTreeMap::new() }
    }

    /// Every group now, with its oldest record.
    pub(super) fn look(&mut self) -> Result<Vec<GroupStatus>> {
        let mut reader = self.view.reader_within(READER, LOG_TIMEOUT)?;
        let mut statuses = Vec::new();
        for (group, positions) in self.positions(&mut *reader)? {
            let (lag, drain_seconds) = self.measure(&group, &positions);
            let oldest = oldest(&mut *reader, &positions);
            statuses.push(GroupStatus { group, lag, drain_seconds, oldest });
        }
        Ok(statuses)
    }

    /// Measures once more, for the rates.
    pub(super) fn sample(&mut self) {
        let read =
            self.view.reader_within(READER, LOG_TIMEOUT).and_then(|mut reader| self.positions(&mut *reader));
        match read {
            Ok(groups) => {
                for (group, positions) in groups {
                    self.measure(&group, &positions);
                }
            }
            Err(error) => {
                debug!(error = format!("{error:#}"), "groups not measured");
                self.rest();
            }
        }
    }

    /// What comes is no continuation of what was measured.
    pub(super) fn rest(&mut self) {
        self.throughputs.values_mut().for_each(Throughput::interrupt);
    }

    fn measure(&mut self, group: &str, positions: &Positions) -> (u64, Option<f64>) {
        let sample = LagSample { at: Instant::now(), partitions: positions.clone() };
        let lag = sample.lag().unsigned_abs();
        let throughput = self.throughputs.entry(group.to_owned()).or_default();
        (lag, throughput.drain_seconds(sample))
    }

    fn positions(&self, reader: &mut dyn Reader) -> Result<Vec<(String, Positions)>> {
        let mut bounds: BTreeMap<Topic, Vec<(TopicPartition, i64, i64)>> = BTreeMap::new();
        let mut groups = Vec::new();
        for (group, topics) in self.groups()? {
            let (offsets, mut positions) = (self.view.group_offsets(&group)?, Positions::new());
            for topic in topics {
                let known = match bounds.get(&topic) {
                    Some(known) => known,
                    None => bounds.entry(topic).or_insert(self.bounds(reader, topic)?),
                };
                let begun: Vec<_> =
                    known.iter().map(|(partition, first, _)| (partition.clone(), *first)).collect();
                let next = offsets.positions(&begun)?;
                for ((partition, _, end), next) in known.iter().zip(next) {
                    positions.insert(partition.clone(), (next, *end));
                }
            }
            groups.push((group, positions));
        }
        Ok(groups)
    }

    /// Every group with the topics that it reads.
    fn groups(&self) -> Result<Vec<(String, Vec<Topic>)>> {
        let inferring = self.view.group_offsets(ombud_join::GROUP)?.inferring()?;
        let mut groups: Vec<_> = inferring.into_iter().map(|group| (group, vec![Topic::Raw])).collect();
        groups.push((ombud_join::GROUP.to_owned(), vec![Topic::Raw]));
        groups.push((ombud_archive::GROUP.to_owned(), ombud_archive::TOPICS.to_vec()));
        Ok(groups)
    }

    /// Of each partition of `topic`, its first offset and its end.
    fn bounds(&self, reader: &mut dyn Reader, topic: Topic) -> Result<Vec<(TopicPartition, i64, i64)>> {
        let ends = self.view.ends(&topic.name(&self.prefix))?;
        ends.into_iter()
            .map(|(partition, end)| {
                let first = reader.offset_at(&partition, i64::MIN)?;
                Ok((partition, first, end))
            })
            .collect()
    }
}

/// When the oldest record was appended that is not finished, in the partitions that are furthest behind.
fn oldest(reader: &mut dyn Reader, positions: &Positions) -> Option<i64> {
    let mut behind: Vec<_> = positions.iter().filter(|(_, (next, end))| next < end).collect();
    behind.sort_by_key(|(_, (next, end))| next - end);
    let appended = behind.into_iter().take(LOOKED_INTO).filter_map(|(partition, (next, _))| {
        let stretch = reader.fetch(partition, *next, FETCH_TIMEOUT);
        let stretch = stretch.inspect_err(|outage| debug!(%outage, "the oldest record is not known")).ok()?;
        stretch.records.first().map(|record| record.appended_at)
    });
    appended.min()
}
