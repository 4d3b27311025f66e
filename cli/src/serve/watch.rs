//! A group member as its process watches it: ready once it works on something, and how far it has committed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ombud_launch::health::Readiness;
use ombud_stream::{Committer, Event, GroupMember, Outage, Position, Source, TopicPartition, Waiting};

/// Everything below is finished, by owned partition.
#[derive(Clone, Debug, Default)]
pub(crate) struct CommittedOffsets(Arc<Mutex<BTreeMap<TopicPartition, i64>>>);

impl CommittedOffsets {
    /// As it stands now.
    pub(crate) fn now(&self) -> BTreeMap<TopicPartition, i64> {
        self.lock().clone()
    }

    /// Nobody works on anything any more.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TopicPartition, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reports what passes through to readiness and to the committed offsets.
pub(crate) struct WatchedMember {
    member: Box<dyn GroupMember>,
    progress: CommittedOffsets,
    /// Assigned and not started: a joiner first waits for a strategy and reads its changelog.
    coming: BTreeSet<TopicPartition>,
    /// Something to work on.
    partitions: Waiting,
    /// What is coming.
    beginnings: Waiting,
    /// The log, which does not answer; the next poll reports it.
    log: Waiting,
    /// The answer to one call, which may block.
    answer: Waiting,
    readiness: Readiness,
    part: String,
}

/// What a worker waits for that has nothing to work on.
const UNASSIGNED: &str = "partitions of its group";

impl WatchedMember {
    /// Watches `member` for the worker `part`, which is not ready before it works on something.
    pub(crate) fn new(
        member: Box<dyn GroupMember>,
        part: String,
        readiness: Readiness,
        progress: CommittedOffsets,
    ) -> Self {
        progress.clear();
        let mut partitions = Waiting::at_once(&readiness, &part);
        partitions.wait_for(UNASSIGNED);
        Self {
            member,
            progress,
            coming: BTreeSet::new(),
            partitions,
            beginnings: Waiting::lasting(&readiness, &part),
            log: Waiting::at_once(&readiness, &part).quiet(),
            answer: Waiting::lasting(&readiness, &part),
            readiness,
            part,
        }
    }

    /// Reports what has come or gone.
    fn report(&mut self) {
        match self.coming.first() {
            Some(first) => {
                let count = self.coming.len();
                self.beginnings
                    .wait_for(&format!("{count} of its partitions to be taken on, {first} among them"));
            }
            None => self.beginnings.over(),
        }
        // What waits for wider topics is remarked: another process would do no better with it.
        let excused = self.readiness.remarks().contains_key(&self.part);
        if self.progress.lock().is_empty() && !excused {
            self.partitions.wait_for(UNASSIGNED);
        } else {
            self.partitions.over();
        }
    }

    /// The result of `call`; that it is waited for is reported where it takes long.
    fn ask<T>(
        &mut self,
        what: &str,
        call: impl FnOnce(&mut dyn GroupMember) -> Result<T, Outage>,
    ) -> Result<T, Outage> {
        self.answer.wait_for(what);
        let answered = call(&mut *self.member);
        self.answer.over();
        answered
    }
}

impl Source for WatchedMember {
    fn poll(&mut self, wait: Duration) -> Result<Option<Event>, Outage> {
        let polled = self.member.poll(wait);
        match &polled {
            Err(outage) => self.log.wait_for(&outage.action),
            Ok(_) => self.log.over(),
        }
        let event = polled?;
        match &event {
            Some(Event::Assigned { partitions, .. }) => {
                self.coming.extend(partitions.iter().cloned());
                self.report();
            }
            Some(Event::Revoked { partitions, .. }) => {
                self.coming.retain(|partition| !partitions.contains(partition));
                self.progress.lock().retain(|partition, _| !partitions.contains(partition));
                self.report();
            }
            None if self.progress.lock().is_empty() => self.report(),
            Some(Event::Record(_) | Event::Reached { .. }) | None => {}
        }
        Ok(event)
    }

    fn start(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), Outage> {
        let what = format!("the log to say what {partition} holds");
        self.ask(&what, |member| member.start(partition, offset))?;
        // Not when it is assigned: only from here on it is worked on.
        self.coming.remove(partition);
        self.progress.lock().entry(partition.clone()).or_insert(offset);
        self.report();
        Ok(())
    }

    fn pause(&mut self, partition: &TopicPartition, paused: bool) {
        self.member.pause(partition, paused);
    }
}

impl Committer for WatchedMember {
    fn committed(&mut self, partition: &TopicPartition) -> Result<Option<Position>, Outage> {
        let what = format!("the log to say where the group stands in {partition}");
        self.ask(&what, |member| member.committed(partition))
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), Outage> {
        self.ask("the log to take a commit", |member| member.commit(positions))?;
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
