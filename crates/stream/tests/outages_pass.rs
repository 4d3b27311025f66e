//! An outage of the log that passes holds a worker up and ends nothing.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, bounded};
use ombud_stream::{
    Committer, Drive, DriveLimits, Envelope, Event, ManualClock, Outage, Position, Receipt, Record, Source,
    TopicPartition, Wiring,
};

/// How long a test waits for what must come.
const TEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A member that answers as its script says.
#[derive(Default)]
struct ScriptedMember {
    polls: VecDeque<Result<Event, Outage>>,
    /// How many commits fail before one is taken.
    failing_commits: usize,
    commits: usize,
    committed: BTreeMap<TopicPartition, i64>,
    paused: bool,
}

impl Source for ScriptedMember {
    fn poll(&mut self, _: Duration) -> Result<Option<Event>, Outage> {
        if self.paused && matches!(self.polls.front(), Some(Ok(Event::Record(_)))) {
            return Ok(None);
        }
        self.polls.pop_front().transpose()
    }

    fn start(&mut self, _: &TopicPartition, _: i64) -> Result<(), Outage> {
        Ok(())
    }

    fn pause(&mut self, _: &TopicPartition, paused: bool) {
        self.paused = paused;
    }
}

impl Committer for ScriptedMember {
    fn committed(&mut self, partition: &TopicPartition) -> Result<Option<Position>, Outage> {
        let position = |offset: &i64| Position {
            partition: partition.clone(),
            offset: *offset,
            metadata: String::new(),
        };
        Ok(self.committed.get(partition).map(position))
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), Outage> {
        self.commits += 1;
        if self.commits <= self.failing_commits {
            return Err(away());
        }
        for position in positions {
            self.committed.insert(position.partition.clone(), position.offset);
        }
        Ok(())
    }
}

fn away() -> Outage {
    Outage::passing("ask", "away")
}

fn partition() -> TopicPartition {
    TopicPartition::new("t", 0)
}

fn assigned() -> Event {
    Event::Assigned { partitions: vec![partition()], generation: 1 }
}

fn record(offset: i64) -> Event {
    Event::Record(Record {
        source: partition(),
        offset,
        appended_at: 0,
        key: None,
        value: None,
        headers: Vec::new(),
        original: None,
    })
}

/// A member whose polls answer `polls`, and whose commits succeed after `failing_commits`.
fn scripted(
    polls: impl IntoIterator<Item = Result<Event, Outage>>,
    failing_commits: usize,
) -> ScriptedMember {
    ScriptedMember { polls: polls.into_iter().collect(), failing_commits, ..ScriptedMember::default() }
}

/// Drives `member` through a flow that finishes everything at once, until `count` records went through or
/// `enough` says so.
fn drive(
    member: &mut ScriptedMember,
    count: usize,
    enough: impl Fn() -> bool,
    admit: impl FnMut(&Record) -> Result<Option<()>, Outage>,
) -> Result<(), Outage> {
    let (through, until) = (Cell::new(0), Instant::now() + TEST_TIMEOUT);
    drive_until(member, (1, |_| 1), admit, |let_in, settle| {
        for envelope in let_in.try_iter() {
            settle.send(envelope.receipt).unwrap();
            through.set(through.get() + 1);
        }
        through.get() >= count || enough() || Instant::now() > until
    })
}

/// Drives `member` with at least so much in flight, and what each record costs, until `stop` says so of what was let in and
/// of where it is settled.
fn drive_until(
    member: &mut ScriptedMember,
    (in_flight_least, cost): (u64, fn(&Record) -> u64),
    admit: impl FnMut(&Record) -> Result<Option<()>, Outage>,
    stop: impl Fn(&Receiver<Envelope<()>>, &Sender<Receipt>) -> bool,
) -> Result<(), Outage> {
    let (entry, let_in) = bounded::<Envelope<()>>(8);
    let (settle, settled): (Sender<Receipt>, _) = bounded(8);
    let (_report, outages) = bounded(1);
    let (_deliver, deliveries) = bounded(1);
    let drive = Drive {
        member,
        worker: "test",
        clock: &ManualClock::at(0),
        wiring: Wiring { entry, deliveries, settled, outages },
        limits: DriveLimits {
            commit_every: Duration::ZERO,
            drain: TEST_TIMEOUT,
            poll: Duration::from_millis(1),
            in_flight_least,
        },
        admit,
        cost,
    };
    drive.run(&|| stop(&let_in, &settle), |_| Ok(0))
}

