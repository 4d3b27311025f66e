//! Workers are replaced under load as the chart has Kubernetes replace them: a new one is ready before an old one gets its
//! SIGTERM, and each ends within its grace period. From the first SIGTERM until half a minute after the last worker is ready
//! no complaint is lost, none waits for longer than ten seconds, and all that was routed is in the case store.
//!
//! TEST_FULL=1 does it with every role at once, and scales out and in, publishes a strategy on the way and drains a node.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of a test")]

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use ombud_stream::{Clock, SystemClock};
use ombud_tests::{
    Deployment, Load, Role, Routes, Waits, bag, deadline_ms, deployment_state, sample_times, whole,
};
use serde_json::Value;

const PARTITIONS: i32 = 6;
/// Partitions as the chart has them: a joiner that starts takes on half of them, one after the other.
const ALL_PARTITIONS: i32 = 48;
/// Complaints in the sample.
const SAMPLE: usize = 300;
/// Complaints a second: a hundred times as many as a bank with 15,000 a day has on average.
const RATE: u32 = 20;
/// `terminationGracePeriodSeconds` of the chart.
const GRACE: Duration = Duration::from_secs(30);
/// How long a complaint may wait while workers are replaced.
const MOST_WAIT_MS: i64 = 10_000;
/// After this long nothing comes any more of what a sender that was killed had handed to the system.
const UNDER_WAY: Duration = Duration::from_secs(1);
/// How long anything may take that is waited for.
const WAIT_TIMEOUT: Duration = Duration::from_secs(240);

const INFER: &[&str] = &["infer", "--task", "all"];
const JOIN: &[&str] = &["join"];
const ARCHIVE: &[&str] = &["archive"];
const CONSOLE: &[&str] = &["console"];

/// What the chart calls a Deployment: some processes of one role, the oldest first.
struct Workload<'a> {
    role: &'a [&'a str],
    pods: Vec<Role>,
}

/// One change: from when to when complaints are looked at, in milliseconds since the Unix epoch.
struct Act {
    name: &'static str,
    first_signal_at: i64,
    last_ready_at: i64,
}

/// All that runs, and the load that it is under.
struct Scene<'a> {
    deployment: &'a Deployment,
    workloads: Vec<Workload<'a>>,
    load: Load,
    routes: Routes,
    /// How long is waited after each act.
    after: Duration,
    began_at: i64,
    acts: Vec<Act>,
}

