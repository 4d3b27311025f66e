//! The one thread of a group member: polls, lets records in, settles what is delivered, and commits.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, SendTimeoutError, Sender, TryRecvError};
use tracing::{debug, info};

use crate::{
    flow::SharedReceipt,
    ledger::Ledger,
    record::{Envelope, Receipt, Record, TopicPartition},
    seam::{Committer, Delivery, Event, Outage, Position, Source},
};

/// Bounds of a driver.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How often positions are committed. Longer: less load on the log, more to repeat after a crash.
    pub commit_every: Duration,
    /// How long a revocation or a shutdown waits for what is in flight; at most half the session timeout.
    pub drain: Duration,
    /// How long a poll waits when nothing comes: bounds how late a shutdown is seen.
    pub poll: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            commit_every: Duration::from_millis(500),
            drain: Duration::from_secs(10),
            poll: Duration::from_millis(100),
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

/// Drives one group member until `stop` is set or the flow meets an outage.
pub struct Drive<'a, M, T> {
    member: &'a mut M,
    wiring: Wiring<T>,
    limits: Limits,
    ledger: Ledger,
    /// Let in next, in order; the partitions are paused while anything waits here, so it stays short.
    held: VecDeque<Envelope<T>>,
    committed_at: Instant,
}

impl<'a, M: Source + Committer, T> Drive<'a, M, T> {
    /// A driver for `member`.
    pub fn new(member: &'a mut M, wiring: Wiring<T>, limits: Limits) -> Self {
        Self {
            member,
            wiring,
            limits,
            ledger: Ledger::default(),
            held: VecDeque::new(),
            committed_at: Instant::now(),
        }
    }

    /// Runs until `stop`; then what is in flight is finished, within the drain time, and committed.
    ///
    /// `admit` makes the body that travels with each record (say, the strategy that holds for it), on this thread.
    /// `start` says from where a partition is read that the group has no position in.
    ///
    /// # Errors
    /// The first outage of the log, of `admit` or of a stage. Nothing unfinished is committed.
    pub fn run(
        mut self,
        stop: &dyn Fn() -> bool,
        mut start: impl FnMut(&TopicPartition) -> Result<i64, Outage>,
        mut admit: impl FnMut(&Record) -> Result<T, Outage>,
    ) -> Result<(), Outage> {
        while !stop() {
            self.take_deliveries()?;
            if self.committed_at.elapsed() >= self.limits.commit_every {
                self.commit()?;
            }
            let wait = if self.resume_when_let_in() { self.limits.poll } else { Duration::ZERO };
            match self.member.poll(wait)? {
                None => {}
                Some(Event::Assigned { partitions, generation }) => {
                    for partition in partitions {
                        let next = match self.member.committed(&partition)? {
                            Some(position) => position.offset,
                            None => start(&partition)?,
                        };
                        debug!(%partition, generation, next, "partition assigned");
                        self.ledger.assign(partition.clone(), generation, next);
                        self.member.start(&partition, next)?;
                        self.member.pause(&partition, !self.held.is_empty());
                    }
                }
                Some(Event::Revoked { partitions, lost }) => self.give_up(&partitions, lost)?,
                Some(Event::Record(record)) => {
                    if let Some(receipt) = self.ledger.open(&record) {
                        let body = admit(&record)?;
                        self.let_in(Envelope { body, record, receipt });
                    }
                }
            }
        }
        let partitions: Vec<TopicPartition> = self.ledger.partitions().cloned().collect();
        self.drain(&partitions)?;
        self.commit()
    }

    /// Lets one record in, or holds it and pauses its partitions until there is room.
    fn let_in(&mut self, envelope: Envelope<T>) {
        let was_open = self.held.is_empty();
        self.held.push_back(envelope);
        if !self.let_in_held() && was_open {
            self.pause(true);
        }
    }

    /// Lets in what is held. Returns whether nothing is held back any more.
    fn let_in_held(&mut self) -> bool {
        while let Some(envelope) = self.held.pop_front() {
            // Waiting a little for room is cheaper than a pause, which purges what the log has fetched ahead.
            match self.wiring.entry.send_timeout(envelope, Duration::from_millis(20)) {
                Ok(()) => {}
                // Disconnected: a stage ended, and its outage is read in the next round.
                Err(SendTimeoutError::Timeout(envelope) | SendTimeoutError::Disconnected(envelope)) => {
                    self.held.push_front(envelope);
                    return false;
                }
            }
        }
        true
    }

    /// Tries again what is held, and lets the partitions on once it is in. Returns whether they are on.
    fn resume_when_let_in(&mut self) -> bool {
        if self.held.is_empty() {
            return true;
        }
        let open = self.let_in_held();
        if open {
            self.pause(false);
        }
        open
    }

    fn pause(&mut self, paused: bool) {
        for partition in self.ledger.partitions() {
            self.member.pause(partition, paused);
        }
    }

    /// Settles everything that was delivered or finished since the last look.
    fn take_deliveries(&mut self) -> Result<(), Outage> {
        match self.wiring.outages.try_recv() {
            Ok(outage) => return Err(outage),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
        }
        for delivery in self.wiring.deliveries.try_iter() {
            delivery.result?;
            // The last record that stands on the receipt was delivered.
            if let Some(receipt) = SharedReceipt::into_inner(delivery.token) {
                self.ledger.settle(&receipt);
            }
        }
        for receipt in self.wiring.settled.try_iter() {
            self.ledger.settle(&receipt);
        }
        Ok(())
    }

    /// Waits until nothing of `partitions` is in flight, for at most the drain time.
    fn drain(&mut self, partitions: &[TopicPartition]) -> Result<(), Outage> {
        let until = Instant::now() + self.limits.drain;
        loop {
            self.take_deliveries()?;
            self.resume_when_let_in();
            if self.ledger.unsettled(partitions) == 0 {
                return Ok(());
            }
            // Wakes on whichever comes first; what it finds is taken above.
            let mut select = crossbeam_channel::Select::new();
            select.recv(&self.wiring.deliveries);
            select.recv(&self.wiring.settled);
            select.recv(&self.wiring.outages);
            if select.ready_deadline(until).is_err() {
                let unsettled = self.ledger.unsettled(partitions);
                info!(unsettled, "drain time is over: what is in flight will be read again");
                self.held.retain(|held| !partitions.contains(&held.record.source));
                return Ok(());
            }
        }
    }

    fn give_up(&mut self, partitions: &[TopicPartition], lost: bool) -> Result<(), Outage> {
        debug!(?partitions, lost, "partitions revoked");
        if lost {
            self.held.retain(|held| !partitions.contains(&held.record.source));
        } else {
            self.drain(partitions)?;
            self.commit()?;
        }
        for partition in partitions {
            self.ledger.revoke(partition);
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Outage> {
        self.committed_at = Instant::now();
        let frontiers = self.ledger.to_commit();
        if frontiers.is_empty() {
            return Ok(());
        }
        let positions: Vec<Position> = frontiers
            .iter()
            .map(|(partition, offset)| Position {
                partition: partition.clone(),
                offset: *offset,
                metadata: String::new(),
            })
            .collect();
        self.member.commit(&positions)?;
        debug!(partitions = positions.len(), "positions committed");
        for (partition, offset) in &frontiers {
            self.ledger.committed(partition, *offset);
        }
        Ok(())
    }
}
