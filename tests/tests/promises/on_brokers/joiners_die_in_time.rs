//! kill -9 of one of two joiners, again and again, while complaints flow at half of what the deployment can do: those that
//! are appended from the kill until the other joiner has taken over are routed completely within their deadline.
//!
//! TEST_FULL=1 kills ten times instead of twice.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of a test")]

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_stream::{Clock, SystemClock};
use ombud_tests::{
    Deployment, Load, Role, Routes, Waits, deadline_ms, deployment_state, sample_times, split, whole,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const PARTITIONS: i32 = 12;
/// Complaints in the sample.
const SAMPLE: usize = 300;
/// Complaints for each kill, of which as many are sent as it takes: 40 s of them at the highest rate.
const WAVE: usize = 4_000;
/// Complaints a second at most: more say nothing else, and take long to look at.
const MOST_RATE: u32 = 100;
/// Faster than any machine here takes complaints in.
const FULL_SPEED: u32 = 100_000;
/// How long anything may take that is waited for.
const WAIT_TIMEOUT: Duration = Duration::from_secs(240);
/// After this long nothing comes any more of what a killed process had handed to the system.
const MOST_DELAY_MS: i64 = 1_000;

const JOIN: [&str; 1] = ["join"];

/// One kill, in milliseconds since the Unix epoch.
struct Takeover {
    killed_at: i64,
    over_at: i64,
}

/// Waits until every partition is routed again.
fn wait_for_takeover(routes: &mut Routes, killed_at: i64) -> Result<()> {
    routes.wait_until(WAIT_TIMEOUT, |routes| {
        let since =
            routes.by_complaint.values().flatten().filter(|one| one.appended_at > killed_at + MOST_DELAY_MS);
        let routed: BTreeSet<i32> = since.map(|one| one.at.partition).collect();
        routed.len() == usize::try_from(PARTITIONS).unwrap()
    })
}

fn joiners_die(kills: usize) -> Result<()> {
    let deployment = Deployment::fresh(PARTITIONS)?;
    let file = deployment.folder().join("complaints.csv");
    sample_times(((kills + 1) * WAVE).div_ceil(SAMPLE), &file)?;
    let waves = split(&file, kills + 1)?;
    let mut infer = deployment.launch(&["infer", "--task", "all"])?;
    let mut joiners = vec![deployment.launch(&JOIN)?, deployment.launch(&JOIN)?];
    joiners.iter_mut().chain([&mut infer]).try_for_each(Role::wait_until_ready)?;
    let mut routes = Routes::follow(&deployment)?;

    let ((first, complaints), waves) = waves.split_first().context("a wave")?;
    let began = Instant::now();
    Load::start(&deployment, first, FULL_SPEED, &[])?.finish()?;
    routes.wait_for_complete(*complaints, WAIT_TIMEOUT)?;
    let capacity = *complaints as f64 / began.elapsed().as_secs_f64();
    let rate = ((capacity / 2.0) as u32).clamp(PARTITIONS.unsigned_abs(), MOST_RATE);
    println!("{capacity:.0} complaints a second at most, {rate} while joiners die");

    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let (mut moments, mut takeovers) = (StdRng::seed_from_u64(seed), Vec::new());
    for (wave, _) in waves {
        let moment = Instant::now() + Duration::from_secs_f64(moments.random_range(1.0..4.0));
        let mut load = Load::start(&deployment, wave, rate, &[])?;
        routes.wait_until(WAIT_TIMEOUT, |_| Instant::now() >= moment)?;
        ensure!(load.is_under_way()?, "a joiner would be killed without load");
        let killed_at = SystemClock.now_ms();
        let one = moments.random_range(0..joiners.len());
        joiners.remove(one).kill()?;
        // As an orchestrator does it, before the group has noticed anything.
        joiners.push(deployment.launch(&JOIN)?);
        if let Err(error) = wait_for_takeover(&mut routes, killed_at) {
            return Err(error.context(deployment_state(&deployment, &routes)?));
        }
        takeovers.push(Takeover { killed_at, over_at: SystemClock.now_ms() });
        ensure!(load.is_under_way()?, "the load ended before the shards were taken over");
        joiners.iter_mut().try_for_each(Role::wait_until_ready)?;
        // What is not sent by now is not needed.
        drop(load);
    }

    routes.pass(Duration::from_millis(MOST_DELAY_MS.unsigned_abs()))?;
    let raw = whole(&deployment, "complaints.raw")?;
    routes.wait_for_complete(raw.len(), WAIT_TIMEOUT)?;
    assert_eq!((routes.by_complaint.len(), routes.contradictions()), (raw.len(), vec![]));
    let deadline = deadline_ms(&deployment)?;
    let waits = Waits::of(&deployment, &routes)?.between(takeovers[0].killed_at, i64::MAX);
    println!(
        "taken over after   complaints meanwhile   longest from append to route (deadline {deadline} ms)"
    );
    for Takeover { killed_at, over_at } in &takeovers {
        let meanwhile = waits.between(*killed_at, *over_at);
        let longest = meanwhile.percentile(1.0).context("a complaint while a joiner was dead")?;
        println!("{:>13} ms {:>22} {longest:>26} ms", over_at - killed_at, meanwhile.count());
    }
    let late = waits.late(deadline);
    assert!(late.is_empty(), "routed late or in part: {late:?}");
    joiners.into_iter().chain([infer]).try_for_each(|role| role.stop().map(drop))
}

#[test]
fn a_joiner_that_dies_costs_no_complaint_its_deadline() -> Result<()> {
    joiners_die(2)
}

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn ten_joiners_that_die_one_after_another_cost_no_complaint_its_deadline() -> Result<()> {
    joiners_die(10)
}
