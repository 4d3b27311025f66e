//! What humans decided within a span of time, with the routes that they judged.

use ombud_contract::{
    codec,
    records::{Prediction, Role},
};
use ombud_store::{CaseEvent, CaseStore, JudgedCases, Kind};
use ombud_stream::Outage;

use super::count::Judged;
use crate::complete::KnownCase;

/// Gives every case with a verdict in `since..until` (milliseconds) to `each`, its verdicts of that time alone; and how
/// many that were. However many there are, a page of them is in memory. `told` is called after each page with how many
/// are read, and how many there are.
///
/// # Errors
/// The store doesn't answer.
pub fn gather(
    cases: &mut dyn CaseStore,
    since: i64,
    until: i64,
    mut told: impl FnMut(usize, usize),
    mut each: impl FnMut(Judged),
) -> Result<usize, Outage> {
    let mut ids = JudgedCases::find(cases, since, until)?;
    loop {
        let page = ids.next_page(cases)?;
        if page.is_empty() {
            return Ok(ids.given());
        }
        cases.cases(&page, &mut |_, events| each(judged(&events, since, until)))?;
        told(ids.given(), ids.len());
    }
}

fn judged(events: &[CaseEvent], since: i64, until: i64) -> Judged {
    let KnownCase { routes, mut verdicts } = KnownCase::of(events);
    verdicts.retain(|verdict| (since..until).contains(&verdict.decided_at));
    // One that can't be read any more says nothing of what was.
    let predictions = events.iter().filter(|event| event.kind == Kind::Prediction);
    let predictions = predictions.filter_map(|event| codec::decode::<Prediction>(&event.body).ok());
    Judged {
        shadows: predictions.filter(|prediction| prediction.role == Role::Shadow).collect(),
        verdicts,
        routes,
    }
}
