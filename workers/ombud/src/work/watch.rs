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
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// A member that answers polls as it was told.
    struct Told(VecDeque<Result<Option<Event>, Outage>>);

    impl Source for Told {
        fn poll(&mut self, _: Duration) -> Result<Option<Event>, Outage> {
            self.0.pop_front().unwrap_or(Ok(None))
        }

        fn start(&mut self, _: &TopicPartition, _: i64) -> Result<(), Outage> {
            Ok(())
        }

        fn pause(&mut self, _: &TopicPartition, _: bool) {}
    }

    impl Committer for Told {
        fn committed(&mut self, _: &TopicPartition) -> Result<Option<Position>, Outage> {
            Ok(None)
        }

        fn commit(&mut self, _: &[Position]) -> Result<(), Outage> {
            Ok(())
        }
    }

    #[test]
    fn a_worker_is_not_ready_while_the_log_is_away_and_ready_again_when_it_is_back() {
        let away = || Err(Outage::passing("reach the brokers as ombud.join", "away"));
        let member = Told([away(), Ok(None), away(), Ok(None)].into());
        let readiness = Readiness::default();
        let mut watched =
            Watched::new(Box::new(member), "join".to_owned(), readiness.clone(), Progress::default());
        let waits = |watched: &mut Watched| {
            let _ = watched.poll(Duration::ZERO);
            readiness.waiting().get("join").cloned()
        };
        assert_eq!(waits(&mut watched).as_deref(), Some("reach the brokers as ombud.join"));
        assert_eq!(waits(&mut watched).as_deref(), Some(UNASSIGNED));
        watched.start(&TopicPartition::new("raw", 0), 0).unwrap();
        assert_eq!(readiness.waiting().get("join"), None);
        assert_eq!(waits(&mut watched).as_deref(), Some("reach the brokers as ombud.join"));
        assert_eq!(waits(&mut watched), None);
    }
}
