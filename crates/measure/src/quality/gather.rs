//! What humans decided within a span of time, with the routes that they judged.

use ombud_contract::{
    codec,
    records::{Prediction, Role},
};
use ombud_store::{CaseEvent, CaseStore, Kind};
use ombud_stream::Outage;

use super::count::JudgedCase;
use crate::case::{CaseWithVerdicts, each_judged};

/// Gives every case with a verdict in `since..until` (milliseconds) to `each`, its verdicts of that time alone; and how
/// many that were. Memory and `progress` are those of [`each_judged`].
///
/// # Errors
/// The store doesn't answer.
pub fn gather(
    cases: &mut dyn CaseStore,
    since: i64,
    until: i64,
    progress: impl FnMut(usize, usize),
    mut each: impl FnMut(JudgedCase),
) -> Result<usize, Outage> {
    each_judged(cases, (since, until), progress, |_, events| {
        each(judged(events, since, until));
        Ok(())
    })
}

fn judged(events: &[CaseEvent], since: i64, until: i64) -> JudgedCase {
    let CaseWithVerdicts { routes, mut verdicts } = CaseWithVerdicts::of(events);
    verdicts.retain(|verdict| (since..until).contains(&verdict.decided_at));
    // One that can't be read any more says nothing of what was.
    let predictions = events.iter().filter(|event| event.kind == Kind::Prediction);
    let predictions = predictions.filter_map(|event| codec::decode::<Prediction>(&event.body).ok());
    JudgedCase {
        shadows: predictions.filter(|prediction| prediction.role == Role::Shadow).collect(),
        verdicts,
        routes,
    }
}
