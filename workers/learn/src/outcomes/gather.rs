//! Cases with verdicts, as they were known at a time: text, labels, and whether chance chose them.

use std::collections::BTreeMap;

use ombud_contract::{
    codec,
    records::{Feedback, RawComplaint, RoutedComplaint, TimestampMs},
};
use ombud_store::{CaseEvent, CaseStore, JudgedCases, Kind};
use ombud_stream::Outage;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::truth::truth;

/// A complaint that humans judged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The complaint.
    pub complaint_id: String,
    /// Its newest text of then.
    pub narrative: String,
    /// When it was received.
    pub received_at: TimestampMs,
    /// Drawn at random: judged whatever the models said.
    pub audited: bool,
    /// What it is, by task; empty where the verdicts say of no task what is right.
    pub labels: BTreeMap<String, String>,
}

/// Gives every case with a verdict in `since..as_of` (milliseconds) to `each`, as it stood at `as_of`: later submissions,
/// routes and verdicts count for nothing. The latest judged first, by day. What is no complaint, and what was withdrawn, is
/// left out. However many there are, a page of them is in memory, and 16 bytes of every other. `told` is called after each
/// page with how many are read, and how many there are.
///
/// # Errors
/// The store doesn't answer, or `each` fails.
pub fn gather<E: From<Outage>>(
    cases: &mut dyn CaseStore,
    since: TimestampMs,
    as_of: TimestampMs,
    mut told: impl FnMut(usize, usize),
    mut each: impl FnMut(Case) -> Result<(), E>,
) -> Result<(), E> {
    let mut ids = JudgedCases::find(cases, since, as_of)?;
    loop {
        let page = ids.next_page(cases)?;
        if page.is_empty() {
            return Ok(());
        }
        let mut read = Vec::new();
        cases.cases(&page, &mut |id, events| read.extend(case(id, &events, since, as_of)))?;
        read.into_iter().try_for_each(&mut each)?;
        told(ids.given(), ids.len());
    }
}

fn case(complaint_id: &str, events: &[CaseEvent], since: TimestampMs, as_of: TimestampMs) -> Option<Case> {
    let submissions: Vec<RawComplaint> = decoded(events, Kind::Raw, as_of);
    let newest = submissions.into_iter().max_by_key(|raw| (raw.submission, raw.received_at))?;
    let routes: Vec<RoutedComplaint> = decoded(events, Kind::Routed, as_of);
    let mut verdicts: Vec<Feedback> = decoded(events, Kind::Feedback, as_of);
    verdicts.retain(|verdict| verdict.decided_at >= since);
    let labels = truth(&verdicts, &routes)?;
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