impl<'a> Scene<'a> {
    /// Starts so many processes of each role, and load for at most `lasts`. Waits until complaints are routed.
    fn set(
        deployment: &'a Deployment,
        roles: &[(&'a [&'a str], usize)],
        lasts: Duration,
        after: Duration,
    ) -> Result<Self> {
        let file = deployment.folder().join("complaints.csv");
        let complaints = usize::try_from(lasts.as_secs() * u64::from(RATE))?;
        sample_times(complaints.div_ceil(SAMPLE), &file)?;
        let mut workloads = Vec::new();
        for (role, count) in roles {
            let pods = (0..*count).map(|_| deployment.launch(role)).collect::<Result<_>>()?;
            workloads.push(Workload { role, pods });
        }
        let mut pods = workloads.iter_mut().flat_map(|workload| &mut workload.pods);
        pods.try_for_each(Role::wait_until_ready)?;
        let mut routes = Routes::follow(deployment)?;
        let load = Load::start(deployment, &file, RATE, &[])?;
        routes.wait_until(WAIT_TIMEOUT, |routes| routes.complete() > 0)?;
        let began_at = SystemClock.now_ms();
        Ok(Self { deployment, workloads, load, routes, after, began_at, acts: Vec::new() })
    }

    /// One change, and the quiet after it.
    fn act(&mut self, name: &'static str, change: impl FnOnce(&mut Self) -> Result<i64>) -> Result<()> {
        let first_signal_at = change(self)?;
        let last_ready_at = SystemClock.now_ms();
        self.routes.pass(self.after)?;
        ensure!(self.load.is_under_way()?, "the load ended before it was over: {name}");
        let mut pods = self.workloads.iter_mut().flat_map(|workload| &mut workload.pods);
        pods.try_for_each(Role::still_runs)?;
        self.acts.push(Act { name, first_signal_at, last_ready_at });
        Ok(())
    }

    /// Starts one process more of each workload, and waits until all are ready.
    fn surge(&mut self) -> Result<()> {
        for workload in &mut self.workloads {
            workload.pods.push(self.deployment.launch(workload.role)?);
        }
        let mut newest = self.workloads.iter_mut().filter_map(|workload| workload.pods.last_mut());
        newest.try_for_each(Role::wait_until_ready)
    }

    /// SIGTERM to the oldest of each workload, at once; waits until they have ended well. Gives when it was sent.
    fn end_oldest(&mut self) -> Result<i64> {
        let sent_at = SystemClock.now_ms();
        let oldest = self.workloads.iter_mut().map(|workload| workload.pods.remove(0)).collect();
        end(oldest)?;
        Ok(sent_at)
    }

    /// As a Deployment does it whose template has changed, with `maxSurge: 1` and `maxUnavailable: 0`: every role by itself,
    /// and all roles at the same time.
    fn roll(&mut self) -> Result<i64> {
        let most = self.workloads.iter().map(|workload| workload.pods.len()).max().unwrap_or_default();
        let mut first = None;
        for _ in 0..most {
            self.surge()?;
            let sent_at = self.end_oldest()?;
            first.get_or_insert(sent_at);
        }
        first.context("something to replace")
    }

    /// Changes the number of processes of the first workload: more at once, and fewer one after the other.
    fn scale(&mut self, count: usize) -> Result<i64> {
        let sent_at = SystemClock.now_ms();
        let workload = &mut self.workloads[0];
        let before = workload.pods.len();
        for _ in before..count {
            workload.pods.push(self.deployment.launch(workload.role)?);
        }
        workload.pods.iter_mut().try_for_each(Role::wait_until_ready)?;
        for _ in count..before {
            end(vec![workload.pods.remove(0)])?;
        }
        Ok(sent_at)
    }

    /// As a node is drained that has one process of each role, within the disruption budgets: all get their SIGTERM at once,
    /// and who replaces them is started then.
    fn drain_node(&mut self) -> Result<i64> {
        let sent_at = SystemClock.now_ms();
        let mut leaving = Vec::new();
        for workload in &mut self.workloads {
            leaving.push(workload.pods.remove(0));
        }
        let replacements = self.workloads.iter().map(|workload| self.deployment.launch(workload.role));
        let replacements: Vec<Role> = replacements.collect::<Result<_>>()?;
        end(leaving)?;
        for (workload, pod) in self.workloads.iter_mut().zip(replacements) {
            workload.pods.push(pod);
        }
        let mut newest = self.workloads.iter_mut().filter_map(|workload| workload.pods.last_mut());
        newest.try_for_each(Role::wait_until_ready)?;
        Ok(sent_at)
    }

    /// Checks every act, prints its figures, and ends what runs. Gives the number of complaints.
    fn judge(mut self) -> Result<usize> {
        // What is not sent by now is not needed.
        drop(self.load);
        self.routes.pass(UNDER_WAY)?;
        let complaints = whole(self.deployment, "complaints.raw")?.len();
        if let Err(error) = self.routes.wait_for_complete(complaints, WAIT_TIMEOUT) {
            return Err(error.context(deployment_state(self.deployment, &self.routes)?));
        }
        assert_eq!((self.routes.by_complaint.len(), self.routes.contradictions()), (complaints, vec![]));
        let (deadline, all) = (deadline_ms(self.deployment)?, Waits::of(self.deployment, &self.routes)?);
        let quiet = all.between(self.began_at, self.acts[0].first_signal_at - 1);
        println!("{:<36} complaints    p50 ms    p99 ms   longest ms", "");
        let print = |name: &str, waits: &Waits| -> Result<i64> {
            let (p50, p99) = (waits.percentile(0.5)?, waits.percentile(0.99)?);
            let longest = waits.percentile(1.0)?;
            println!("{name:<36} {:>10} {p50:>9} {p99:>9} {longest:>12}", waits.count());
            Ok(longest)
        };
        print("before", &quiet)?;
        let after_ms = i64::try_from(self.after.as_millis())?;
        for Act { name, first_signal_at, last_ready_at } in &self.acts {
            let waits = all.between(*first_signal_at, last_ready_at + after_ms);
            let longest = print(name, &waits)?;
            let late = waits.late(deadline);
            ensure!(late.is_empty(), "{name}: routed past the deadline or in part: {late:?}");
            ensure!(longest <= MOST_WAIT_MS, "{name}: one waited for {longest} ms");
        }
        for workload in self.workloads {
            end(workload.pods)?;
        }
        Ok(complaints)
    }
}

