//! Cases with the verdicts on them.

use ombud_contract::{
    codec::{self, Record},
    records::{Feedback, RoutedComplaint, TimestampMs},
};
use ombud_store::{CaseEvent, CaseStore, JudgedCases, Kind};
use ombud_stream::Outage;
use tracing::warn;

use crate::truth::{CaseTruth, case_truth};

/// What a verdict is compared with: where a complaint went, and the verdicts on that.
#[derive(Clone, Debug, Default)]
pub struct CaseWithVerdicts {
    /// All its routes, in any order.
    pub routes: Vec<RoutedComplaint>,
    /// All verdicts on them, in any order.
    pub verdicts: Vec<Feedback>,
}

impl CaseWithVerdicts {
    /// What the events of a case say. One that can no longer be read is skipped.
    pub fn of(events: &[CaseEvent]) -> Self {
        Self { routes: records_of(events, Kind::Routed), verdicts: records_of(events, Kind::Feedback) }
    }

    /// Whether it was drawn at random, is judged, and no verdict says whether the customer is vulnerable.
    pub fn lacks_vulnerability(&self) -> bool {
        let CaseTruth::Judged(judgement) = case_truth(&self.verdicts, &self.routes) else { return false };
        self.routes.iter().any(RoutedComplaint::is_audited) && judgement.vulnerable().is_none()
    }
}

/// The records of one kind. One that can no longer be read is skipped.
pub fn records_of<'a, T: Record>(events: impl IntoIterator<Item = &'a CaseEvent>, kind: Kind) -> Vec<T> {
    let records = events.into_iter().filter(|event| event.kind == kind);
    records
        .filter_map(|event| match codec::decode(&event.body) {
            Ok(record) => Some(record),
            Err(why) => {
                warn!(?event, %why, "a stored record can't be read");
                None
            }
        })
        .collect()
}

/// Gives every case with a verdict in `since..until` (milliseconds) to `each`, the latest judged first, by day; and how many
/// that were. However many there are, only a page of them is in memory, and 16 bytes of every other. `progress` is called
/// after each page with how many are read, and how many there are.
///
/// # Errors
/// The store doesn't answer, or `each` fails.
pub fn each_judged<E: From<Outage>>(
    cases: &mut dyn CaseStore,
    (since, until): (TimestampMs, TimestampMs),
    mut progress: impl FnMut(usize, usize),
    mut each: impl FnMut(&str, &[CaseEvent]) -> Result<(), E>,
) -> Result<usize, E> {
    let mut ids = JudgedCases::find(cases, since, until)?;
    loop {
        let page = ids.next_page(cases)?;
        if page.is_empty() {
            return Ok(ids.given());
        }
        // Whole pages: of one that the store breaks off, nothing is given.
        let mut read = Vec::new();
        cases.cases(&page, &mut |complaint_id, events| read.push((complaint_id.to_owned(), events)))?;
        for (complaint_id, events) in &read {
            each(complaint_id, events)?;
        }
        progress(ids.given(), ids.len());
    }
}
