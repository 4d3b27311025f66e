//! The workers, made of settings and of the backend.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use ombud_archive::Archive;
use ombud_contract::catalogue::Topic;
use ombud_join::{Join, Pace, Sent, Topics};
use ombud_launch::{config::Settings, health::Readiness, shutdown::Shutdown};
use ombud_models::StrategyFeed;
use ombud_stream::{Clock, GroupMember, Outage, Reader, Sink, Start, TopicPartition, Waiting};

use super::{
    Crew,
    cases::WatchedCases,
    copartitioned::{Copartitioned, CopartitionedTopics},
    lag, limits,
    watch::{CommittedOffsets, WatchedMember},
};
use crate::log::backend::Backend;
use crate::log::publish::IN_FLIGHT;

type Joiner = Join<WatchedMember, Box<dyn Reader>, Box<dyn Sink<Sent>>>;
type Archiver = Archive<WatchedMember, Box<dyn Sink<()>>, WatchedCases>;

/// How long one read of models.strategy may take; it is tried some times. An answer that comes after seconds is
/// too old to decide by, and whatever waits for it can't be stopped.
const STRATEGY_TIMEOUT: Duration = Duration::from_secs(1);

/// Routes of one joiner that may be on their way into the log: a broker acknowledges them in batches, and what is beyond that waits.
/// As many are acknowledged well within `join.drain_ms`.
const ROUTES_IN_FLIGHT: usize = 8_192;

/// What every worker of one process is made of.
pub(crate) struct Workers<'a> {
    pub(crate) backend: &'a Backend,
    pub(crate) settings: &'a Settings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) readiness: Readiness,
    /// Where a group without offsets starts.
    pub(crate) start: Start,
}

/// Where reading starts in a partition in which its group has no offset: at the first record that is still there.
fn beginning(mut reader: Box<dyn Reader>) -> impl FnMut(&TopicPartition) -> Result<i64, Outage> {
    move |partition| reader.offset_at(partition, i64::MIN)
}

impl<'a> Workers<'a> {
    fn topic(&self, topic: Topic) -> String {
        topic.name(&self.settings.topics.prefix)
    }

    fn strategy(&self, group: &str) -> Result<StrategyFeed> {
        let reader = self.backend.view().reader_within(group, STRATEGY_TIMEOUT)?;
        Ok(StrategyFeed::new(reader, &self.topic(Topic::Strategy), Arc::clone(&self.clock)))
    }

    /// A member over `topics`; it takes on a partition once each of `beside` has one of its number.
    fn member(
        &self,
        worker: &str,
        group: &str,
        (topics, beside): (&[&str], &[Topic]),
        progress: &CommittedOffsets,
    ) -> Result<WatchedMember> {
        // Joiners alone must never be two at once: their session stands beside the settings that must be shorter.
        let session =
            (group == ombud_join::GROUP).then(|| self.settings.join.session_timeout_ms.unsigned_abs());
        let member = self.backend.member(group, topics, self.start, session.map(Duration::from_millis))?;
        let member = self.copartitioned(worker, member, beside)?;
        Ok(WatchedMember::new(member, worker.to_owned(), self.readiness.clone(), progress.clone()))
    }

    fn copartitioned(
        &self,
        worker: &str,
        member: Box<dyn GroupMember>,
        beside: &[Topic],
    ) -> Result<Box<dyn GroupMember>> {
        if beside.is_empty() {
            return Ok(member);
        }
        let Some(widths) = self.backend.widths()? else { return Ok(member) };
        let topics = beside.iter().map(|topic| self.topic(*topic)).collect();
        let beside = CopartitionedTopics { topics, width: Box::new(move |topic: &str| widths.of(topic)) };
        let (readiness, clock) = (self.readiness.clone(), Arc::clone(&self.clock));
        Ok(Box::new(Copartitioned::new(member, beside, worker, readiness, clock)))
    }

