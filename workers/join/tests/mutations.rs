//! The simulation notices each rule of the joiner that is broken on purpose, or its silence would prove nothing.
//!
//! `mutations.txt` has the rules; `build.rs` applies them to a copy of the sources, which is compiled here with a switch
//! for each.

#![allow(clippy::print_stdout, reason = "a table that people want to see")]

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

include!(concat!(env!("OUT_DIR"), "/mutable/root.rs"));

/// The number of the mutation that is switched on.
static BROKEN: AtomicUsize = AtomicUsize::new(usize::MAX);

fn is_broken(mutation: usize) -> bool {
    BROKEN.load(Ordering::Relaxed) == mutation
}

#[test]
fn every_rule_broken_on_purpose_is_noticed() {
    const WITHIN: u64 = 20_000;
    let threads = thread::available_parallelism().map_or(1, |n| n.get() as u64);
    println!("{:<26} {:>10} {:>8} {:>8}  what was seen", "mutation", "invariant", "seed", "after");
    let mut unnoticed = Vec::new();
    for (number, (name, meaning)) in MUTATIONS.iter().enumerate() {
        BROKEN.store(number, Ordering::Relaxed);
        let report = mutable::sim::explore(0..WITHIN, threads);
        match report.failure {
            Some(failure) => println!(
                "{name:<26} {:>10} {:>8} {:>8}  {}",
                failure.violation.invariant, failure.seed, report.schedules, failure.violation.what
            ),
            None => unnoticed.push(format!("{name}: {meaning}")),
        }
    }
    assert_eq!(MUTATIONS.len(), 19);
    assert!(unnoticed.is_empty(), "not noticed within {WITHIN} schedules: {unnoticed:?}");
}
