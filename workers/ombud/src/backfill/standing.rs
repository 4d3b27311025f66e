//! Where the inference groups stand in complaints.raw.

use std::sync::Arc;

use anyhow::Result;
use ombud_contract::catalogue::Topic;
use ombud_launch::config::Settings;
use ombud_stream::{Outage, Reader, TopicPartition};

use crate::world::{READER, Standing, View};

/// Where a group stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stand {
    /// Records that it has finished, counted from anywhere.
    pub(crate) finished: i64,
    /// Records that it has not.
    pub(crate) behind: i64,
}

/// The groups in front of which a backfill lies.
pub(crate) trait Groups {
    /// Those that work now.
    fn names(&mut self) -> Result<Vec<String>, Outage>;
    /// Where each of `names` stands, in their order.
    fn stands(&mut self, names: &[&str]) -> Result<Vec<Stand>, Outage>;
}

/// Asks the log.
pub(crate) struct Standings {
    view: View,
    reader: Box<dyn Reader>,
    /// Knows the groups.
    groups: Standing,
    /// Each partition with the first offset that it held.
    partitions: Vec<(TopicPartition, i64)>,
    asked: Vec<(String, Standing)>,
}

impl Standings {
    pub(super) fn of(view: &View, settings: &Settings) -> Result<Self> {
        let topic: Arc<str> = Topic::Raw.name(&settings.topics.prefix).into();
        let mut reader = view.reader(READER)?;
        let mut partitions = Vec::new();
        for (partition, _) in view.ends(&topic)? {
            let first = reader.offset_at(&partition, i64::MIN)?;
            partitions.push((partition, first));
        }
        let groups = view.standing(READER)?;
        Ok(Self { view: view.clone(), reader, groups, partitions, asked: Vec::new() })
    }

    fn standing(&mut self, name: &str) -> Result<&Standing, Outage> {
        let at = match self.asked.iter().position(|(known, _)| known == name) {
            Some(at) => at,
            None => {
                let asking = self.view.standing(name);
                let standing =
                    asking.map_err(|cause| Outage::passing(format!("ask where {name} stands"), cause))?;
                self.asked.push((name.to_owned(), standing));
                self.asked.len() - 1
            }
        };
        Ok(&self.asked[at].1)
    }
}

impl Groups for Standings {
    fn names(&mut self) -> Result<Vec<String>, Outage> {
        self.groups.inferring()
    }

    fn stands(&mut self, names: &[&str]) -> Result<Vec<Stand>, Outage> {
        let partitions = self.partitions.clone();
        let mut ends = Vec::with_capacity(partitions.len());
        for (partition, _) in &partitions {
            ends.push(self.reader.end(partition)?);
        }
        let mut stands = Vec::with_capacity(names.len());
        for name in names {
            let positions = self.standing(name)?.positions(&partitions)?;
            let mut stand = Stand { finished: 0, behind: 0 };
            for (position, end) in positions.into_iter().zip(&ends) {
                stand.finished += position;
                stand.behind += (end - position).max(0);
            }
            stands.push(stand);
        }
        Ok(stands)
    }
}
