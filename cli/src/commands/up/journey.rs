//! What the log holds about each complaint: when it came, and where it was first and last routed.
//!
//! Folded from records of complaints.raw and complaints.routed; one that comes again changes nothing.

use std::collections::HashMap;

use ombud_contract::{
    ids,
    records::{RawComplaint, RoutedComplaint, Vulnerability},
};

/// One submission's content in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Submission {
    input_sha256: String,
    offset: i64,
    appended_at: i64,
}

/// Where a complaint is routed now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CurrentRoute {
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

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Journey {
    submissions: Vec<Submission>,
    route: Option<CurrentRoute>,
}

/// Every complaint in the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Journeys(HashMap<String, Journey>);

impl Journeys {
    /// A record of complaints.raw, in the order of its partition.
    pub(crate) fn submitted(&mut self, complaint: &RawComplaint, offset: i64, appended_at: i64) {
        let input_sha256 = ids::input_sha256(complaint);
        let journey = self.0.entry(complaint.complaint_id.clone()).or_default();
        if !journey.submissions.iter().any(|known| known.input_sha256 == input_sha256) {
            journey.submissions.push(Submission { input_sha256, offset, appended_at });
        }
    }

    /// A record of complaints.routed, after the complaint that it is about.
    pub(crate) fn routed(&mut self, routed: &RoutedComplaint, appended_at: i64) {
        let Some(journey) = self.0.get_mut(&routed.complaint_id) else { return };
        let before = journey.route.as_ref();
        let first_routed_at = before.map_or(appended_at, |route| route.first_routed_at);
        if before.is_some_and(|route| route.revision >= routed.revision) {
            return;
        }
        let submitted_at = journey.submissions.first().map_or(appended_at, |first| first.appended_at);
        journey.route = Some(CurrentRoute {
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
        let journey = self.0.get(complaint_id)?;
        journey.submissions.iter().find(|submission| submission.input_sha256 == input_sha256)
    }

    /// Where the complaint is routed, once this content of it, or a later one, is.
    pub(crate) fn route(&self, complaint_id: &str, input_sha256: &str) -> Option<&CurrentRoute> {
        let submission = self.submission(complaint_id, input_sha256)?;
        let route = self.0.get(complaint_id)?.route.as_ref()?;
        (route.raw_offset >= submission.offset).then_some(route)
    }

    /// When the complaint was first appended.
    pub(crate) fn submitted_at(&self, complaint_id: &str) -> Option<i64> {
        Some(self.0.get(complaint_id)?.submissions.first()?.appended_at)
    }

    /// Every complaint in the log with its newest content.
    pub(crate) fn all(&self) -> HashMap<String, String> {
        let newest = self.0.iter().filter_map(|(id, journey)| Some((id, journey.submissions.last()?)));
        newest.map(|(id, submission)| (id.clone(), submission.input_sha256.clone())).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests;
