//! How many complaints each person has decided today, by console.audit: read on from where it was read before, a little at a time.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use ombud_contract::{codec, records::AuditEntry};
use ombud_stream::{Outage, TopicPartition};

use super::undo::TAKEN_BACK;
use crate::{
    audit::Action,
    state::{RequestState, Trail},
};

/// How long one page reads on. What is left, the next one reads.
const READ_TIME: Duration = Duration::from_millis(150);
/// How long one fetch may wait for what is there.
const FETCH_WAIT: Duration = Duration::from_millis(50);
/// The most complaints that are kept of one day.
const MOST: usize = 200_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What everybody has decided today.
#[derive(Default)]
pub(super) struct Tally(Mutex<Reading>);

#[derive(Default)]
struct Reading {
    trail: Option<(Trail, BTreeMap<TopicPartition, i64>)>,
    day: DecidedToday,
}

/// What was decided on one day.
#[derive(Debug, Default, PartialEq, Eq)]
struct DecidedToday {
    /// Days since 1970, in UTC.
    day: i64,
    by: BTreeMap<String, BTreeSet<String>>,
    kept: usize,
}

impl Tally {
    /// How many complaints `actor` has decided today, and whether all that there is has been read; `None` where the audit can't be
    /// read. Blocks for [`READ_TIME`] at most, and for as long as others do.
    pub(super) fn of(&self, state: &RequestState, actor: &str) -> Option<usize> {
        let mut reading = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let read = reading.read_on(state);
        if read.is_err() {
            // Opened again by the next page.
            *reading = Reading::default();
        }
        let is_whole = read.ok()?;
        is_whole.then(|| reading.day.by.get(actor).map_or(0, BTreeSet::len))
    }
}

impl Reading {
    /// Reads on; whether to the end.
    fn read_on(&mut self, state: &RequestState) -> Result<bool, Outage> {
        let today = state.clock.now_ms().div_euclid(DAY_MS);
        self.day.begin(today);
        let (trail, places) = match &mut self.trail {
            Some(known) => known,
            none => {
                let mut trail = (state.trail)()?;
                let mut places = BTreeMap::new();
                for (partition, _) in &trail.ends {
                    let begins = trail.reader.offset_at(partition, today * DAY_MS)?;
                    places.insert(partition.clone(), begins);
                }
                none.insert((trail, places))
            }
        };
        let until = Instant::now() + READ_TIME;
        for (partition, place) in places {
            let end = trail.reader.end(partition)?;
            while *place < end {
                if Instant::now() >= until {
                    return Ok(false);
                }
                let stretch = trail.reader.fetch(partition, *place, FETCH_WAIT)?;
                let values = stretch.records.iter().filter_map(|record| record.value.as_deref());
                for entry in values.filter_map(|value| codec::decode::<AuditEntry>(value).ok()) {
                    self.day.take(&entry);
                }
                *place = stretch.next;
            }
        }
        Ok(true)
    }
}

impl DecidedToday {
    fn begin(&mut self, today: i64) {
        if self.day != today {
            *self = Self { day: today, ..Self::default() };
        }
    }

    fn take(&mut self, entry: &AuditEntry) {
        let Some(complaint_id) = &entry.complaint_id else { return };
        if entry.action != Action::VerdictGiven.code() || entry.at.div_euclid(DAY_MS) != self.day {
            return;
        }
        let decided = self.by.entry(entry.actor.clone()).or_default();
        if entry.reason_code == TAKEN_BACK {
            self.kept -= usize::from(decided.remove(complaint_id));
        } else if self.kept < MOST {
            self.kept += usize::from(decided.insert(complaint_id.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(actor: &str, complaint_id: &str, reason_code: &str, at: i64) -> AuditEntry {
        AuditEntry {
            audit_id: "a".into(),
            at,
            actor: actor.into(),
            roles: Vec::new(),
            source: "session".into(),
            action: Action::VerdictGiven.code().into(),
            subject: complaint_id.into(),
            complaint_id: Some(complaint_id.into()),
            record_id: None,
            reason_code: reason_code.into(),
        }
    }

    #[test]
    fn a_complaint_counts_once_on_its_day_and_not_when_it_was_taken_back() {
        let mut day = DecidedToday::default();
        day.begin(1);
        for entry in [
            given("anna", "c-1", "", DAY_MS),
            given("anna", "c-1", "", DAY_MS + 1),
            given("anna", "c-2", "LIKELIEST", DAY_MS + 2),
            given("anna", "c-2", TAKEN_BACK, DAY_MS + 3),
            given("anna", "c-3", "", DAY_MS - 1),
            given("ben", "c-4", "", DAY_MS),
            AuditEntry { action: Action::NarrativeOpened.code().into(), ..given("anna", "c-5", "", DAY_MS) },
        ] {
            day.take(&entry);
        }
        let counts: Vec<_> = day.by.iter().map(|(actor, ids)| (actor.as_str(), ids.len())).collect();
        assert_eq!((counts, day.kept), (vec![("anna", 1), ("ben", 1)], 2));
        day.begin(2);
        assert!(day.by.is_empty());
    }
}
