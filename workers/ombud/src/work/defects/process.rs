//! One worker in a process of its own, and what is promised of it.

use std::{
    collections::BTreeSet,
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use ombud_archive::Archive;
use ombud_contract::{
    catalogue::Topic,
    codec,
    records::{Arm, Prediction, RawComplaint, Role as ArmRole, Strategy, TaskStrategy},
};
use ombud_infer::{Infer, Serving, Tasks, warm_up};
use ombud_join::{Join, Pace, Topics};
use ombud_launch::{config::Settings, shutdown::Shutdown};
use ombud_local::{Local, Options};
use ombud_models::{FirstStrategy, ModelStore, Sources, Stop, StrategyFeed};
use ombud_store::CaseStore;
use ombud_stream::{Limit, Outgoing, Reader, Record, Start, SystemClock, TopicPartition};

use super::doubles::{At, Cases, FATAL, FATAL_WORD, Letters, Routes, artefact};
use crate::{
    publish::Publisher,
    scan::scan,
    work::Crew,
    world::{READER, World},
};

/// What the process prints when it panics.
const PANICKED: &str = "PANICKED";
/// How soon after that it must have ended.
const SOON: Duration = Duration::from_secs(5);
/// How long it may take until then, and the next one to finish.
const PATIENCE: Duration = Duration::from_secs(60);
/// What tells a process of this test what it is.
const VARIABLES: [&str; 4] = ["DEFECT_ROLE", "DEFECT_IS_THERE", "DEFECT_DATA", "DEFECT_PREFIX"];
/// On brokers: the brokers and the registry.
const SERVERS: [&str; 2] = ["DEFECT_KAFKA", "DEFECT_REGISTRY"];
const PARTITIONS: i32 = 4;

/// Which worker has the defect, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// infer, in the stage that cuts narratives into tokens.
    Prepare { threads: usize },
    /// infer, in the stage that asks models.
    Classify { threads: usize },
    /// join, where it sends a route.
    Join,
    /// archive, where it writes a case.
    Archive,
}

impl Role {
    const ALL: [Self; 6] = [
        Self::Prepare { threads: 1 },
        Self::Prepare { threads: 2 },
        Self::Classify { threads: 1 },
        Self::Classify { threads: 2 },
        Self::Join,
        Self::Archive,
    ];

    fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|role| format!("{role:?}") == name).unwrap()
    }
}

/// One worker and its log.
pub(super) struct Case {
    role: Role,
    settings: Settings,
}

impl Case {
    pub(super) fn embedded(role: Role, dir: &tempfile::TempDir) -> Self {
        let mut settings = Settings { data: dir.path().to_owned(), ..Settings::default() };
        settings.embedded.partitions = PARTITIONS;
        Self { role, settings }
    }

    #[cfg(feature = "servers")]
    pub(super) fn on_brokers(role: Role, dir: &tempfile::TempDir) -> Self {
        Self { role, settings: crate::on_brokers::on_brokers(dir) }
    }

    fn world(&self) -> World {
        match self.settings.kafka_bootstrap.is_empty() {
            true => World::embedded(&self.settings).unwrap(),
            false => World::brokers(&self.settings, &[]).unwrap(),
        }
    }

    fn topic(&self, topic: Topic) -> Arc<str> {
        topic.name(&self.settings.topics.prefix).into()
    }

    /// A strategy, and complaints around the one that the defect is met at, in every partition.
    pub(super) fn seed(&self) {
        let world = self.world();
        let mut publisher = Publisher::new(world.sink(64).unwrap());
        let mut send = |topic: Topic, partition: i32, key: &str, value: Vec<u8>| {
            let (key, value) = (Some(key.to_owned().into()), value.into());
            let record = Outgoing::stamped(self.topic(topic), Some(partition), key, value, "test", &[]);
            publisher.send(record).unwrap();
        };
        let strategy = codec::encode(&strategy(&self.settings.data)).unwrap();
        send(Topic::Strategy, 0, "strategy", strategy.to_vec());
        for (n, id) in ids().into_iter().enumerate() {
            let value = match self.role {
                // Nobody can read it, so that it is routed at once and needs no predictions.
                Role::Join => b"no complaint".to_vec(),
                _ => {
                    let word = if id == FATAL { FATAL_WORD } else { "plain" };
                    let narrative = format!("They charged my card twice, which is a {word} mistake.");
                    let complaint = RawComplaint::new(&id, &narrative, 1_700_000_000_000);
                    codec::encode(&complaint).unwrap().to_vec()
                }
            };
            send(Topic::Raw, n as i32 % PARTITIONS, &id, value);
        }
        publisher.flush().unwrap();
    }

