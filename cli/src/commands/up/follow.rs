//! Reads complaints.raw and complaints.routed from their beginning, so that what is known of each complaint is the same
//! after a crash as without one.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use ombud_contract::{catalogue::Topic, codec, records::RoutedComplaint, validate::complaint_of};
use ombud_launch::shutdown::Shutdown;
use ombud_stream::{Reader, Stretch, TopicPartition};
use tracing::warn;

use super::journey::Journeys;
use crate::log::scan::onward;

/// How long to wait for new records before the shutdown is checked again.
pub(super) const NEWS_TIMEOUT: Duration = Duration::from_millis(50);

/// Follows both topics.
pub(crate) struct TopicFollower<R> {
    reader: R,
    raw: Arc<str>,
    positions: Vec<(TopicPartition, i64)>,
    journeys: Journeys,
    /// Ends a read that may take long: both topics from their beginning.
    stop: Shutdown,
}

impl<R: Reader> TopicFollower<R> {
    /// Follows both topics; each has as many partitions as `widths` says.
    pub(crate) fn new(reader: R, prefix: &str, widths: [i32; 2], stop: Shutdown) -> Self {
        let raw: Arc<str> = Topic::Raw.name(prefix).into();
        let routed: Arc<str> = Topic::Routed.name(prefix).into();
        // Raw before routed: a route is then never read before the complaint that it is about.
        let positions = [&raw, &routed]
            .into_iter()
            .zip(widths)
            .flat_map(|(topic, width)| (0..width).map(|p| (TopicPartition::new(Arc::clone(topic), p), 0)))
            .collect();
        Self { reader, raw, positions, journeys: Journeys::default(), stop }
    }

    /// As far as it has been read.
    pub(crate) fn journeys(&self) -> &Journeys {
        &self.journeys
    }

    /// To say which of them are wanted.
    pub(crate) fn journeys_mut(&mut self) -> &mut Journeys {
        &mut self.journeys
    }

    /// Reads both topics to their ends, unless it is stopped; when nothing is new, waits for at most `wait`.
    /// Returns whether there was anything.
    pub(crate) fn catch_up(&mut self, wait: Duration) -> Result<bool> {
        let mut came = false;
        for at in 0..self.positions.len() {
            let end = self.reader.end(&self.positions[at].0)?;
            while self.positions[at].1 < end {
                if self.stop.requested() {
                    return Ok(came);
                }
                let (partition, next) = self.positions[at].clone();
                let stretch = onward(&mut self.reader, &partition, next)?;
                came |= self.take(at, stretch)?;
            }
        }
        if !came && !wait.is_zero() {
            // The last partition stands for all: the next call looks at each of them again.
            let last = self.positions.len() - 1;
            let (partition, next) = self.positions[last].clone();
            let stretch = self.reader.fetch(&partition, next, wait)?;
            came = self.take(last, stretch)?;
        }
        Ok(came)
    }

    /// Folds what was read of one partition; whether there was any record.
    fn take(&mut self, at: usize, stretch: Stretch) -> Result<bool> {
        self.positions[at].1 = stretch.next;
        let topic = Arc::clone(&self.positions[at].0.topic);
        for record in &stretch.records {
            let Some(value) = record.value.as_deref() else { continue };
            if topic == self.raw {
                // What can't be read is the joiner's to park, and no complaint of a file.
                let Ok(complaint) = complaint_of(record.key.as_deref(), Some(value)) else { continue };
                self.journeys.submitted(&complaint, record.offset, record.appended_at);
            } else {
                match codec::decode::<RoutedComplaint>(value) {
                    Ok(routed) => self.journeys.routed(&routed, record.appended_at),
                    // The archive's to park and to count.
                    Err(why) => warn!(at = ?record, %why, "route skipped"),
                }
            }
        }
        Ok(!stretch.records.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ombud_local::{Local, Options};

    use super::*;
    use crate::{
        commands::up::journey::tests::{complaint, route},
        log::publish::{Publisher, outgoing},
    };

    #[test]
    fn what_was_appended_before_and_what_comes_later_is_followed_and_poison_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let log = Local::open(dir.path(), Options::catalogue("", 2)).unwrap();
        let mut publisher = Publisher::new(log.sink(8));
        let (raw, routed) = (Topic::Raw.name("").into(), Topic::Routed.name("").into());
        let one = complaint("c-1", "They charged me.");
        let mut poison = outgoing(&raw, "c-1", &one).unwrap();
        poison.value = Some(Bytes::from_static(b"poison"));
        publisher.send(poison).unwrap();
        publisher.send(outgoing(&raw, "c-1", &one).unwrap()).unwrap();
        publisher.flush().unwrap();

        let mut follow = TopicFollower::new(log.reader().unwrap(), "", [2, 2], Shutdown::default());
        assert!(follow.catch_up(Duration::ZERO).unwrap());
        let wanted = follow.journeys_mut().want(&one);
        assert!(wanted.is_in_log && follow.journeys().count_routed() == 0);
        assert!(!follow.catch_up(Duration::ZERO).unwrap(), "it is at the ends");

        let mut poison = outgoing(&routed, "c-1", &route("c-1", 1, 1)).unwrap();
        poison.value = Some(Bytes::from_static(b"poison"));
        publisher.send(poison).unwrap();
        publisher.send(outgoing(&routed, "c-1", &route("c-1", 1, 1)).unwrap()).unwrap();
        publisher.flush().unwrap();
        assert!(follow.catch_up(Duration::ZERO).unwrap());
        let teams: Vec<&str> = follow.journeys().wanted_routes().map(|route| route.team).collect();
        assert_eq!(teams, ["team of revision 1"]);
    }
}
