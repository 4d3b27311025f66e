//! Which cases humans judged within a span of time.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use ombud_stream::Outage;

use crate::{CaseStore, day_of};

/// The ids of all complaints with a verdict in `since..until` (milliseconds).
///
/// # Errors
/// The store doesn't answer.
pub fn judged_between(cases: &mut dyn CaseStore, since: i64, until: i64) -> Result<BTreeSet<String>, Outage> {
    let mut ids = BTreeSet::new();
    if since >= until {
        return Ok(ids);
    }
    let (mut day, last) = (day_of(since), day_of(until - 1));
    while day <= last {
        cases.feedback(day, &mut |verdict| {
            if (since..until).contains(&verdict.decided_at) {
                ids.insert(verdict.complaint_id);
            }
        })?;
        // The calendar ends in the year 9999.
        let Ok(next) = day.checked_add(1.day()) else { break };
        day = next;
    }
    Ok(ids)
}
