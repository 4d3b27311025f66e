//! complaints.routed as a product team sees it: folded by the revision rule while it grows, and kept record by record.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use ombud_contract::{codec, records::RoutedComplaint};
use ombud_kafka::KafkaReader;
use ombud_stream::{Outage, Reader, TopicPartition};

use crate::{Deployment, kafka, whole};

/// How long one fetch waits for a record.
const FETCH_TIMEOUT: Duration = Duration::from_millis(20);
/// How long a call to brokers may take while routes are followed: it is repeated again and again.
const CALL_TIMEOUT: Duration = Duration::from_secs(2);

/// One record of complaints.routed.
#[derive(Clone, Debug)]
pub struct Routed {
    /// Where it lies.
    pub at: TopicPartition,
    /// Its offset there.
    pub offset: i64,
    /// When it was appended, in milliseconds since the Unix epoch.
    pub appended_at: i64,
    /// What it says.
    pub record: RoutedComplaint,
}

/// Follows a deployment's routes from the beginning.
pub struct Routes {
    reader: KafkaReader,
    positions: Vec<(TopicPartition, i64)>,
    /// What the brokers did not do when they were asked last.
    outage: Option<Outage>,
    /// Every record of each complaint, in the order of the log.
    pub by_complaint: BTreeMap<String, Vec<Routed>>,
}

impl Routes {
    /// Over plain brokers: a promise about TLS reads them in the clear beside it.
    ///
    /// # Errors
    /// Brokers or registry don't answer.
    pub fn follow(deployment: &Deployment) -> Result<Self> {
        let kafka = kafka(deployment)?;
        let topic: Arc<str> = deployment.topic("complaints.routed").into();
        let partitions = kafka.partitions(&topic)?;
        let positions = (0..partitions).map(|n| (TopicPartition::new(Arc::clone(&topic), n), 0)).collect();
        let reader = kafka.within(CALL_TIMEOUT).reader("tests")?;
        Ok(Self { reader, positions, outage: None, by_complaint: BTreeMap::new() })
    }

    /// Reads what has come; gives the number of records. An outage of brokers is waited through.
    ///
    /// # Errors
    /// A record can't be decoded, or none can be read ever again.
    pub fn catch_up(&mut self) -> Result<usize> {
        let mut came = 0;
        for (at, next) in &mut self.positions {
            let stretch = match self.reader.fetch(at, *next, FETCH_TIMEOUT) {
                Ok(stretch) => stretch,
                Err(outage) if outage.fatal => return Err(outage.into()),
                Err(outage) => {
                    self.outage = Some(outage);
                    continue;
                }
            };
            *next = stretch.next;
            for record in stretch {
                came += 1;
                let Some(value) = record.value.as_deref() else { continue };
                let routed: RoutedComplaint = codec::decode(value)?;
                self.by_complaint.entry(routed.complaint_id.clone()).or_default().push(Routed {
                    at: at.clone(),
                    offset: record.offset,
                    appended_at: record.appended_at,
                    record: routed,
                });
            }
        }
        Ok(came)
    }

    /// Everything before this offset has been read.
    pub fn position(&self, partition: &TopicPartition) -> i64 {
        let found = self.positions.iter().find(|(at, _)| at == partition);
        found.map_or(0, |(_, next)| *next)
    }

    /// What a product team holds of a complaint: the record with the greatest revision.
    pub fn held(&self, complaint_id: &str) -> Option<&Routed> {
        self.by_complaint.get(complaint_id)?.iter().max_by_key(|routed| routed.record.revision)
    }

    /// What a product team holds with every task answered.
    pub fn completely(&self) -> impl Iterator<Item = &Routed> {
        let held = self.by_complaint.keys().filter_map(|id| self.held(id));
        held.filter(|routed| routed.record.missing_tasks.is_empty())
    }

    /// How many complaints that are.
    pub fn complete(&self) -> usize {
        self.completely().count()
    }

    /// Reads on until `complaints` are complete.
    ///
    /// # Errors
    /// They are not within `timeout`.
    pub fn wait_for_complete(&mut self, complaints: usize, timeout: Duration) -> Result<()> {
        self.wait_until(timeout, |routes| routes.complete() >= complaints)
    }

    /// Reads on until `enough` says so.
    ///
    /// # Errors
    /// It does not within `timeout`.
    pub fn wait_until(&mut self, timeout: Duration, enough: impl Fn(&Self) -> bool) -> Result<()> {
        let until = Instant::now() + timeout;
        loop {
            self.catch_up()?;
            if enough(self) {
                return Ok(());
            }
            ensure!(
                Instant::now() < until,
                "after {timeout:?} {} complaints are routed, {} of them completely; the last outage: {:?}",
                self.by_complaint.len(),
                self.complete(),
                self.outage
            );
        }
    }

    /// Reads on for so long.
    ///
    /// # Errors
    /// A record can't be decoded, or none can be read ever again.
    pub fn pass(&mut self, time: Duration) -> Result<()> {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.catch_up()?;
        }
        Ok(())
    }

    /// Complaints whose log contradicts itself: two different records of one revision, or a lesser revision last.
    pub fn contradictions(&self) -> Vec<&str> {
        let contradicts = |routes: &[Routed]| {
            let newest = routes.iter().map(|routed| routed.record.revision).max();
            let last = routes.last().map(|routed| routed.record.revision);
            let forked = routes.iter().any(|one| {
                routes.iter().any(|other| {
                    one.record.revision == other.record.revision
                        && one.record.route_id != other.record.route_id
                })
            });
            forked || newest != last
        };
        let found = self.by_complaint.iter().filter(|(_, routes)| contradicts(routes));
        found.map(|(id, _)| id.as_str()).collect()
    }
}

/// When each raw record was appended, in milliseconds since the Unix epoch, by partition and offset.
///
/// # Errors
/// A partition can't be read to its end.
pub fn appended(deployment: &Deployment) -> Result<BTreeMap<(i32, i64), i64>> {
    let raw = whole(deployment, "complaints.raw")?.into_iter();
    Ok(raw.map(|raw| ((raw.source.partition, raw.offset), raw.appended_at)).collect())
}
