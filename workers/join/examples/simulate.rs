//! Runs simulated schedules of the joiner: `-- --schedules 1000000`, or `-- --seed N` for one, step by step.

use std::{env, process::ExitCode, thread, time::Instant};

use ombud_join::sim;

#[expect(clippy::print_stdout, reason = "a command says what it found")]
fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let number = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1)?.parse::<u64>().ok()
    };
    if let Some(seed) = number("--seed") {
        let (report, trace) = sim::replay(seed, true);
        for line in trace {
            println!("{line}");
        }
        return verdict(&report);
    }
    let Some(schedules) = number("--schedules").or(args.is_empty().then_some(100_000)) else {
        println!("usage: simulate [--schedules N] [--from SEED] | --seed SEED");
        return ExitCode::from(2);
    };
    let from = number("--from").unwrap_or(0);
    let threads = thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let started = Instant::now();
    let report = sim::explore(from..from + schedules, threads);
    let seconds = started.elapsed().as_secs_f64();
    for (name, count) in report.counts.named().chain(report.faults.named()) {
        println!("{name:>22} {count}");
    }
    let rate = report.schedules as f64 / seconds;
    println!("{} schedules in {seconds:.1} s on {threads} threads: {rate:.0} a second", report.schedules);
    verdict(&report)
}

#[expect(clippy::print_stdout, reason = "a command says what it found")]
fn verdict(report: &sim::SimulationReport) -> ExitCode {
    match &report.failure {
        None => {
            println!("I1 to I11 hold");
            ExitCode::SUCCESS
        }
        Some(failure) => {
            println!("{} is broken: {}", failure.violation.invariant, failure.violation.what);
            println!("seed {}: run again with --seed {} to see every step", failure.seed, failure.seed);
            ExitCode::FAILURE
        }
    }
}
