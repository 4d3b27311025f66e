//! The one thread of a group member: polls, lets records in, settles what is delivered, and commits.
//!
//! An outage of the log that passes holds the flow up and ends nothing: polls and commits are tried again.

use std::{
    collections::VecDeque,
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, SendTimeoutError, Sender, TryRecvError};
use tracing::{debug, info};

use crate::{
    flow::SharedReceipt,
    in_flight::{InFlight, InFlightLimit},
    ledger::Ledger,
    record::{Envelope, Receipt, Record, TopicPartition},
    retried_call::RetriedCall,
    seam::{Clock, Committer, Delivery, Event, GroupMember, Outage, Position, Source},
    vitals::Vitals,
};

/// How long to wait before `admit` is asked again about a record that it held back.
const ADMIT_RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// How long a record waits for room in the flow before the partitions are paused: cheaper than a pause, which purges what the
/// log has fetched ahead.
const ENTRY_TIMEOUT: Duration = Duration::from_millis(20);

/// Bounds of a driver.
#[derive(Clone, Copy, Debug)]
pub struct DriveLimits {
    /// How often positions are committed. Longer: less load on the log, more to repeat after a crash.
    pub commit_every: Duration,
    /// How long a revocation or a shutdown waits for what is in flight; at most half the session timeout.
    pub drain: Duration,
    /// How long a poll waits when nothing comes: bounds how late a shutdown is seen.
    pub poll: Duration,
    /// The least that may be in flight, in units of cost: what keeps every thread of the flow busy. Above it, as much is
    /// taken on as is finished in half the drain, so that a shutdown leaves nothing unfinished.
    pub in_flight_least: u64,
}

impl DriveLimits {
    fn in_flight(self) -> InFlightLimit {
        InFlightLimit { within: self.drain / 2, least: self.in_flight_least }
    }
}

impl Default for DriveLimits {
    fn default() -> Self {
        Self {
            commit_every: Duration::from_millis(500),
            drain: Duration::from_secs(10),
            poll: Duration::from_millis(100),
            in_flight_least: 64 << 10,
        }
    }
}

/// What connects a driver with its flow.
pub struct Wiring<T> {
    /// Into the flow. Closed by the driver when it ends, and the stages end after it.
    pub entry: Sender<Envelope<T>>,
    /// What became of the records that the flow sent.
    pub deliveries: Receiver<Delivery<SharedReceipt>>,
    /// Receipts from which nothing followed.
    pub settled: Receiver<Receipt>,
    /// The first outage of a stage.
    pub outages: Receiver<Outage>,
}

/// Drives one group member until it has to stop or the flow meets an outage.
pub struct Drive<'a, M, T, A> {
    /// The member.
    pub member: &'a mut M,
    /// What metrics call the worker.
    pub worker: &'a str,
    /// From which the age of records is known.
    pub clock: &'a dyn Clock,
    /// The flow.
    pub wiring: Wiring<T>,
    /// The bounds.
    pub limits: DriveLimits,
    /// Makes the body that travels with a record (say, the strategy that holds for it), on the driver's thread;
    /// `None` while it can't be known: the record is held back, and asked about again every second.
    pub admit: A,
    /// What a record costs the flow, in the unit of [`DriveLimits::in_flight_least`].
    pub cost: fn(&Record) -> u64,
}

/// A record that waits for its body, or for room in the flow.
struct PendingRecord<T> {
    record: Record,
    receipt: Receipt,
    body: Option<T>,
}

struct DriveLoop<'a, M, T, A> {
    drive: Drive<'a, M, T, A>,
    ledger: Ledger,
    in_flight: InFlight,
    vitals: Vitals,
    /// Let in next, in order; the partitions are paused while anything waits here, so it stays short.
    pending: VecDeque<PendingRecord<T>>,
    paused: bool,
    /// When `admit` held back the first of `pending`.
    held_back_at: Option<Instant>,
    committed_at: Instant,
    polls: RetriedCall,
    commits: RetriedCall,
}

