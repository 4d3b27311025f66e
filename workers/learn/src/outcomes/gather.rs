//! Cases with verdicts, as they were known at a time: text, labels, and whether chance chose them.

use std::collections::BTreeMap;

use ombud_contract::{
    codec,
    records::{Feedback, RawComplaint, RoutedComplaint, TimestampMs},
};
use ombud_store::{CaseEvent, CaseStore, Kind, judged_between};
use ombud_stream::Outage;
use serde::de::DeserializeOwned;
use tracing::warn;

use super::truth::truth;

/// A complaint that humans judged.
#[derive(Clone, PartialEq, Eq)]
pub struct Case {
    /// The complaint.
    pub complaint_id: String,
    /// Its newest text of then.
    pub narrative: String,
    /// When it was received.
    pub received_at: TimestampMs,
    /// Drawn at random: judged whatever the models said.
    pub audited: bool,
    /// What it is, by task.
    pub labels: BTreeMap<String, String>,
}

/// Every case with a verdict in `since..as_of` (milliseconds), as it stood at `as_of`: later submissions, routes and
/// verdicts count for nothing. Cases that teach no label, and withdrawn ones, are left out. `told` is called after each
/// case with how many are read, and how many there are.
///
/// # Errors
/// The store doesn't answer.
pub fn gather(
    cases: &mut dyn CaseStore,
    since: TimestampMs,
    as_of: TimestampMs,
    mut told: impl FnMut(usize, usize),
) -> Result<Vec<Case>, Outage> {
    let ids = judged_between(cases, since, as_of)?;
    let mut gathered = Vec::new();
    for (at, complaint_id) in ids.iter().enumerate() {
        gathered.extend(case(complaint_id, &cases.case(complaint_id)?, since, as_of));
        told(at + 1, ids.len());
    }
    Ok(gathered)
}

fn case(complaint_id: &str, events: &[CaseEvent], since: TimestampMs, as_of: TimestampMs) -> Option<Case> {
    let submissions: Vec<RawComplaint> = decoded(events, Kind::Raw, as_of);
    let newest = submissions.into_iter().max_by_key(|raw| (raw.submission, raw.received_at))?;
    let routes: Vec<RoutedComplaint> = decoded(events, Kind::Routed, as_of);
    let mut verdicts: Vec<Feedback> = decoded(events, Kind::Feedback, as_of);
    verdicts.retain(|verdict| verdict.decided_at >= since);
    let labels = truth(&verdicts, &routes).filter(|labels| !labels.is_empty())?;
    (!newest.withdrawn).then(|| Case {
        complaint_id: complaint_id.to_owned(),
        narrative: newest.narrative,
        received_at: newest.received_at,
        audited: routes.iter().any(RoutedComplaint::is_audited),
        labels,
    })
}

/// The case's records of one kind from before `as_of`. One that can't be read any more is passed over.
fn decoded<T: DeserializeOwned + codec::Record>(
    events: &[CaseEvent],
    kind: Kind,
    as_of: TimestampMs,
) -> Vec<T> {
    let known = events.iter().filter(|event| event.kind == kind && event.at < as_of);
    known
        .filter_map(|event| match codec::decode(&event.body) {
            Ok(record) => Some(record),
            Err(why) => {
                warn!(?event, %why, "a stored record can't be read");
                None
            }
        })
        .collect()
}
