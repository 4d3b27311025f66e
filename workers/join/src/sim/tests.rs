//! The promise of the joiner. That the simulation would notice if it were broken is shown by `tests/mutations.rs`.

use std::{env, thread};

use crate::sim::{SimulationReport, explore, replay};

fn schedules() -> u64 {
    env::var("OMBUD_SCHEDULES").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000)
}

fn threads() -> u64 {
    thread::available_parallelism().map_or(1, |n| n.get() as u64)
}

fn assert_sound(report: &SimulationReport) {
    let Some(failure) = &report.failure else { return };
    let (_, trace) = replay(failure.seed, true);
    let broken = &failure.violation;
    panic!("{}\n{} is broken by seed {}: {}", trace.join("\n"), broken.invariant, failure.seed, broken.what);
}

#[test]
fn every_invariant_holds_in_a_hundred_thousand_schedules() {
    let report = explore(0..schedules(), threads());
    assert_sound(&report);
    if report.schedules < 20_000 {
        return;
    }
    // A simulation that never comes by a branch says nothing about it.
    let never =
        |(name, count): (&'static str, u64)| (count == 0 && !UNREACHED.contains(&name)).then_some(name);
    let never: Vec<_> = report.counts.named().chain(report.faults.named()).filter_map(never).collect();
    assert!(never.is_empty(), "never happened: {never:?}");
}

/// Needs 31 routes in one round, or another program that writes to routed.
const UNREACHED: [&str; 2] = ["exhausted", "foreign"];

#[test]
fn a_seed_is_one_schedule_for_ever() {
    let (first, second) = (replay(7, true), replay(7, true));
    assert_eq!(first.1, second.1);
    assert!(first.1.len() > 50);
}
