//! What the log says of each complaint: when it came, and where it was first and last routed.
//!
//! Folded from complaints.raw and complaints.routed alone, so that it is the same after a crash as without one.

use std::{collections::HashMap, sync::Arc, time::Duration};

use anyhow::Result;
use ombud_contract::{
    catalogue::Topic,
    codec, ids,
    records::{RawComplaint, RoutedComplaint, Vulnerability},
};
use ombud_stream::{Reader, Stretch, TopicPartition};

use crate::scan::onward;

/// One submission's content in the log.
#[derive(Clone, Debug)]
struct Submission {
    input_sha256: String,
    offset: i64,
    appended_at: i64,
}

/// Where a complaint stands.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) team: String,
    pub(crate) vulnerability: Vulnerability,
    pub(crate) needs_human: bool,
    pub(crate) complete: bool,
    /// Milliseconds from the first submission's append to the first route's.
    pub(crate) latency_ms: i64,
    pub(crate) first_routed_at: i64,
    revision: i64,
    raw_offset: i64,
}

#[derive(Default)]
struct Seen {
    submissions: Vec<Submission>,
    standing: Option<Standing>,
}

/// Follows both topics from their beginning.
pub(crate) struct Follow<R> {
    reader: R,
    raw: Arc<str>,
    positions: Vec<(TopicPartition, i64)>,
    seen: HashMap<String, Seen>,
}

impl<R: Reader> Follow<R> {
    /// Follows `partitions` partitions of both topics.
    pub(crate) fn new(reader: R, prefix: &str, partitions: i32) -> Self {
        let raw: Arc<str> = Topic::Raw.name(prefix).into();
        let routed: Arc<str> = Topic::Routed.name(prefix).into();
        // Raw before routed: a route is then never read before the complaint that it is about.
        let positions = [&raw, &routed]
            .into_iter()
            .flat_map(|topic| (0..partitions).map(|p| (TopicPartition::new(Arc::clone(topic), p), 0)))
            .collect();
        Self { reader, raw, positions, seen: HashMap::new() }
    }

    /// Reads both topics to their ends; when nothing is new, waits for it for at most `wait`.
    /// Returns whether there was anything.
    pub(crate) fn catch_up(&mut self, wait: Duration) -> Result<bool> {
        let mut came = false;
        for at in 0..self.positions.len() {
            let end = self.reader.end(&self.positions[at].0)?;
            while self.positions[at].1 < end {
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
                let Ok(complaint) = codec::decode::<RawComplaint>(value) else { continue };
                self.submitted(&complaint, record.offset, record.appended_at);
            } else {
                let routed = codec::decode::<RoutedComplaint>(value)?;
                self.routed(&routed, record.appended_at);
            }
        }
        Ok(!stretch.records.is_empty())
    }

    fn submitted(&mut self, complaint: &RawComplaint, offset: i64, appended_at: i64) {
        let input_sha256 = ids::input_sha256(complaint);
        let seen = self.seen.entry(complaint.complaint_id.clone()).or_default();
        if !seen.submissions.iter().any(|known| known.input_sha256 == input_sha256) {
            seen.submissions.push(Submission { input_sha256, offset, appended_at });
        }
    }

    fn routed(&mut self, routed: &RoutedComplaint, appended_at: i64) {
        let Some(seen) = self.seen.get_mut(&routed.complaint_id) else { return };
        let first_routed_at = seen.standing.as_ref().map_or(appended_at, |standing| standing.first_routed_at);
        if seen.standing.as_ref().is_some_and(|standing| standing.revision >= routed.revision) {
            return;
        }
        let submitted_at = seen.submissions.first().map_or(appended_at, |first| first.appended_at);
        seen.standing = Some(Standing {
            team: routed.team.clone(),
            vulnerability: routed.vulnerability,
            needs_human: routed.needs_human,
            complete: routed.missing_tasks.is_empty(),
            latency_ms: first_routed_at - submitted_at,
            first_routed_at,
            revision: routed.revision,
            raw_offset: routed.raw_offset,
        });
    }

    /// Whether this very content of this complaint is in the log.
    pub(crate) fn has(&self, complaint_id: &str, input_sha256: &str) -> bool {
        self.submission(complaint_id, input_sha256).is_some()
    }

    fn submission(&self, complaint_id: &str, input_sha256: &str) -> Option<&Submission> {
        let seen = self.seen.get(complaint_id)?;
        seen.submissions.iter().find(|submission| submission.input_sha256 == input_sha256)
    }

    /// Where the complaint stands, once this content of it, or a later one, is routed.
    pub(crate) fn standing(&self, complaint_id: &str, input_sha256: &str) -> Option<&Standing> {
        let submission = self.submission(complaint_id, input_sha256)?;
        let standing = self.seen.get(complaint_id)?.standing.as_ref()?;
        (standing.raw_offset >= submission.offset).then_some(standing)
    }

    /// When the complaint was first appended.
    pub(crate) fn submitted_at(&self, complaint_id: &str) -> Option<i64> {
        Some(self.seen.get(complaint_id)?.submissions.first()?.appended_at)
    }

    /// Every complaint in the log with its newest content.
    pub(crate) fn all(&self) -> HashMap<String, String> {
        let newest = self.seen.iter().filter_map(|(id, seen)| Some((id, seen.submissions.last()?)));
        newest.map(|(id, submission)| (id.clone(), submission.input_sha256.clone())).collect()
    }
}
