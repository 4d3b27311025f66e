//! One worker in a process of its own, and what is promised of it.

mod work;

use std::{
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

use ombud_contract::{
    catalogue::Topic,
    codec,
    records::{Arm, RawComplaint, Role as ArmRole, Strategy, TaskStrategy},
};
use ombud_launch::config::Settings;
use ombud_models::{FirstStrategy, ModelStore};
use ombud_stream::Outgoing;

use super::doubles::{FATAL, FATAL_WORD, artefact};
use crate::log::{backend::Backend, publish::Publisher};

/// What the process prints when it panics.
const PANICKED: &str = "PANICKED";
/// How soon after that it must have ended.
const EXIT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long it may take until then, and the next one to finish.
const TEST_TIMEOUT: Duration = Duration::from_secs(60);
/// The variables that give a process of this test its role.
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
        Self { role, settings: crate::log::on_brokers::on_brokers(dir) }
    }

    fn backend(&self) -> Backend {
        match self.settings.kafka_bootstrap.is_empty() {
            true => Backend::embedded(&self.settings).unwrap(),
            false => Backend::brokers(&self.settings, &[]).unwrap(),
        }
    }

    fn topic(&self, topic: Topic) -> Arc<str> {
        topic.name(&self.settings.topics.prefix).into()
    }

    /// A strategy, and complaints around the one that the defect is met at, in every partition.
    pub(super) fn seed(&self) {
        let backend = self.backend();
        let mut publisher = Publisher::new(backend.sink(64).unwrap());
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
        let until = Instant::now() + TEST_TIMEOUT;
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
        let status = wait(&mut child, EXIT_TIMEOUT);
        assert!(status.is_some_and(|code| code != Some(0)), "{status:?} {EXIT_TIMEOUT:?} after it panicked");
    }

    /// Runs it without, until nothing is left to do.
    pub(super) fn is_finished_by_the_next(&self) {
        let (mut child, said) = self.start(false);
        let status = wait(&mut child, 2 * TEST_TIMEOUT);
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
            .args(["serve::defects::process::a_process_with_one_worker", "--exact", "--nocapture"])
            .envs(VARIABLES.into_iter().zip(says))
            .envs(SERVERS.into_iter().zip(servers))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, said) = sync_channel(10_000);
        let lines = BufReader::new(child.stderr.take().unwrap());
        // Ends with the process, whose end of the pipe it reads.
        thread::spawn(move || lines.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        (child, said)
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
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
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

/// The process itself; nothing where no variable gives it a role.
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
