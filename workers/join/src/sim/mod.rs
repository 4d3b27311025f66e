//! Seeded schedules of crashes, two owners, freezes, duplicates and reordering; I1 to I11 checked along each.
//!
//! One seed is one schedule, always the same. A schedule is 160 random steps on three small logs and two processes
//! that join, then everything heals and comes to rest. Producers never give up: what a lost ownership left with one is
//! appended at any later moment. In every fourth schedule complaints lie in two partitions. `cargo run -p ombud-join
//! --release --features simulation --example simulate -- --schedules 1000000` runs many; `--seed N` prints one step by
//! step.

mod invariants;
mod member;
mod rng;
pub(crate) mod rules;
mod schedule;
#[cfg(test)]
mod tests;
mod traffic;
mod two_partitions;
mod witness;
mod world;

use std::{
    ops::Range,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

pub use witness::Violation;
pub use world::Faults;

use crate::counts::Counts;
use rng::Rng;
use two_partitions::TwoPartitions;
use world::World;

/// Random steps of one schedule.
const STEPS: usize = 160;

/// A schedule that broke an invariant.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Replays it.
    pub seed: u64,
    /// What was broken.
    pub violation: Violation,
}

/// What many schedules showed.
#[derive(Clone, Debug, Default)]
pub struct SimulationReport {
    /// How many ran.
    pub schedules: u64,
    /// What the joiners did in them.
    pub counts: Counts,
    /// What was done to the joiners.
    pub faults: Faults,
    /// The failure with the lowest seed of those found.
    pub failure: Option<Failure>,
}

/// Runs the schedule of one seed, and gives every step of it when `trace` is set.
pub fn replay(seed: u64, trace: bool) -> (SimulationReport, Vec<String>) {
    let rng = Rng::new(seed);
    let (worlds, result, lines) = if seed % 4 == 3 {
        let mut two = TwoPartitions::new(rng, trace);
        let result = two.run();
        (Vec::from(two.worlds), result, two.trace)
    } else {
        let mut world = World::new(rng, 0, trace);
        let result = run(&mut world);
        let lines = world.trace.take().unwrap_or_default();
        (vec![world], result, lines)
    };
    let failure = result.err().map(|violation| Failure { seed, violation });
    let mut report = SimulationReport { schedules: 1, failure, ..SimulationReport::default() };
    for world in worlds {
        report.counts.add(&world.counts);
        report.faults.add(&world.faults);
        for status in world.members.iter().filter_map(|member| member.status(world.now)) {
            report.counts.add(&status.counts);
        }
    }
    (report, lines)
}

fn run(world: &mut World) -> Result<(), Violation> {
    for _ in 0..STEPS {
        world.step()?;
    }
    world.come_to_rest()
}

/// Runs all of `seeds` on `threads` threads, until all have run or one has failed.
pub fn explore(seeds: Range<u64>, threads: u64) -> SimulationReport {
    let failed = AtomicBool::new(false);
    let threads = threads.max(1);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let (mut seeds, failed) = (seeds.clone(), &failed);
                scope.spawn(move || {
                    let mut sum = SimulationReport::default();
                    // Interleaved, so that the lowest seeds come first on every thread.
                    seeds.start += worker;
                    for seed in seeds.step_by(threads as usize) {
                        if failed.load(Ordering::Relaxed) {
                            break;
                        }
                        sum.add(replay(seed, false).0);
                        if sum.failure.is_some() {
                            failed.store(true, Ordering::Relaxed);
                        }
                    }
                    sum
                })
            })
            .collect();
        let mut sum = SimulationReport::default();
        for worker in workers {
            match worker.join() {
                Ok(report) => sum.add(report),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        sum
    })
}

impl SimulationReport {
    fn add(&mut self, other: Self) {
        self.schedules += other.schedules;
        self.counts.add(&other.counts);
        self.faults.add(&other.faults);
        let lowest = |a: Failure, b: Failure| if b.seed < a.seed { b } else { a };
        self.failure = match (self.failure.take(), other.failure) {
            (Some(mine), Some(theirs)) => Some(lowest(mine, theirs)),
            (mine, theirs) => mine.or(theirs),
        };
    }
}