impl<M, T, A> Drive<'_, M, T, A>
where
    M: Source + Committer,
    A: FnMut(&Record) -> Result<Option<T>, Outage>,
{
    /// Runs until `stop`; then what is in flight is finished, within the drain time, and committed.
    ///
    /// `start` says from where a partition is read that the group has no position in.
    ///
    /// # Errors
    /// The first outage of `admit` or of a stage, and one of the log that doesn't pass, or that comes while a partition
    /// is begun. Nothing unfinished is committed.
    pub fn run(
        self,
        stop: &dyn Fn() -> bool,
        mut start: impl FnMut(&TopicPartition) -> Result<i64, Outage>,
    ) -> Result<(), Outage> {
        let vitals = Vitals::of(self.worker);
        let in_flight = InFlight::new(self.limits.in_flight());
        let mut drive_loop = DriveLoop {
            drive: self,
            ledger: Ledger::default(),
            in_flight,
            vitals,
            pending: VecDeque::new(),
            paused: false,
            held_back_at: None,
            committed_at: Instant::now(),
            polls: RetriedCall::of("kafka"),
            commits: RetriedCall::of("kafka"),
        };
        while !stop() {
            drive_loop.turn(&mut start)?;
        }
        let partitions: Vec<TopicPartition> = drive_loop.ledger.partitions().cloned().collect();
        drive_loop.drain(&partitions)?;
        drive_loop.commit()
    }
}

