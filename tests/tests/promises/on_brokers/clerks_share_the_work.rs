//! Twenty clerks work through all queues at two consoles, with leases on the CQL server; the consoles are killed in turn. No
//! complaint is held by two at once, none is stuck, none is lost or done twice.
//!
//! TEST_FULL=1 is 5,000 complaints and 10 kills.

#![cfg(feature = "torch")]

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use ombud_tests::{
    Consoles, DESK, Deployment, LEASE, Role, Routes, Shift, judge_shift, sample_times, shift_size,
};

const PARTITIONS: i32 = 4;
const ROUTE_TIMEOUT: Duration = Duration::from_secs(600);

fn console(deployment: &Deployment, consoles: &Consoles, number: usize) -> Result<Role> {
    let console = deployment.start(&["console"])?;
    consoles.set(number, Some(console.address().context("it listens")?.to_owned()));
    Ok(console)
}

#[test]
fn each_complaint_is_done_once_by_one_clerk_whichever_console_is_killed() -> Result<()> {
    let deployment = Deployment::with(PARTITIONS, &[&[LEASE], &DESK[..]].concat())?;
    let (times, kills) = shift_size();
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
    let shift = Shift { consoles: &consoles, teams: &teams, complaints };
    let began = Instant::now();
    let report = shift.work(kills, |kill| {
        let number = kill % 2;
        consoles.set(number, None);
        if let Some(console) = running[number].take() {
            console.kill()?;
        }
        running[number] = Some(console(&deployment, &consoles, number)?);
        Ok(())
    })?;
    let took = began.elapsed();
    running.into_iter().flatten().chain(roles).try_for_each(|role| role.stop().map(drop))?;
    // The other console answers all the while: no outage is allowed for.
    let said = judge_shift(&deployment.tail("complaints.work")?, &report, complaints, &[])?;
    println!("{said}; {kills} kills; {:.0} s in all", took.as_secs_f64());
    Ok(())
}