/// SIGTERM to all of `roles` at once; each must end well within its grace period.
fn end(roles: Vec<Role>) -> Result<()> {
    thread::scope(|scope| {
        let ending: Vec<_> = roles.into_iter().map(|role| scope.spawn(move || role.end(GRACE))).collect();
        for ended in ending {
            let (status, took) = ended.join().map_err(|_| anyhow!("a thread that waits has panicked"))??;
            ensure!(status.success(), "one ended with {status} after {took:?}");
        }
        Ok(())
    })
}

/// Waits until the case store has raw, predictions and routes of so many complaints.
fn wait_for_cases(deployment: &Deployment, complaints: usize) -> Result<()> {
    let until = Instant::now() + WAIT_TIMEOUT;
    loop {
        let said = deployment.client("python", &["tests/clients/cases.py", &deployment.keyspace])?;
        let kept: Value = serde_json::from_str(&said)?;
        if ["1", "2", "3"].iter().all(|kind| kept[kind] == complaints) {
            return Ok(());
        }
        ensure!(Instant::now() < until, "{complaints} complaints are routed, and kept are {kept}");
    }
}

#[test]
fn joiners_that_are_replaced_under_load_delay_no_complaint() -> Result<()> {
    let deployment = Deployment::fresh(PARTITIONS)?;
    let _infer = deployment.start(INFER)?;
    let (lasts, after) = (Duration::from_secs(90), Duration::from_secs(5));
    let mut scene = Scene::set(&deployment, &[(JOIN, 2)], lasts, after)?;
    scene.routes.pass(Duration::from_secs(3))?;
    scene.act("two joiners, one after the other", Scene::roll)?;
    scene.judge().map(drop)
}

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn every_change_that_kubernetes_makes_delays_no_complaint() -> Result<()> {
    let deployment = Deployment::fresh(ALL_PARTITIONS)?;
    let next = deployment.folder().join("next");
    let canary = bag(&next, 900)?.version;
    deployment.run(&["models", "add", next.to_str().context("its name")?])?;
    let roles = [(INFER, 2), (JOIN, 2), (ARCHIVE, 2), (CONSOLE, 2)];
    let (lasts, after) = (Duration::from_secs(1_500), Duration::from_secs(30));
    let mut scene = Scene::set(&deployment, &roles, lasts, after)?;
    scene.routes.pass(Duration::from_secs(30))?;
    scene.act("rolling restart of every role", Scene::roll)?;
    scene.act("infer scaled out, 2 to 4", |scene| scene.scale(4))?;
    scene.act("infer scaled in, 4 to 2", |scene| scene.scale(2))?;
    scene.act("setup, a strategy and a roll", |scene| {
        // What the chart does before an upgrade; where nothing is new it changes nothing.
        deployment.set_up(ALL_PARTITIONS)?;
        let named = format!("complaints-bag@{canary}");
        deployment.run(&["strategy", "canary", "product", &named, "10%", "--by", "test", "--json"])?;
        scene.roll()
    })?;
    scene.act("a node with one of each is drained", Scene::drain_node)?;
    let complaints = scene.judge()?;
    let archive = deployment.start(ARCHIVE)?;
    wait_for_cases(&deployment, complaints)?;
    archive.stop().map(drop)
}
