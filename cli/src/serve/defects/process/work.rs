//! What the process does: one worker on its log, until nothing is left to do.

use std::{
    collections::BTreeSet,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use ombud_archive::Archive;
use ombud_contract::{catalogue::Topic, codec, records::Prediction};
use ombud_infer::{Infer, Serving, Tasks, warm_up};
use ombud_join::{Join, Pace, Topics};
use ombud_launch::shutdown::Shutdown;
use ombud_local::{Local, Options};
use ombud_models::{BatchBudget, ModelStore, Sources, Stop, StrategyFeed};
use ombud_store::CaseStore;
use ombud_stream::{Reader, Record, Start, SystemClock, TopicPartition};

use super::{
    super::doubles::{At, Cases, Letters, Routes},
    Case, PARTITIONS, Role, TEST_TIMEOUT, ids,
};
use crate::{
    log::{
        backend::{Backend, READER},
        scan::scan,
    },
    serve::Crew,
};

impl Case {
    /// Works until nothing is left to do, or the worker fails.
    pub(super) fn work(&self, has_defect: bool) -> Result<()> {
        let backend = self.backend();
        // On brokers in a file too: what the store does is not what is tested.
        let store = match &backend {
            Backend::Embedded(_) => None,
            Backend::Brokers(_) => {
                Some(Local::open(self.settings.data.join("cases"), Options::catalogue("", 1))?)
            }
        };
        let scene = Scene { backend, store };
        let shutdown = Shutdown::default();
        thread::scope(|scope| {
            let mut crew = Crew::new(scope, shutdown.clone(), scene.backend.is_shared());
            let (case, of) = (self, &scene);
            crew.start("worker", move |stop| match case.role {
                Role::Prepare { threads } => {
                    let at = if has_defect { At::Prepare } else { At::Nowhere };
                    case.infer(&of.backend, (at, threads, 1), stop)
                }
                Role::Classify { threads } => {
                    let at = if has_defect { At::Classify } else { At::Nowhere };
                    case.infer(&of.backend, (at, 1, threads), stop)
                }
                Role::Join => case.join(&of.backend, has_defect, stop),
                Role::Archive => case.archive(of, has_defect, stop),
            })?;
            crew.stop(self.wait_until_done(&scene, &shutdown))
        })
    }

    fn wait_until_done(&self, scene: &Scene, shutdown: &Shutdown) -> Result<()> {
        let (all, until) = (BTreeSet::from_iter(ids()), Instant::now() + TEST_TIMEOUT);
        while !shutdown.wait(Duration::from_millis(50)) {
            let done = self.done(scene)?;
            if done == all {
                break;
            }
            if Instant::now() >= until {
                return Err(anyhow!("finish: only {done:?} are done"));
            }
        }
        Ok(())
    }

    fn feed(&self, backend: &Backend, group: &str) -> Result<StrategyFeed> {
        let reader = backend.view().reader(group)?;
        Ok(StrategyFeed::new(reader, &self.topic(Topic::Strategy), Arc::new(SystemClock)))
    }

    fn infer(
        &self,
        backend: &Backend,
        (at, tokenizers, replicas): (At, usize, usize),
        stop: &Shutdown,
    ) -> Result<()> {
        let (tasks, group) = (Tasks::All, Tasks::All.group());
        let (sink, deliveries) = backend.sink(64)?;
        let sources = Sources::new(ModelStore::new(self.settings.data.join("models")), None);
        let serving = Arc::new(Serving::new(sources, Arc::new(Letters(at)), 0, Stop::never()));
        let mut strategy = self.feed(backend, &group)?;
        // There is no loader here, and nobody else brings what the strategy in force names.
        warm_up(&tasks, &mut strategy, &serving, &SystemClock)?;
        let infer = Infer {
            tasks,
            member: backend.member(&group, &[&self.topic(Topic::Raw)], Start::Earliest, None)?,
            sink,
            deliveries,
            predictions: self.topic(Topic::Predictions),
            strategy,
            serving,
            clock: Arc::new(SystemClock),
            limits: ombud_infer::InferLimits {
                tokenizer_threads: tokenizers,
                replicas,
                batch: BatchBudget { texts: 2, tokens: 64 },
                window: 4,
                queue: 4,
                drive: ombud_stream::DriveLimits::default(),
            },
        };
        Ok(infer.run(&|| stop.requested(), |_| Ok(0))?)
    }

    fn join(&self, backend: &Backend, has_defect: bool, stop: &Shutdown) -> Result<()> {
        let group = ombud_join::GROUP;
        let (sink, deliveries) = backend.sink(64)?;
        let join = Join {
            member: backend.member(group, &[&self.topic(Topic::Raw)], Start::Earliest, None)?,
            reader: backend.view().reader(group)?,
            sink: Routes { sink, has_defect },
            deliveries,
            topics: Topics {
                raw: self.topic(Topic::Raw),
                predictions: self.topic(Topic::Predictions),
                routed: self.topic(Topic::Routed),
                dead_letters: self.topic(Topic::DeadLetters),
            },
            strategy: self.feed(backend, group)?,
            clock: Arc::new(SystemClock),
            limits: ombud_join::JoinLimits::default(),
            pace: Pace::default(),
        };
        Ok(join.run(&|| stop.requested(), |_| Ok(0))?)
    }

    fn archive(&self, scene: &Scene, has_defect: bool, stop: &Shutdown) -> Result<()> {
        let backend = &scene.backend;
        let (sink, deliveries) = backend.sink(64)?;
        let topics = ombud_archive::TOPICS.map(|topic| self.topic(topic));
        let topics: Vec<&str> = topics.iter().map(|topic| &**topic).collect();
        let archive = Archive {
            member: backend.member(ombud_archive::GROUP, &topics, Start::Earliest, None)?,
            sink,
            deliveries,
            dead_letters: self.topic(Topic::DeadLetters),
            prefix: self.settings.topics.prefix.clone(),
            strategy: self.feed(backend, ombud_archive::GROUP)?,
            cases: Cases { cases: scene.cases()?, has_defect },
            clock: Arc::new(SystemClock),
            limits: ombud_archive::ArchiveLimits { poll: Duration::from_millis(20), ..Default::default() },
        };
        Ok(archive.run(&|| stop.requested(), |_| Ok(0))?)
    }

    /// The complaints that the worker has finished with.
    fn done(&self, scene: &Scene) -> Result<BTreeSet<String>> {
        let backend = &scene.backend;
        match self.role {
            Role::Prepare { .. } | Role::Classify { .. } => {
                self.read(backend, Topic::Predictions, |record| {
                    Ok(codec::decode::<Prediction>(record.value.as_deref().unwrap_or_default())?.complaint_id)
                })
            }
            Role::Join => self.read(backend, Topic::Routed, |record| {
                Ok(String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned())
            }),
            Role::Archive => {
                let mut cases = scene.cases()?;
                let mut done = BTreeSet::new();
                for id in ids() {
                    if !cases.case(&id)?.is_empty() {
                        done.insert(id);
                    }
                }
                Ok(done)
            }
        }
    }

    fn read(
        &self,
        backend: &Backend,
        topic: Topic,
        of: impl Fn(&Record) -> Result<String>,
    ) -> Result<BTreeSet<String>> {
        let mut reader = backend.view().reader(READER)?;
        let mut found = BTreeSet::new();
        for number in 0..PARTITIONS {
            let partition = TopicPartition::new(self.topic(topic), number);
            let end = reader.end(&partition)?;
            scan(&mut reader, &partition, 0, end, |record| {
                found.insert(of(&record)?);
                Ok(())
            })?;
        }
        Ok(found)
    }
}

/// Where a worker works.
struct Scene {
    backend: Backend,
    store: Option<Local>,
}

impl Scene {
    fn cases(&self) -> Result<Box<dyn CaseStore>> {
        match &self.store {
            Some(store) => Ok(Box::new(store.cases()?)),
            None => self.backend.view().cases(),
        }
    }
}
