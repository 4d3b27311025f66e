//! How far the inference groups are in complaints.raw.

use std::sync::Arc;

use anyhow::Result;
use ombud_contract::catalogue::Topic;
use ombud_launch::config::Settings;
use ombud_stream::{Outage, Reader, TopicPartition};

use crate::log::backend::{GroupOffsets, READER, View};

/// How far a group is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupProgress {
    /// Records that it has finished, counted from anywhere.
    pub(crate) finished: i64,
    /// Records that it has not.
    pub(crate) behind: i64,
}

/// The groups that a backfill is sent to.
pub(crate) trait InferenceGroups {
    /// Those that work now.
    fn names(&mut self) -> Result<Vec<String>, Outage>;
    /// How far each of `names` is, in their order.
    fn progress(&mut self, names: &[&str]) -> Result<Vec<GroupProgress>, Outage>;
}

/// Reads them from the log.
pub(crate) struct LogGroups {
    view: View,
    reader: Box<dyn Reader>,
    /// Knows the groups.
    groups: GroupOffsets,
    /// Each partition with the first offset that it held.
    partitions: Vec<(TopicPartition, i64)>,
    /// Groups whose offsets were read before.
    known: Vec<(String, GroupOffsets)>,
}

impl LogGroups {
    pub(super) fn of(view: &View, settings: &Settings) -> Result<Self> {
        let topic: Arc<str> = Topic::Raw.name(&settings.topics.prefix).into();
        let mut reader = view.reader(READER)?;
        let mut partitions = Vec::new();
        for (partition, _) in view.ends(&topic)? {
            let first = reader.offset_at(&partition, i64::MIN)?;
            partitions.push((partition, first));
        }
        let groups = view.group_offsets(READER)?;
        Ok(Self { view: view.clone(), reader, groups, partitions, known: Vec::new() })
    }

    fn offsets_of(&mut self, name: &str) -> Result<&GroupOffsets, Outage> {
        let at = match self.known.iter().position(|(known, _)| known == name) {
            Some(at) => at,
            None => {
                let opened = self.view.group_offsets(name);
                let offsets =
                    opened.map_err(|cause| Outage::passing(format!("read the offsets of {name}"), cause))?;
                self.known.push((name.to_owned(), offsets));
                self.known.len() - 1
            }
        };
        Ok(&self.known[at].1)
    }
}

impl InferenceGroups for LogGroups {
    fn names(&mut self) -> Result<Vec<String>, Outage> {
        self.groups.inferring()
    }

    fn progress(&mut self, names: &[&str]) -> Result<Vec<GroupProgress>, Outage> {
        let partitions = self.partitions.clone();
        let mut ends = Vec::with_capacity(partitions.len());
        for (partition, _) in &partitions {
            ends.push(self.reader.end(partition)?);
        }
        let mut all = Vec::with_capacity(names.len());
        for name in names {
            let positions = self.offsets_of(name)?.positions(&partitions)?;
            let mut group = GroupProgress { finished: 0, behind: 0 };
            for (position, end) in positions.into_iter().zip(&ends) {
                group.finished += position;
                group.behind += (end - position).max(0);
            }
            all.push(group);
        }
        Ok(all)
    }
}
