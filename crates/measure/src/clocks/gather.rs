//! The cases that were received within a span of time, from the queues that they lie in.

use ombud_contract::records::TimestampMs;
use ombud_store::{CaseEvent, CaseStore, days};
use ombud_stream::Outage;

/// Cases that are in memory at once.
const PAGE: usize = 256;

/// Gives every case of these `teams` that was received in `since..until` to `each`, by team and day; and how many that
/// were. What the customer took back lies in no queue. In memory are the ids of one team's day, and a page of cases.
/// `progress` is called with the share of the queues that is read.
///
/// # Errors
/// The store doesn't answer.
pub fn gather<'a>(
    cases: &mut dyn CaseStore,
    teams: impl ExactSizeIterator<Item = &'a str>,
    (since, until): (TimestampMs, TimestampMs),
    mut progress: impl FnMut(usize, usize),
    mut each: impl FnMut(&[CaseEvent]),
) -> Result<usize, Outage> {
    let (queues, mut given) = (teams.len() * days(since, until).count(), 0);
    let mut read = 0;
    for team in teams {
        for day in days(since, until) {
            let entries = cases.queue(team, day)?;
            let received = entries.into_iter().filter(|entry| (since..until).contains(&entry.received_at));
            let ids: Vec<String> = received.map(|entry| entry.complaint_id).collect();
            for page in ids.chunks(PAGE) {
                // Whole pages: of one that the store breaks off, nothing is given.
                let mut events = Vec::new();
                cases.cases(page, &mut |_, of_one| events.push(of_one))?;
                events.iter().for_each(|of_one| each(of_one));
                given += page.len();
            }
            read += 1;
            progress(read, queues);
        }
    }
    Ok(given)
}
