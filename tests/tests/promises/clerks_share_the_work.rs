//! Twenty clerks work through all queues of `ombud up`, which is killed again and again: no complaint is held by two at once,
//! none is stuck, none is lost or done twice.
//!
//! TEST_FULL=1 is 5,000 complaints and 10 kills.

#![cfg(feature = "torch")]

use std::{collections::BTreeSet, time::Instant};

use anyhow::{Result, ensure};
use jiff::Timestamp;
use ombud_tests::{Consoles, DESK, LEASE, Log, Serving, Shift, judge_shift, ombud, sample_times, shift_size};

#[test]
fn each_complaint_is_done_once_by_one_clerk_however_often_the_console_is_killed() -> Result<()> {
    let (data, (times, kills)) = (tempfile::tempdir()?, shift_size());
    let file = data.path().join("complaints.csv");
    let complaints = usize::try_from(sample_times(times, &file)?)?;
    let routed = ombud(data.path())?.arg("up").arg(&file).args(["--once", "--json"]).output()?;
    ensure!(routed.status.success(), "up: {}", String::from_utf8_lossy(&routed.stderr));
    let log = Log::of(data.path());
    let routes = log.tail("complaints.routed")?;
    let teams: BTreeSet<&str> = routes.iter().filter_map(|route| route["value"]["team"].as_str()).collect();
    let teams: Vec<String> = teams.into_iter().map(str::to_owned).collect();

    let consoles = Consoles::new(1);
    let start = || -> Result<Serving> {
        let up = Serving::start_with(data.path(), &[&[LEASE], &DESK[..]].concat())?;
        consoles.set(0, Some(up.address().to_owned()));
        Ok(up)
    };
    let mut up = Some(start()?);
    let mut outages = Vec::new();
    let shift = Shift { consoles: &consoles, teams: &teams, complaints };
    let began = Instant::now();
    let report = shift.work(kills, |_| {
        let killed_at = now();
        consoles.set(0, None);
        drop(up.take()); // SIGKILL
        up = Some(start()?);
        outages.push((killed_at, now()));
        Ok(())
    })?;
    let took = began.elapsed();
    if let Some(mut up) = up {
        up.stop()?;
    }
    let said = judge_shift(&log.tail("complaints.work")?, &report, complaints, &outages)?;
    println!("{said}; {kills} kills; {:.0} s in all", took.as_secs_f64());
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "held against the times that processes write")]
fn now() -> i64 {
    Timestamp::now().as_millisecond()
}
