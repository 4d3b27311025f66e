//! Cases with verdicts, as they were known at a time: text, labels, and whether chance chose them.

use std::collections::BTreeMap;

use ombud_contract::records::{Feedback, RawComplaint, RoutedComplaint, TimestampMs};
use ombud_measure::case::{each_judged, records_of};
use ombud_store::{CaseEvent, CaseStore, Kind};
use ombud_stream::Outage;
use serde::{Deserialize, Serialize};

use super::truth::truth;
use crate::pool::Pool;

/// A complaint that humans judged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The complaint.
    pub complaint_id: String,
    /// Its newest text of then.
    pub narrative: String,
    /// When it was received.
    pub received_at: TimestampMs,
    /// Drawn at random: judged whatever the models answered.
    pub audited: bool,
    /// What it is, by task; empty where the verdicts give no task's true label.
    pub labels: BTreeMap<String, String>,
}

impl Case {
    /// What may be done with it.
    pub(super) fn pool(&self) -> Pool {
        Pool::of(&self.complaint_id, self.audited)
    }
}

/// Gives every case with a verdict in `since..as_of` (milliseconds) to `each`, as it stood at `as_of`: later submissions,
/// routes and verdicts count for nothing. What is no complaint, and what was withdrawn, is left out. Order, memory and
/// `progress` are those of [`each_judged`].
///
/// # Errors
/// The store doesn't answer, or `each` fails.
pub fn gather<E: From<Outage>>(
    cases: &mut dyn CaseStore,
    since: TimestampMs,
    as_of: TimestampMs,
    progress: impl FnMut(usize, usize),
    mut each: impl FnMut(Case) -> Result<(), E>,
) -> Result<(), E> {
    each_judged(cases, (since, as_of), progress, |complaint_id, events| {
        case(complaint_id, events, since, as_of).map_or(Ok(()), &mut each)
    })?;
    Ok(())
}

fn case(complaint_id: &str, events: &[CaseEvent], since: TimestampMs, as_of: TimestampMs) -> Option<Case> {
    let known = || events.iter().filter(|event| event.at < as_of);
    let submissions: Vec<RawComplaint> = records_of(known(), Kind::Raw);
    let newest = submissions.into_iter().max_by_key(|raw| (raw.submission, raw.received_at))?;
    let routes: Vec<RoutedComplaint> = records_of(known(), Kind::Routed);
    let mut verdicts: Vec<Feedback> = records_of(known(), Kind::Feedback);
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