    /// Starts the worker that `make` makes, a new one after each outage, and what measures its lag.
    fn start<'scope, W>(
        self: &Arc<Self>,
        crew: &mut Crew<'scope, '_>,
        worker: &str,
        group: &str,
        make: impl Fn(&Self, &str, &CommittedOffsets) -> Result<W> + Send + 'scope,
        run: impl Fn(W, &Shutdown, Box<dyn Reader>) -> Result<()> + Send + 'scope,
    ) -> Result<()>
    where
        'a: 'scope,
    {
        let mut running = Waiting::at_once(&self.readiness, worker);
        running.wait_for("its start");
        let progress = CommittedOffsets::default();
        let (workers, watched, held) = (Arc::clone(self), progress.clone(), progress.clone());
        let of = group.to_owned();
        // Nothing is in flight before it works on a partition.
        let holds = move || !held.now().is_empty();
        crew.start_holding(worker, holds, move |stop| {
            let made = make(&workers, &of, &watched);
            let made =
                made.inspect_err(|error| running.wait_for(&format!("its start: it failed to {error:#}")))?;
            let reader = workers.backend.view().reader(&of)?;
            running.over();
            let ended = run(made, stop, reader);
            running.wait_for("its start, after it has stopped");
            watched.clear();
            ended
        })?;
        if self.backend.is_shared() {
            let (mut reader, worker, group) =
                (self.backend.view().reader(group)?, worker.to_owned(), group.to_owned());
            crew.start_beside("lag", move |stop| lag::watch(&worker, &group, &progress, &mut *reader, stop))?;
        }
        Ok(())
    }

    /// Starts the joiner.
    pub(crate) fn join<'scope>(self: &Arc<Self>, crew: &mut Crew<'scope, '_>) -> Result<()>
    where
        'a: 'scope,
    {
        self.start(crew, "join", ombud_join::GROUP, Self::make_join, |join, stop, reader| {
            Ok(join.run(&|| stop.requested(), beginning(reader))?)
        })
    }

    /// Starts the archive.
    pub(crate) fn archive<'scope>(self: &Arc<Self>, crew: &mut Crew<'scope, '_>) -> Result<()>
    where
        'a: 'scope,
    {
        self.start(crew, "archive", ombud_archive::GROUP, Self::make_archive, |archive, stop, reader| {
            Ok(archive.run(&|| stop.requested(), beginning(reader))?)
        })
    }

    fn make_join(&self, group: &str, progress: &CommittedOffsets) -> Result<Joiner> {
        let (sink, deliveries) = self.backend.patient_sink(ROUTES_IN_FLIGHT)?;
        Ok(Join {
            member: self.member(
                "join",
                group,
                (&[&self.topic(Topic::Raw)], &[Topic::Predictions, Topic::Routed]),
                progress,
            )?,
            reader: self.backend.view().reader(group)?,
            sink,
            deliveries,
            topics: Topics {
                raw: self.topic(Topic::Raw).into(),
                predictions: self.topic(Topic::Predictions).into(),
                routed: self.topic(Topic::Routed).into(),
                dead_letters: self.topic(Topic::DeadLetters).into(),
            },
            strategy: self.strategy(group)?.telling(Waiting::at_once(&self.readiness, "join")),
            clock: Arc::clone(&self.clock),
            limits: limits::of_join(&self.settings.join),
            pace: Pace::default(),
        })
    }

    fn make_archive(&self, group: &str, progress: &CommittedOffsets) -> Result<Archiver> {
        let (sink, deliveries) = self.backend.patient_sink(IN_FLIGHT)?;
        let topics = ombud_archive::TOPICS.map(|topic| self.topic(topic));
        let mut opening = Waiting::at_once(&self.readiness, "archive");
        opening.wait_for("the case store");
        Ok(Archive {
            // Before it joins: a group that nobody can work for would hold its partitions.
            cases: WatchedCases::new(self.backend.view().cases()?, "archive", &self.readiness),
            member: self.member("archive", group, (&topics.each_ref().map(String::as_str), &[]), progress)?,
            sink,
            deliveries,
            dead_letters: self.topic(Topic::DeadLetters).into(),
            prefix: self.settings.topics.prefix.clone(),
            strategy: self.strategy(group)?,
            clock: Arc::clone(&self.clock),
            limits: limits::of_archive(&self.settings.archive),
        })
    }
}

#[cfg(feature = "torch")]
mod inferring {
    //! The part of this file that needs libtorch.

    use ombud_infer::{Infer, Loader, Serving, Tasks, warm_up};
    use ombud_models::{ModelStore, RegistryFeed, Sources, Stop};
    use ombud_stream::SharedReceipt;

    use super::*;
    use crate::trial::TrialLoader;

    /// The name, in readiness and logs, of what follows the strategy and loads the models that it names.
    const LOADER: &str = "models";

    /// The name of the worker of `group` in readiness, metrics and logs.
    fn worker_of(group: &str) -> &str {
        group.trim_start_matches("ombud.")
    }

