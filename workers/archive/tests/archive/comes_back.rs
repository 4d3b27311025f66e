//! A store and a log that fail and come back cost nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ombud_archive::GROUP;
use ombud_contract::catalogue::Topic;
use ombud_local::{LocalCases, LocalMember};
use ombud_store::{CaseEvent, CaseStore, FeedbackDay, ModelDecision, QueueEntry, Row};
use ombud_stream::{Committer, Event, ManualClock, Outage, Position, Source, TopicPartition};

use crate::world::{RECEIVED, archive_as, archive_by, log, member, queue, raw, route, send};

/// A store that doesn't answer the first `failures` writes, each after 5 s, as often as `writes` says.
struct Shaky {
    inner: LocalCases,
    failures: usize,
    writes: Arc<AtomicUsize>,
    clock: Arc<ManualClock>,
}

impl CaseStore for Shaky {
    fn write(&mut self, rows: &[Row]) -> Result<(), Outage> {
        if self.writes.fetch_add(1, Ordering::SeqCst) < self.failures {
            self.clock.advance(5_000);
            return Err(Outage::passing("write rows", "no answer"));
        }
        self.inner.write(rows)
    }

    fn case(&mut self, complaint_id: &str) -> Result<Vec<CaseEvent>, Outage> {
        self.inner.case(complaint_id)
    }

    fn queue(&mut self, team: &str, day: jiff::civil::Date) -> Result<Vec<QueueEntry>, Outage> {
        self.inner.queue(team, day)
    }

    fn feedback(&mut self, day: jiff::civil::Date, each: &mut dyn FnMut(FeedbackDay)) -> Result<(), Outage> {
        self.inner.feedback(day, each)
    }

    fn decisions(
        &mut self,
        model_id: &str,
        model_version: &str,
        day: jiff::civil::Date,
        each: &mut dyn FnMut(ModelDecision),
    ) -> Result<(), Outage> {
        self.inner.decisions(model_id, model_version, day, each)
    }
}

#[test]
fn a_store_that_comes_back_costs_nothing_and_one_that_does_not_is_not_committed_past() {
    let (local, _dir) = log();
    send(&local, &raw());
    let clock = Arc::new(ManualClock::at(RECEIVED));
    let run = |failures| {
        let (inner, clock) = (local.cases().unwrap(), Arc::clone(&clock));
        let shaky = Shaky { inner, failures, writes: Arc::default(), clock: Arc::clone(&clock) };
        archive_by(clock, member(&local, GROUP), &local, GROUP, shaky)
    };

    assert!(run(usize::MAX).is_err());
    let at = TopicPartition::new(Topic::Raw.name(""), 0);
    assert_eq!(local.reader().unwrap().committed(GROUP, &at).unwrap(), None);
    assert!(local.cases().unwrap().case("c-1").unwrap().is_empty());

    run(3).unwrap();
    assert_eq!(local.cases().unwrap().case("c-1").unwrap().len(), 1);
}

/// A member whose every second poll fails, and whose first `failures` commits.
struct Tottering {
    inner: LocalMember,
    polls: usize,
    failures: usize,
}

impl Source for Tottering {
    fn poll(&mut self, wait: Duration) -> Result<Option<Event>, Outage> {
        self.polls += 1;
        if self.polls.is_multiple_of(2) {
            return Err(Outage::passing("read", "no answer"));
        }
        self.inner.poll(wait)
    }

    fn start(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), Outage> {
        self.inner.start(partition, offset)
    }

    fn pause(&mut self, partition: &TopicPartition, paused: bool) {
        self.inner.pause(partition, paused);
    }
}

impl Committer for Tottering {
    fn committed(&mut self, partition: &TopicPartition) -> Result<Option<Position>, Outage> {
        self.inner.committed(partition)
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), Outage> {
        if self.failures > 0 {
            self.failures -= 1;
            return Err(Outage::passing("commit", "no answer"));
        }
        self.inner.commit(positions)
    }
}

#[test]
fn a_log_that_comes_back_is_read_on_and_what_was_kept_is_committed_then() {
    let (local, _dir) = log();
    send(&local, &raw());
    send(&local, &route(1, "cards"));
    let writes = Arc::<AtomicUsize>::default();
    let (inner, clock) = (local.cases().unwrap(), Arc::default());
    let counted = Shaky { inner, failures: 0, writes: Arc::clone(&writes), clock };
    // Nothing else comes: what could not be committed with its batch is committed by itself.
    let tottering = Tottering { inner: member(&local, GROUP), polls: 0, failures: 2 };
    archive_as(tottering, &local, GROUP, counted).unwrap();
    assert!(writes.load(Ordering::SeqCst) <= 2, "nothing was read twice");
    assert_eq!(queue(&local, "cards").len(), 1);
}