#[test]
fn a_poll_that_fails_is_made_again() {
    let polls = [Ok(assigned()), Err(away()), Ok(record(0)), Err(away()), Err(away()), Ok(record(1))];
    let mut member = scripted(polls, 0);
    drive(&mut member, 2, || false, |_| Ok(Some(()))).unwrap();
    assert_eq!(member.committed[&partition()], 2);
}

#[test]
fn a_commit_that_fails_is_made_again() {
    let polls = [Ok(assigned()), Ok(record(0)), Ok(record(1)), Ok(record(2))];
    let mut member = scripted(polls, 1);
    drive(&mut member, 3, || false, |_| Ok(Some(()))).unwrap();
    assert!(member.commits > 1);
    assert_eq!(member.committed[&partition()], 3);
}

#[test]
fn what_nobody_is_given_is_committed_too() {
    let reached = |next| Ok(Event::Reached { partition: partition(), next });
    let polls = [Ok(assigned()), reached(2), Ok(record(2)), reached(5)];
    let mut member = scripted(polls, 0);
    let enough = Cell::new(0);
    let turns = || {
        enough.set(enough.get() + 1);
        enough.get() > 10
    };
    drive(&mut member, usize::MAX, turns, |_| Ok(Some(()))).unwrap();
    assert_eq!(member.committed[&partition()], 5);
}

#[test]
fn what_could_not_be_committed_is_read_again_by_the_next_owner() {
    let revoked = Event::Revoked { partitions: vec![partition()], lost: true };
    let polls = [Ok(assigned()), Ok(record(0)), Ok(revoked), Ok(assigned()), Ok(record(0))];
    let mut member = scripted(polls, usize::MAX);
    drive(&mut member, 2, || false, |_| Ok(Some(()))).unwrap();
    assert!(member.commits > 0 && member.committed.is_empty());
}

#[test]
fn what_does_not_pass_ends_the_worker() {
    let mut member = scripted([Ok(assigned()), Err(Outage::fatal("read", "fenced"))], 0);
    assert!(drive(&mut member, 1, || false, |_| Ok(Some(()))).unwrap_err().fatal);
}

#[test]
fn a_record_that_cannot_be_admitted_yet_waits_in_its_place() {
    let mut member = scripted([Ok(assigned()), Ok(record(0)), Ok(record(1))], 0);
    let asked = RefCell::new(Vec::new());
    let admit = |record: &Record| {
        asked.borrow_mut().push(record.offset);
        Ok((asked.borrow().len() > 1).then_some(()))
    };
    drive(&mut member, 2, || false, admit).unwrap();
    assert_eq!(*asked.borrow(), [0, 0, 1]);
    assert_eq!(member.committed[&partition()], 2);
    assert!(!member.paused);
}

#[test]
fn nobody_waits_at_the_end_for_what_cannot_be_admitted() {
    let mut member = scripted([Ok(assigned()), Ok(record(0))], 0);
    let (asked, began) = (Cell::new(false), Instant::now());
    let admit = |_: &Record| {
        asked.set(true);
        Ok(None)
    };
    drive(&mut member, 1, || asked.get(), admit).unwrap();
    assert!(began.elapsed() < TEST_TIMEOUT);
    assert!(member.committed.is_empty());
}

#[test]
fn no_more_is_taken_on_than_may_be_in_flight_until_something_is_finished() {
    let polls = std::iter::once(Ok(assigned())).chain((0..5).map(|offset| Ok(record(offset))));
    let mut member = scripted(polls, 0);
    let (turns, most, finished) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let stop = |let_in: &Receiver<Envelope<()>>, settle: &Sender<Receipt>| {
        most.set(let_in.len().max(most.get()));
        turns.set(turns.get() + 1);
        // Nothing is finished for some turns; then everything is.
        if turns.get() > 20 {
            for envelope in let_in.try_iter() {
                settle.send(envelope.receipt).unwrap();
                finished.set(finished.get() + 1);
            }
        }
        finished.get() == 5
    };
    drive_until(&mut member, (25, |_| 10), |_| Ok(Some(())), stop).unwrap();
    assert_eq!(most.get(), 3, "30 is the first that is not below 25");
    assert_eq!(member.committed[&partition()], 5);
    assert!(!member.paused);
}