    impl<'a> Workers<'a> {
        /// Starts a group for each of `groups`, with models out of `store` or from where it can be filled from, and what
        /// follows the strategy and loads what it will need.
        pub(crate) fn infer<'scope>(
            self: &Arc<Self>,
            crew: &mut Crew<'scope, '_>,
            groups: &[Tasks],
            store: ModelStore,
        ) -> Result<()>
        where
            'a: 'scope,
        {
            let shared = &self.settings.shared_models;
            let shared = (!shared.as_os_str().is_empty()).then_some(shared.as_path());
            let sources = Sources::new(store.clone(), shared);
            // One for all groups: a model that answers several of their tasks is in memory once.
            // The process's, not a worker's: all of them may wait for one model.
            let shutdown = crew.shutdown().clone();
            let stop = Stop::when(move || shutdown.requested());
            let spare = self.settings.infer.spare_models;
            let loader = Arc::new(TrialLoader::new(store, stop.clone()));
            let serving = Arc::new(Serving::new(sources, loader, spare, stop));
            for tasks in groups {
                self.group(crew, tasks, Arc::clone(&serving))?;
            }
            let (workers, groups) = (Arc::clone(self), groups.to_vec());
            crew.start_beside("models", move |stop| {
                let loader = workers.make_loader(&groups, Arc::clone(&serving))?;
                Ok(loader.run(&|pause| stop.wait(pause))?)
            })
        }

        fn group<'scope>(
            self: &Arc<Self>,
            crew: &mut Crew<'scope, '_>,
            tasks: &Tasks,
            serving: Arc<Serving>,
        ) -> Result<()>
        where
            'a: 'scope,
        {
            let (group, tasks) = (tasks.group(), tasks.clone());
            let worker = worker_of(&group).to_owned();
            let name = worker.clone();
            let make = move |workers: &Self, group: &str, progress: &CommittedOffsets| {
                workers.make_infer(&name, group, tasks.clone(), Arc::clone(&serving), progress)
            };
            self.start(crew, &worker, &group, make, |infer, stop, reader| {
                Ok(infer.run(&|| stop.requested(), beginning(reader))?)
            })
        }

        fn make_loader(&self, tasks: &[Tasks], serving: Arc<Serving>) -> Result<Loader<Box<dyn Sink<()>>>> {
            let topic = self.topic(Topic::Registry);
            let (sink, deliveries) = self.backend.patient_sink(1)?;
            // On behalf of the first group: it may read both topics.
            let group = tasks.first().map(Tasks::group).unwrap_or_default();
            Ok(Loader {
                tasks: tasks.to_vec(),
                strategy: self.strategy(&group)?.telling(Waiting::at_once(&self.readiness, LOADER)),
                registry: RegistryFeed::new(self.backend.view().reader(&group)?, &topic)
                    .telling(Waiting::lasting(&self.readiness, LOADER)),
                serving,
                sink,
                deliveries,
                topic: topic.into(),
                clock: Arc::clone(&self.clock),
                readiness: self.readiness.clone(),
            })
        }

        fn make_infer(
            &self,
            worker: &str,
            group: &str,
            tasks: Tasks,
            serving: Arc<Serving>,
            progress: &CommittedOffsets,
        ) -> Result<Infer<WatchedMember, Box<dyn Sink<SharedReceipt>>>> {
            let mut strategy = self.strategy(group)?;
            let mut loading = Waiting::at_once(&self.readiness, worker);
            loading.wait_for("models of the strategy in force to be loaded");
            warm_up(&tasks, &mut strategy, &serving, self.clock.as_ref())?;
            loading.over();
            let (sink, deliveries) = self.backend.patient_sink(IN_FLIGHT)?;
            Ok(Infer {
                tasks,
                member: self.member(
                    worker,
                    group,
                    (&[&self.topic(Topic::Raw)], &[Topic::Predictions]),
                    progress,
                )?,
                sink,
                deliveries,
                predictions: self.topic(Topic::Predictions).into(),
                strategy,
                serving,
                clock: Arc::clone(&self.clock),
                limits: limits::of_infer(&self.settings.infer, self.backend.is_shared()),
            })
        }
    }
    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn groups_of_other_tasks_have_workers_of_other_names() {
            let named = |tasks: &[&str]| Tasks::Named(tasks.iter().map(|task| (*task).to_owned()).collect());
            for (tasks, worker) in [
                (Tasks::All, "infer.all"),
                (named(&["issue"]), "infer.issue"),
                (named(&["product", "issue"]), "infer.product+issue"),
            ] {
                assert_eq!(worker_of(&tasks.group()), worker);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ombud_local::{Local, Options};

    use super::*;
    use crate::log::publish::{Publisher, outgoing};

    #[test]
    fn a_partition_without_a_position_is_begun_with_the_first_record_however_old_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let log = Local::open(dir.path(), Options::catalogue("", 1)).unwrap();
        let raw: Arc<str> = Topic::Raw.name("").into();
        let complaint = ombud_contract::records::RawComplaint::new("c-1", "They charged me.", 1);
        let mut publisher = Publisher::new(log.sink(1));
        publisher.send(outgoing(&raw, "c-1", &complaint).unwrap()).unwrap();
        publisher.flush().unwrap();
        let reader: Box<dyn Reader> = Box::new(log.reader().unwrap());
        assert_eq!(beginning(reader)(&TopicPartition::new(raw, 0)).unwrap(), 0);
    }
}
