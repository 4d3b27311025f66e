//! What humans decided within a span of time, with the routes that they judged.

use ombud_contract::{
    codec,
    records::{Feedback, Prediction, Role},
};
use ombud_store::{CaseStore, Kind, judged_between};
use ombud_stream::Outage;
use tracing::warn;

use super::count::Judged;
use crate::complete::routes_of;

/// Every case with a verdict in `since..until` (milliseconds), its verdicts of that time alone. `told` is called after
/// each case with how many are read, and how many there are.
///
/// # Errors
/// The store doesn't answer.
pub fn gather(
    cases: &mut dyn CaseStore,
    since: i64,
    until: i64,
    mut told: impl FnMut(usize, usize),
) -> Result<Vec<Judged>, Outage> {
    let ids = judged_between(cases, since, until)?;
    let mut judged = Vec::with_capacity(ids.len());
    for (at, complaint_id) in ids.iter().enumerate() {
        let events = cases.case(complaint_id)?;
        let verdicts = events.iter().filter(|event| event.kind == Kind::Feedback);
        let verdicts = verdicts.filter_map(|event| match codec::decode::<Feedback>(&event.body) {
            Ok(feedback) => Some(feedback),
            Err(why) => {
                warn!(?event, %why, "a stored verdict can't be read");
                None
            }
        });
        // One that can't be read any more says nothing of what was.
        let predictions = events.iter().filter(|event| event.kind == Kind::Prediction);
        let predictions = predictions.filter_map(|event| codec::decode::<Prediction>(&event.body).ok());
        judged.push(Judged {
            shadows: predictions.filter(|prediction| prediction.role == Role::Shadow).collect(),
            verdicts: verdicts.filter(|verdict| (since..until).contains(&verdict.decided_at)).collect(),
            routes: routes_of(&events),
        });
        told(at + 1, ids.len());
    }
    Ok(judged)
}
