//! How many complaints were left to people: those whose allocation a person must look at, of all that were received.

use ombud_contract::records::TimestampMs;
use ombud_store::{CaseStore, QueueEntry, days};
use ombud_stream::Outage;
use serde::Serialize;

use super::tally::{Tallies, Tally};
use crate::calendar::week_at;

/// Complaints left to people, of those received.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reviews {
    /// In all.
    pub all: Tally,
    /// By the team that has them.
    pub by_team: Tallies,
    /// By the ISO week in which they were received.
    pub by_week: Tallies,
}

impl Reviews {
    fn add(&mut self, entry: &QueueEntry) {
        self.all.add(entry.needs_human);
        self.by_team.entry(entry.team.clone()).or_default().add(entry.needs_human);
        self.by_week.entry(week_at(entry.received_at)).or_default().add(entry.needs_human);
    }
}

/// Counts the complaints of `teams` that were received in `since..until` (milliseconds), by the queues that they lie in;
/// `each` is given every one. What the customer took back lies in no queue. In memory is one team's day.
///
/// # Errors
/// The store doesn't answer.
pub fn gather_reviews<'a>(
    cases: &mut dyn CaseStore,
    teams: impl IntoIterator<Item = &'a str>,
    (since, until): (TimestampMs, TimestampMs),
    mut each: impl FnMut(&QueueEntry, &str),
) -> Result<Reviews, Outage> {
    let mut reviews = Reviews::default();
    for team in teams {
        for day in days(since, until) {
            let entries = cases.queue(team, day)?;
            for entry in entries.iter().filter(|entry| (since..until).contains(&entry.received_at)) {
                reviews.add(entry);
                each(entry, &week_at(entry.received_at));
            }
        }
    }
    Ok(reviews)
}
