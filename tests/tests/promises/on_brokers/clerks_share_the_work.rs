//! Twenty clerks work through all queues at two consoles, with leases on the CQL server; the consoles are killed in turn. No
//! complaint is held by two at once, none is stuck, none is lost or done twice.
//!
//! TEST_FULL=1 is 5,000 complaints and 10 kills.

#![cfg(feature = "torch")]

use std::{
    collections::BTreeSet,
    env,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Consoles, DESK, Deployment, Role, Routes, Shift, judge_shift, sample_times};

const PARTITIONS: i32 = 4;
const CLERKS: usize = 20;
const LEAVERS: usize = 3;
/// What is left lying comes back after this time.
const LEASE_MS: &str = "20000";
/// How long it may lie after that.
const SLACK_MS: i64 = 5_000;
const ROUTE_TIMEOUT: Duration = Duration::from_secs(600);
/// How long all of it may take.
const SHIFT_TIMEOUT: Duration = Duration::from_secs(1_500);

/// How often the sample is sent, and how often a console is killed.
fn size() -> (usize, usize) {
    if env::var_os("TEST_FULL").is_some() { (20, 10) } else { (1, 2) }
}

fn console(deployment: &Deployment, consoles: &Consoles, number: usize) -> Result<Role> {
    let console = deployment.start(&["console"])?;
    consoles.set(number, Some(console.address().context("it listens")?.to_owned()));
    Ok(console)
}

#[test]
fn each_complaint_is_done_once_by_one_clerk_whichever_console_is_killed() -> Result<()> {
    let deployment =
        Deployment::with(PARTITIONS, &[&[("OMBUD_CONSOLE__LEASE_MS", LEASE_MS)], &DESK[..]].concat())?;
    let (times, kills) = size();
    let file = deployment.folder().join("complaints.csv");
    let complaints = usize::try_from(sample_times(times, &file)?)?;
    let roles: [&[&str]; 3] = [&["infer", "--task", "all"], &["join"], &["archive"]];
    let roles = roles.iter().map(|role| deployment.start(role)).collect::<Result<Vec<_>>>()?;
    let mut routes = Routes::follow(&deployment)?;
    deployment.run(&["send", file.to_str().context("its name")?])?;
    routes.wait_for_complete(complaints, ROUTE_TIMEOUT)?;
    let routed = routes.by_complaint.values().filter_map(|routes| routes.last());
    let teams: BTreeSet<String> = routed.map(|routed| routed.record.team.clone()).collect();
    let teams: Vec<String> = teams.into_iter().collect();

    let consoles = Consoles::new(2);
    let mut running = [Some(console(&deployment, &consoles, 0)?), Some(console(&deployment, &consoles, 1)?)];
    let shift = Shift {
        consoles: &consoles,
        teams: &teams,
        clerks: CLERKS,
        leavers: LEAVERS,
        complaints,
        bound: SHIFT_TIMEOUT,
    };
    let began = Instant::now();
    let report = shift.work(|done| {
        for kill in 1..=kills {
            // Each in the midst of the work.
            let due = complaints * kill / (kills + 1);
            while done() < due {
                ensure!(began.elapsed() < SHIFT_TIMEOUT, "{} of {complaints} are done", done());
                std::thread::park_timeout(Duration::from_millis(5));
            }
            let number = kill % 2;
            consoles.set(number, None);
            if let Some(console) = running[number].take() {
                console.kill()?;
            }
            running[number] = Some(console(&deployment, &consoles, number)?);
        }
        Ok(())
    })?;
    let took = began.elapsed();
    running.into_iter().flatten().chain(roles).try_for_each(|role| role.stop().map(drop))?;
    // The other console answers all the while: no outage is allowed for.
    let said = judge_shift(&deployment.tail("complaints.work")?, &report, complaints, &[], SLACK_MS)?;
    println!("{said}; {kills} kills; {:.0} s in all", took.as_secs_f64());
    Ok(())
}