    /// Runs the worker with its defect.
    pub(super) fn dies_of_its_defect(&self) {
        let (mut child, said) = self.start(true);
        let until = Instant::now() + PATIENCE;
        let mut lines = Vec::new();
        while !lines.iter().any(|line: &String| line.contains(PANICKED)) {
            let left = until.saturating_duration_since(Instant::now());
            match said.recv_timeout(left) {
                Ok(line) => lines.push(line),
                Err(error) => {
                    let _ = child.kill();
                    panic!("it did not panic ({error}):\n{}", lines.join("\n"));
                }
            }
        }
        let status = wait(&mut child, SOON);
        assert!(status.is_some_and(|code| code != Some(0)), "{status:?} {SOON:?} after it panicked");
    }

    /// Runs it without, until nothing is left to do.
    pub(super) fn is_finished_by_the_next(&self) {
        let (mut child, said) = self.start(false);
        let status = wait(&mut child, 2 * PATIENCE);
        let lines: Vec<String> = said.try_iter().collect();
        assert_eq!(status, Some(Some(0)), "{}", lines.join("\n"));
    }

    fn start(&self, has_defect: bool) -> (Child, Receiver<String>) {
        let Settings { data, kafka_bootstrap, registry_url, topics, .. } = &self.settings;
        let says = [
            format!("{:?}", self.role),
            has_defect.to_string(),
            data.to_string_lossy().into_owned(),
            topics.prefix.clone(),
        ];
        let servers = [kafka_bootstrap.clone(), registry_url.clone()];
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["work::defects::process::a_process_with_one_worker", "--exact", "--nocapture"])
            .envs(VARIABLES.into_iter().zip(says))
            .envs(SERVERS.into_iter().zip(servers))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, said) = sync_channel(10_000);
        let lines = BufReader::new(child.stderr.take().unwrap());
        // Ends with the process, whose end of the pipe it reads.
        thread::spawn(move || lines.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        (child, said)
    }

    /// Works until nothing is left to do, or the worker fails.
    fn work(&self, has_defect: bool) -> Result<()> {
        let world = self.world();
        // On brokers in a file too: what the store does is not what is tested.
        let store = match &world {
            World::Embedded(_) => None,
            World::Brokers(_) => {
                Some(Local::open(self.settings.data.join("cases"), Options::catalogue("", 1))?)
            }
        };
        let scene = Scene { world, store };
        let shutdown = Shutdown::default();
        thread::scope(|scope| {
            let mut crew = Crew::new(scope, shutdown.clone(), scene.world.is_shared());
            let (case, of) = (self, &scene);
            crew.start("worker", move |stop| match case.role {
                Role::Prepare { threads } => {
                    let at = if has_defect { At::Prepare } else { At::Nowhere };
                    case.infer(&of.world, (at, threads, 1), stop)
                }
                Role::Classify { threads } => {
                    let at = if has_defect { At::Classify } else { At::Nowhere };
                    case.infer(&of.world, (at, 1, threads), stop)
                }
                Role::Join => case.join(&of.world, has_defect, stop),
                Role::Archive => case.archive(of, has_defect, stop),
            })?;
            crew.stop(self.wait_until_done(&scene, &shutdown))
        })
    }

    fn wait_until_done(&self, scene: &Scene, shutdown: &Shutdown) -> Result<()> {
        let (all, until) = (BTreeSet::from_iter(ids()), Instant::now() + PATIENCE);
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

    fn feed(&self, world: &World, group: &str) -> Result<StrategyFeed> {
        let reader = world.view().reader(group)?;
        Ok(StrategyFeed::new(reader, &self.topic(Topic::Strategy), Arc::new(SystemClock)))
    }

    fn infer(
        &self,
        world: &World,
        (at, tokenizers, replicas): (At, usize, usize),
        stop: &Shutdown,
    ) -> Result<()> {
        let (tasks, group) = (Tasks::All, Tasks::All.group());
        let (sink, deliveries) = world.sink(64)?;
        let sources = Sources::new(ModelStore::new(self.settings.data.join("models")), None);
        let serving = Arc::new(Serving::new(sources, Arc::new(Letters(at)), 0, Stop::never()));
        let mut strategy = self.feed(world, &group)?;
        // There is no loader here, and nobody else brings what the strategy in force names.
        warm_up(&tasks, &mut strategy, &serving, &SystemClock)?;
        let infer = Infer {
            tasks,
            member: world.member(&group, &[&self.topic(Topic::Raw)], Start::Earliest, None)?,
            sink,
            deliveries,
            predictions: self.topic(Topic::Predictions),
            strategy,
            serving,
            clock: Arc::new(SystemClock),
            limits: ombud_infer::Limits {
                tokenizer_threads: tokenizers,
                replicas,
                batch: Limit { rows: 2, cost: 64 },
                window: 4,
                queue: 4,
                drive: ombud_stream::Limits::default(),
            },
        };
        Ok(infer.run(&|| stop.requested(), |_| Ok(0))?)
    }

    fn join(&self, world: &World, has_defect: bool, stop: &Shutdown) -> Result<()> {
        let group = ombud_join::GROUP;
        let (sink, deliveries) = world.sink(64)?;
        let join = Join {
            member: world.member(group, &[&self.topic(Topic::Raw)], Start::Earliest, None)?,
            reader: world.view().reader(group)?,
            sink: Routes { sink, has_defect },
            deliveries,
            topics: Topics {
                raw: self.topic(Topic::Raw),
                predictions: self.topic(Topic::Predictions),
                routed: self.topic(Topic::Routed),
                dead_letters: self.topic(Topic::DeadLetters),
            },
            strategy: self.feed(world, group)?,
            clock: Arc::new(SystemClock),
            limits: ombud_join::Limits::default(),
            pace: Pace::default(),
        };
        Ok(join.run(&|| stop.requested(), |_| Ok(0))?)
    }

    fn archive(&self, scene: &Scene, has_defect: bool, stop: &Shutdown) -> Result<()> {
        let world = &scene.world;
        let (sink, deliveries) = world.sink(64)?;
        let topics = ombud_archive::TOPICS.map(|topic| self.topic(topic));
        let topics: Vec<&str> = topics.iter().map(|topic| &**topic).collect();
        let archive = Archive {
            member: world.member(ombud_archive::GROUP, &topics, Start::Earliest, None)?,
            sink,
            deliveries,
            dead_letters: self.topic(Topic::DeadLetters),
            prefix: self.settings.topics.prefix.clone(),
            strategy: self.feed(world, ombud_archive::GROUP)?,
            cases: Cases { cases: scene.cases()?, has_defect },
            clock: Arc::new(SystemClock),
            limits: ombud_archive::Limits { poll: Duration::from_millis(20), ..Default::default() },
        };
        Ok(archive.run(&|| stop.requested(), |_| Ok(0))?)
    }

    /// The complaints that the worker has finished with.
    fn done(&self, scene: &Scene) -> Result<BTreeSet<String>> {
        let world = &scene.world;
        match self.role {
            Role::Prepare { .. } | Role::Classify { .. } => self.read(world, Topic::Predictions, |record| {
                Ok(codec::decode::<Prediction>(record.value.as_deref().unwrap_or_default())?.complaint_id)
            }),
            Role::Join => self.read(world, Topic::Routed, |record| {
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
        world: &World,
        topic: Topic,
        of: impl Fn(&Record) -> Result<String>,
    ) -> Result<BTreeSet<String>> {
        let mut reader = world.view().reader(READER)?;
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
    world: World,
    store: Option<Local>,
}

impl Scene {
    fn cases(&self) -> Result<Box<dyn CaseStore>> {
        match &self.store {
            Some(store) => Ok(Box::new(store.cases()?)),
            None => self.world.view().cases(),
        }
    }
}

/// Every complaint; the fatal one has neighbours before and behind it.
fn ids() -> Vec<String> {
    let mut ids: Vec<String> = (0..8).map(|n| format!("c-{n}")).collect();
    ids.insert(4, FATAL.to_owned());
    ids
}

/// The repository's first strategy, of which the double answers one task.
fn strategy(data: &Path) -> Strategy {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let first = FirstStrategy::read(&models.join("strategy.toml"), &models, "test", 0).unwrap().record;
    let artefact = artefact(&data.join("letters"));
    ModelStore::new(data.join("models")).add(&artefact).unwrap();
    let champion = Arm {
        name: "champion".into(),
        model_id: "letters".into(),
        model_version: artefact.version,
        role: ArmRole::Deciding,
        basis_points: 10_000,
    };
    let task = TaskStrategy {
        task: "vulnerable".into(),
        required: true,
        salt: "v".into(),
        review_below: 0.0,
        arms: vec![champion],
    };
    Strategy { tasks: vec![task], ..first }
}

/// How the process ended, within `bound`; killed where it has not.
fn wait(child: &mut Child, bound: Duration) -> Option<Option<i32>> {
    let until = Instant::now() + bound;
    while Instant::now() < until {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status.code());
        }
        thread::park_timeout(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// The process itself; nothing where nobody says what it shall be.
#[test]
fn a_process_with_one_worker() {
    let Ok(role) = env::var(VARIABLES[0]) else { return };
    std::panic::set_hook(Box::new(|panic| eprintln!("{PANICKED} {:?}", panic.location())));
    let say = |name: &str| env::var(name).unwrap();
    let mut settings = Settings {
        data: say(VARIABLES[2]).into(),
        kafka_bootstrap: say(SERVERS[0]),
        registry_url: say(SERVERS[1]),
        ..Settings::default()
    };
    settings.embedded.partitions = PARTITIONS;
    settings.topics.prefix = say(VARIABLES[3]);
    let case = Case { role: Role::named(&role), settings };
    let ended = case.work(say(VARIABLES[1]) == "true");
    if let Err(error) = &ended {
        eprintln!("failed: {error:#}");
    }
    std::process::exit(i32::from(ended.is_err()));
}
