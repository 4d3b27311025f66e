//! kill -9 under load, at moments that are drawn: joiner, product worker, archive, broker, CQL server, registry. No
//! complaint is lost, no two routes contradict each other, and no offset passes a row that is not written.
//!
//! TEST_FULL=1 sends five times as many complaints, and kills each three times.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Error, Result, ensure};
use csv::Reader;
use ombud_kafka::{Kafka, KafkaReader};
use ombud_stream::{Reader as _, TopicPartition};
use ombud_tests::{
    Deployment, Load, Role, Routes, Services, appended, deployment_state, kafka, sample_times, split,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::Value;

const PARTITIONS: i32 = 12;
/// After this time a killed member's partitions go to others: librdkafka's own 45 s, three times, would be most of the
/// promise.
const SESSION_MS: &str = "6000";
/// Complaints a second while something is killed.
const RATE: u32 = 60;
/// How long a wave of complaints may take, with an outage in it.
const WAIT_TIMEOUT: Duration = Duration::from_secs(240);

#[derive(Clone, Copy, Debug)]
enum Victim {
    Joiner,
    Product,
    Archive,
    Broker,
    Cql,
    Registry,
}

const ROUND: [Victim; 6] =
    [Victim::Joiner, Victim::Product, Victim::Archive, Victim::Broker, Victim::Cql, Victim::Registry];

/// How often each is killed, and how often the sample is sent.
fn size() -> (usize, usize) {
    if env::var_os("TEST_FULL").is_some() { (3, 34) } else { (1, 7) }
}

/// Where the archive says it stands, held against what it has written.
struct Archived {
    group: KafkaReader,
    partitions: Vec<TopicPartition>,
    /// Every route below has been found in the store.
    found: BTreeMap<TopicPartition, i64>,
    /// How many there were.
    rows: usize,
}

impl Archived {
    fn new(kafka: &Kafka, deployment: &Deployment) -> Result<Self> {
        let topic = deployment.topic("complaints.routed");
        let partitions = (0..PARTITIONS).map(|number| TopicPartition::new(topic.as_str(), number)).collect();
        Ok(Self { group: kafka.reader("ombud.archive")?, partitions, found: BTreeMap::new(), rows: 0 })
    }

    fn committed(&self) -> Result<BTreeMap<TopicPartition, i64>> {
        let standing = self
            .partitions
            .iter()
            .map(|partition| Ok((partition.clone(), self.group.committed(partition)?.unwrap_or_default())));
        standing.collect()
    }

    /// Everything routed so far is committed.
    fn is_done(&mut self) -> Result<bool> {
        for (partition, committed) in self.committed()? {
            if committed < self.group.end(&partition)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Asks a client that is not ours for the row of each route below `committed`.
    fn check(
        &mut self,
        committed: BTreeMap<TopicPartition, i64>,
        deployment: &Deployment,
        routes: &mut Routes,
    ) -> Result<()> {
        // What is committed has been read by somebody, so that it can be read here.
        routes.wait_until(WAIT_TIMEOUT, |routes| {
            committed.iter().all(|(at, next)| routes.position(at) >= *next)
        })?;
        let below = |at: &TopicPartition, offset: i64| {
            offset < committed[at] && offset >= self.found.get(at).copied().unwrap_or_default()
        };
        let all = routes.by_complaint.values().flatten();
        let due: Vec<(&str, i64)> = all
            .filter(|routed| below(&routed.at, routed.offset))
            .map(|routed| (routed.record.complaint_id.as_str(), routed.record.revision))
            .collect();
        let file = deployment.folder().join("due.json");
        fs::write(&file, serde_json::to_vec(&due)?)?;
        let said = deployment
            .client("python", &["tests/clients/filed.py", &deployment.keyspace, file.to_str().unwrap()])?;
        let missing: Vec<Value> = serde_json::from_str(&said)?;
        ensure!(missing.is_empty(), "committed, and not in the store: {missing:?}");
        self.rows += due.len();
        self.found = committed;
        Ok(())
    }
}

/// All that runs.
struct Scene<'a> {
    services: &'a Services,
    deployment: &'a Deployment,
    joiners: Vec<Role>,
    products: Vec<Role>,
    archives: Vec<Role>,
    others: Vec<Role>,
    routes: Routes,
    archived: Archived,
}

impl<'a> Scene<'a> {
    fn set(services: &'a Services, deployment: &'a Deployment) -> Result<Self> {
        let launch = |role: &[&str]| deployment.launch(role);
        let mut scene = Self {
            services,
            deployment,
            joiners: vec![launch(&["join"])?, launch(&["join"])?],
            products: vec![
                launch(&["infer", "--task", "product"])?,
                launch(&["infer", "--task", "product"])?,
            ],
            archives: vec![launch(&["archive"])?],
            others: vec![launch(&["infer", "--task", "issue"])?, launch(&["infer", "--task", "vulnerable"])?],
            routes: Routes::follow(deployment)?,
            archived: Archived::new(&kafka(deployment)?, deployment)?,
        };
        scene.roles().try_for_each(Role::wait_until_ready)?;
        Ok(scene)
    }

    fn roles(&mut self) -> impl Iterator<Item = &mut Role> {
        let workers = self.joiners.iter_mut().chain(&mut self.products);
        workers.chain(&mut self.archives).chain(&mut self.others)
    }

    /// Kills, looks at what was committed until then, and starts again; gives how long it took to be back.
    fn kill(&mut self, victim: Victim, moments: &mut StdRng) -> Result<Duration> {
        let killed_at = Instant::now();
        let (roles, role): (_, &[&str]) = match victim {
            Victim::Joiner => (&mut self.joiners, &["join"]),
            Victim::Product => (&mut self.products, &["infer", "--task", "product"]),
            Victim::Archive => (&mut self.archives, &["archive"]),
            Victim::Broker => return self.restart("kafka", killed_at),
            Victim::Cql => return self.restart("cql", killed_at),
            Victim::Registry => return self.restart("registry", killed_at),
        };
        let one = moments.random_range(0..roles.len());
        roles.remove(one).kill()?;
        self.check()?;
        let anew = self.deployment.start(role)?;
        let roles = match victim {
            Victim::Joiner => &mut self.joiners,
            Victim::Product => &mut self.products,
            _ => &mut self.archives,
        };
        roles.push(anew);
        Ok(killed_at.elapsed())
    }

    fn restart(&mut self, server: &str, killed_at: Instant) -> Result<Duration> {
        self.services.kill(server)?;
        // While the store is down nothing is written: whatever is committed by now has its row when it is back.
        let committed = if server == "kafka" { None } else { Some(self.archived.committed()?) };
        self.services.start(server)?;
        let back = killed_at.elapsed();
        let committed = committed.map_or_else(|| self.archived.committed(), Ok)?;
        if server == "cql" {
            // A crash must not have taken rows that were there before, either.
            self.archived.found.clear();
        }
        self.archived.check(committed, self.deployment, &mut self.routes)?;
        Ok(back)
    }

    fn check(&mut self) -> Result<()> {
        let committed = self.archived.committed()?;
        self.archived.check(committed, self.deployment, &mut self.routes)
    }

    /// `error`, with where everything stands and what each role said last.
    fn explained(&mut self, error: Error) -> Error {
        let state = deployment_state(self.deployment, &self.routes).unwrap_or_else(|why| format!("{why:#}"));
        let said: Vec<String> = self.roles().map(|role| role.last_words()).collect();
        error.context(format!("{state}\n{}", said.join("\n\n")))
    }
}

/// What happened in one wave.
struct Act {
    victim: Victim,
    at: Duration,
    back: Duration,
    complaints: BTreeSet<String>,
}

fn ids(file: &Path) -> Result<BTreeSet<String>> {
    let mut rows = Reader::from_path(file)?;
    let id = rows.headers()?.iter().position(|name| name == "complaint_id").unwrap();
    rows.records().map(|row| Ok(row?[id].to_owned())).collect()
}

/// How long each complaint waited from its append to its first complete route.
fn waits(deployment: &Deployment, routes: &Routes) -> Result<BTreeMap<String, i64>> {
    let appended = appended(deployment)?;
    let wait = |(id, all): (&String, &Vec<ombud_tests::Routed>)| {
        let first = all.iter().find(|routed| routed.record.missing_tasks.is_empty())?;
        let raw = appended.get(&(first.record.raw_partition, first.record.raw_offset))?;
        Some((id.clone(), first.appended_at - raw))
    };
    Ok(routes.by_complaint.iter().filter_map(wait).collect())
}

#[test]
fn kill_9_of_workers_brokers_store_and_registry_loses_no_complaint() -> Result<()> {
    let services = Services::own()?;
    let mut variables = services.variables()?;
    variables.push(("OMBUD_KAFKA__PROPERTIES__SESSION_TIMEOUT_MS".to_owned(), SESSION_MS.to_owned()));
    let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let deployment = Deployment::with(PARTITIONS, &variables)?;
    let (rounds, samples) = size();
    let file = deployment.folder().join("complaints.csv");
    sample_times(samples, &file)?;
    let waves = split(&file, rounds * ROUND.len())?;
    let mut scene = Scene::set(&services, &deployment)?;

    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let mut moments = StdRng::seed_from_u64(seed);
    let (began, mut acts, mut sent) = (Instant::now(), Vec::new(), 0);
    for ((wave, complaints), victim) in waves.iter().zip(ROUND.iter().cycle()) {
        let takes = Duration::from_secs_f64(*complaints as f64 / f64::from(RATE));
        let moment = Instant::now() + takes.mul_f64(moments.random_range(0.2..0.9));
        let mut load = Load::start(&deployment, wave, RATE, &["--bulk"])?;
        scene.routes.wait_until(WAIT_TIMEOUT, |_| Instant::now() >= moment)?;
        ensure!(load.is_under_way()?, "{victim:?} would be killed without load");
        let at = began.elapsed();
        let back = scene.kill(*victim, &mut moments)?;
        load.finish()?;
        sent += complaints;
        scene.routes.wait_for_complete(sent, WAIT_TIMEOUT).map_err(|error| {
            scene.explained(error.context(format!("{victim:?} was killed; {sent} are sent")))
        })?;
        scene.roles().try_for_each(Role::still_runs)?;
        scene.check()?;
        acts.push(Act { victim: *victim, at, back, complaints: ids(wave)? });
    }

    let until = Instant::now() + WAIT_TIMEOUT;
    while !scene.archived.is_done()? {
        ensure!(Instant::now() < until, "the archive does not come to its end");
    }
    scene.routes.catch_up()?;
    scene.archived.found.clear();
    scene.check()?;
    assert_eq!(scene.routes.contradictions(), Vec::<&str>::new());
    let expected: BTreeSet<&String> = acts.iter().flat_map(|act| &act.complaints).collect();
    assert_eq!(expected.len(), sent);
    assert_eq!(scene.routes.by_complaint.keys().collect::<BTreeSet<_>>(), expected);
    assert_eq!(scene.routes.complete(), sent);

    let waits = waits(&deployment, &scene.routes)?;
    println!("killed     at       back after   longest wait of a complaint from append to complete route");
    for act in &acts {
        let longest = act.complaints.iter().filter_map(|id| waits.get(id)).max().copied().unwrap_or_default();
        println!(
            "{:<9} {:>5.1} s  {:>8.1} s   {:>8.1} s",
            format!("{:?}", act.victim),
            act.at.as_secs_f64(),
            act.back.as_secs_f64(),
            longest as f64 / 1e3
        );
    }
    let records: usize = scene.routes.by_complaint.values().map(Vec::len).sum();
    println!(
        "{sent} complaints, 0 lost, 0 contradictory among {records} routed records; {} rows found below committed \
         offsets; {:.0} s in all",
        scene.archived.rows,
        began.elapsed().as_secs_f64()
    );
    // Each ends well, though all have lived through outages.
    let Scene { joiners, products, archives, others, .. } = scene;
    products
        .into_iter()
        .chain(others)
        .chain(joiners)
        .chain(archives)
        .try_for_each(|role| role.stop().map(drop))
}
