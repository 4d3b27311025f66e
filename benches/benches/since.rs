//! What has come to an embedded log since some moment: complaints and their first routes.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_contract::{
    catalogue::Topic,
    codec::decode,
    records::{RawComplaint, RoutedComplaint},
};
use ombud_local::Local;
use ombud_stream::{Reader as _, TopicPartition};

use crate::filled::PARTITIONS;

/// For all of them to be routed.
const TIMEOUT: Duration = Duration::from_secs(600);

/// A first route.
pub(crate) struct Route {
    pub(crate) id: String,
    pub(crate) team: String,
    pub(crate) at: i64,
}

/// What has come to the log since some moment.
#[derive(Default)]
pub(crate) struct Since {
    raw_from: Vec<i64>,
    routed_from: Vec<i64>,
    /// When each complaint was appended.
    pub(crate) appended: BTreeMap<String, i64>,
    /// By when they were appended.
    pub(crate) routes: Vec<Route>,
}

impl Since {
    /// As it is now: nothing has come.
    pub(crate) fn now(data: &Path) -> Result<Self> {
        let mut reader = Local::open_read_only(data)?.reader()?;
        let mut ends = |topic: Topic| {
            let ends = (0..PARTITIONS).map(|number| reader.end(&TopicPartition::new(topic.name(""), number)));
            ends.collect::<Result<_, _>>()
        };
        Ok(Self { raw_from: ends(Topic::Raw)?, routed_from: ends(Topic::Routed)?, ..Self::default() })
    }

    pub(crate) fn wait_for_routes(mut self, data: &Path, count: usize) -> Result<Self> {
        let mut reader = Local::open_read_only(data)?.reader()?;
        let until = Instant::now() + TIMEOUT;
        let mut known = HashSet::new();
        while self.routes.len() < count || self.appended.len() < count {
            ensure!(Instant::now() < until, "{} of {count} are routed", self.routes.len());
            for (topic, number) in
                [Topic::Raw, Topic::Routed].iter().flat_map(|topic| (0..PARTITIONS).map(move |n| (*topic, n)))
            {
                let from = if topic == Topic::Raw { &mut self.raw_from } else { &mut self.routed_from };
                let from = from.get_mut(number as usize).context("a partition")?;
                let partition = TopicPartition::new(topic.name(""), number);
                let stretch = reader.fetch(&partition, *from, Duration::from_millis(20))?;
                *from = stretch.next;
                for record in stretch {
                    let Some(value) = record.value.as_deref() else { continue };
                    if topic == Topic::Raw {
                        let raw: RawComplaint = decode(value)?;
                        self.appended.insert(raw.complaint_id, record.appended_at);
                        continue;
                    }
                    let route: RoutedComplaint = decode(value)?;
                    if known.insert(route.complaint_id.clone()) {
                        self.routes.push(Route {
                            id: route.complaint_id,
                            team: route.team,
                            at: record.appended_at,
                        });
                    }
                }
            }
        }
        self.routes.sort_by_key(|route| route.at);
        Ok(self)
    }

    /// Each route's team, the how many-th of that team it is, and when it was appended.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (&str, u64, i64)> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        self.routes.iter().map(move |route| {
            let number = counts.entry(&route.team).or_default();
            *number += 1;
            (&*route.team, *number, route.at)
        })
    }
}