impl<M, T, A> DriveLoop<'_, M, T, A>
where
    M: Source + Committer,
    A: FnMut(&Record) -> Result<Option<T>, Outage>,
{
    /// Once round: deliveries, a commit where one is due, what is held back, then what the log has.
    fn turn(&mut self, start: &mut dyn FnMut(&TopicPartition) -> Result<i64, Outage>) -> Result<(), Outage> {
        self.take_deliveries()?;
        if self.committed_at.elapsed() >= self.drive.limits.commit_every {
            self.commit()?;
        }
        let open = self.resume_when_let_in()?;
        // Where the flow had no room, the look for it has waited already.
        let waits = open || self.pending.is_empty() || self.held_back_at.is_some();
        let wait = if waits { self.drive.limits.poll } else { Duration::ZERO };
        let polled = self.drive.member.poll(wait);
        let Some(event) = self.polls.through(polled)? else {
            thread::park_timeout(self.drive.limits.poll);
            return Ok(());
        };
        match event {
            None => Ok(()),
            Some(Event::Assigned { partitions, generation }) => {
                for partition in partitions {
                    let next = self.drive.member.begin(&partition, generation, start)?;
                    self.drive.member.pause(&partition, self.paused);
                    self.ledger.assign(partition, generation, next);
                }
                Ok(())
            }
            Some(Event::Revoked { partitions, lost }) => self.give_up(&partitions, lost),
            Some(Event::Record(record)) => {
                self.vitals.read(&record);
                match self.ledger.open(&record, (self.drive.cost)(&record)) {
                    Some(receipt) => self.let_in(PendingRecord { record, receipt, body: None }),
                    None => Ok(()),
                }
            }
            Some(Event::Reached { partition, next }) => {
                self.ledger.pass(&partition, next);
                Ok(())
            }
        }
    }

    /// Lets one record in, or holds it. Pauses the partitions where it is held, or where it was the last for which there is
    /// room.
    fn let_in(&mut self, pending: PendingRecord<T>) -> Result<(), Outage> {
        self.pending.push_back(pending);
        let open = self.let_in_pending()? && self.has_room();
        if !open && !self.paused {
            self.pause(true);
        }
        Ok(())
    }

    /// Lets in what is held. Returns whether nothing is held back any more.
    fn let_in_pending(&mut self) -> Result<bool, Outage> {
        while let Some(PendingRecord { record, receipt, body }) = self.pending.pop_front() {
            let body = match body {
                Some(body) => Some(body),
                None => self.admit(&record)?,
            };
            let Some(body) = body else {
                self.pending.push_front(PendingRecord { record, receipt, body });
                return Ok(false);
            };
            let envelope = Envelope { body, record, receipt };
            match self.drive.wiring.entry.send_timeout(envelope, ENTRY_TIMEOUT) {
                Ok(()) => {}
                // Disconnected: a stage ended, and its outage is read in the next round.
                Err(SendTimeoutError::Timeout(back) | SendTimeoutError::Disconnected(back)) => {
                    let Envelope { body, record, receipt } = back;
                    self.pending.push_front(PendingRecord { record, receipt, body: Some(body) });
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn admit(&mut self, record: &Record) -> Result<Option<T>, Outage> {
        if self.held_back_at.is_some_and(|at| at.elapsed() < ADMIT_RETRY_INTERVAL) {
            return Ok(None);
        }
        let body = (self.drive.admit)(record)?;
        self.held_back_at = body.is_none().then(Instant::now);
        Ok(body)
    }

    /// Tries again what is held, and lets the partitions on once it is in and there is room for more. Returns whether they
    /// are on.
    fn resume_when_let_in(&mut self) -> Result<bool, Outage> {
        let open = self.let_in_pending()? && self.has_room();
        if open && self.paused {
            self.pause(false);
        }
        Ok(open)
    }

    fn pause(&mut self, paused: bool) {
        self.paused = paused;
        for partition in self.ledger.partitions() {
            self.drive.member.pause(partition, paused);
        }
    }

    /// Settles everything that was delivered or finished since the last look.
    fn take_deliveries(&mut self) -> Result<(), Outage> {
        match self.drive.wiring.outages.try_recv() {
            Ok(outage) => return Err(outage),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
        }
        while let Ok(delivery) = self.drive.wiring.deliveries.try_recv() {
            delivery.result?;
            // The last record that stands on the receipt was delivered.
            if let Some(receipt) = SharedReceipt::into_inner(delivery.token) {
                self.settle(&receipt);
            }
        }
        while let Ok(receipt) = self.drive.wiring.settled.try_recv() {
            self.settle(&receipt);
        }
        Ok(())
    }

    fn settle(&mut self, receipt: &Receipt) {
        if let Some(cost) = self.ledger.settle(receipt) {
            self.in_flight.settle(cost, Instant::now());
        }
    }

    fn has_room(&self) -> bool {
        self.in_flight.has_room(self.ledger.cost(), Instant::now())
    }

    /// Waits until nothing of `partitions` is in flight, for at most the drain time.
    fn drain(&mut self, partitions: &[TopicPartition]) -> Result<(), Outage> {
        let until = Instant::now() + self.drive.limits.drain;
        let before = self.pending.len();
        if self.held_back_at.is_some() {
            // Nobody knows when they may be let in, so nobody waits for them.
            self.let_go(partitions);
        }
        let left_behind = before - self.pending.len();
        loop {
            self.take_deliveries()?;
            self.resume_when_let_in()?;
            if self.ledger.unsettled(partitions) <= left_behind {
                return Ok(());
            }
            // Wakes on whichever comes first; what it finds is taken above.
            let mut select = crossbeam_channel::Select::new();
            select.recv(&self.drive.wiring.deliveries);
            select.recv(&self.drive.wiring.settled);
            select.recv(&self.drive.wiring.outages);
            if select.ready_deadline(until).is_err() {
                let unsettled = self.ledger.unsettled(partitions);
                info!(unsettled, "drain time is over: what is in flight will be read again");
                self.let_go(partitions);
                return Ok(());
            }
        }
    }

    /// Holds nothing of `partitions` any more: the next owner reads it again.
    fn let_go(&mut self, partitions: &[TopicPartition]) {
        self.pending.retain(|pending| !partitions.contains(&pending.record.source));
        if self.pending.is_empty() {
            self.held_back_at = None;
        }
    }

    fn give_up(&mut self, partitions: &[TopicPartition], lost: bool) -> Result<(), Outage> {
        debug!(?partitions, lost, "partitions revoked");
        if lost {
            self.let_go(partitions);
        } else {
            self.drain(partitions)?;
            self.commit()?;
        }
        for partition in partitions {
            self.ledger.revoke(partition);
        }
        Ok(())
    }

    /// Commits what is finished. What an outage keeps from being committed is tried again with the next commit; where
    /// there is none, the next owner goes on from the one before.
    fn commit(&mut self) -> Result<(), Outage> {
        self.committed_at = Instant::now();
        let frontiers = self.ledger.to_commit();
        let position = |(partition, offset): &(TopicPartition, i64)| Position {
            partition: partition.clone(),
            offset: *offset,
            metadata: String::new(),
        };
        let positions: Vec<Position> = frontiers.iter().map(position).collect();
        if !positions.is_empty() {
            let stored = self.drive.member.commit(&positions);
            if self.commits.through(stored)?.is_some() {
                debug!(partitions = positions.len(), "positions committed");
                for (partition, offset) in &frontiers {
                    self.ledger.committed(partition, *offset);
                }
            }
        }
        self.vitals.report(self.drive.clock.now_ms(), self.ledger.statuses());
        Ok(())
    }
}
