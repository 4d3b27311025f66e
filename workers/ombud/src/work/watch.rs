//! A group member as its process watches it: ready once it works on something, and how far it has committed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ombud_launch::health::Readiness;
use ombud_stream::{Committer, Event, Member, Outage, Position, Source, TopicPartition};

/// Everything below is finished, by owned partition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress(Arc<Mutex<BTreeMap<TopicPartition, i64>>>);

impl Progress {
    /// As it stands now.
    pub(crate) fn now(&self) -> BTreeMap<TopicPartition, i64> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TopicPartition, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells readiness and progress what passes through.
pub(crate) struct Watched {
    member: Box<dyn Member>,
    part: String,
    readiness: Readiness,
    progress: Progress,
    /// It has begun a partition.
    begun: bool,
    /// The log does not answer.
    away: bool,
}

/// What a worker waits for that has nothing to work on yet.
const UNASSIGNED: &str = "waiting for partitions";

impl Watched {
    /// Watches `member` for the worker `part`, which is not ready before it is assigned something.
    pub(crate) fn new(
        member: Box<dyn Member>,
        part: String,
        readiness: Readiness,
        progress: Progress,
    ) -> Self {
        readiness.wait_for(&part, UNASSIGNED);
        progress.lock().clear();
        Self { member, part, readiness, progress, begun: false, away: false }
    }

    /// Not ready while the log does not answer, and after that as before.
    fn notice<T>(&mut self, answer: &Result<T, Outage>) {
        match answer {
            Err(outage) => self.readiness.wait_for(&self.part, &outage.action),
            Ok(_) if self.away && self.begun => self.readiness.ready(&self.part),
            Ok(_) if self.away => self.readiness.wait_for(&self.part, UNASSIGNED),
            Ok(_) => {}
        }
        self.away = answer.is_err();
    }
}

impl Source for Watched {
    fn poll(&mut self, wait: Duration) -> Result<Option<Event>, Outage> {
        let polled = self.member.poll(wait);
        self.notice(&polled);
        let event = polled?;
        if let Some(Event::Revoked { partitions, .. }) = &event {
            self.progress.lock().retain(|partition, _| !partitions.contains(partition));
        }
        Ok(event)
    }

    fn start(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), Outage> {
        self.member.start(partition, offset)?;
        // Not when it is assigned: a joiner first waits for a strategy and reads its changelog.
        self.begun = true;
        self.readiness.ready(&self.part);
        self.progress.lock().entry(partition.clone()).or_insert(offset);
        Ok(())
    }

    fn pause(&mut self, partition: &TopicPartition, paused: bool) {
        self.member.pause(partition, paused);
    }
}

impl Committer for Watched {
    fn committed(&mut self, partition: &TopicPartition) -> Result<Option<Position>, Outage> {
        self.member.committed(partition)
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), Outage> {
        self.member.commit(positions)?;
        let mut progress = self.progress.lock();
        for position in positions {
            // One that is being given up is not watched any more.
            if let Some(known) = progress.get_mut(&position.partition) {
                *known = position.offset;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
