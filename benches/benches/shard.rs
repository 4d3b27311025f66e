//! What the joiner's state machine takes for itself: a shard before raw records and predictions in memory, with every route
//! and commit acknowledged at once; no log, no Avro, no thread.
//!
//! `cargo bench -p ombud-benches --bench shard`; with `-- --json` one object.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::{fs, time::Duration};

use anyhow::{Context, Result, ensure};
use ombud_contract::records::{Prediction, RawComplaint};
use ombud_join::{
    Effect, Input, JoinLimits, Meta, Position, Recovery, Rules, Shard, StrategyRules, Submission,
};
use ombud_models::{FirstStrategy, Strategies};
use ombud_tests::repository;
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

const COMPLAINTS: usize = 100_000;
const TURNS: usize = 5;
const TASKS: [&str; 3] = ["issue", "product", "vulnerable"];
/// So many raw records come before their predictions do.
const AHEAD: usize = 1_000;
/// A tick comes after so many records.
const RECORDS_A_TICK: usize = 500;
const STARTED_AT: i64 = 1_790_000_000_000;

fn main() -> Result<()> {
    let rules = rules()?;
    let (complaints, predictions) = records()?;
    let mut rates: Vec<f64> = (0..TURNS)
        .map(|_| {
            let records = complaints.len() + predictions.len();
            let (shard, cpu) = route_all(&rules, complaints.clone(), predictions.clone())?;
            let routed = shard.status(STARTED_AT).counts.complete;
            ensure!(routed == COMPLAINTS as u64, "{routed} of {COMPLAINTS} complaints are routed");
            Ok(records as f64 / cpu.as_secs_f64())
        })
        .collect::<Result<_>>()?;
    rates.sort_by(f64::total_cmp);
    let [least, median, most] = [0, TURNS / 2, TURNS - 1].map(|at| rates[at]);
    if std::env::args().any(|word| word == "--json") {
        println!("{}", json!({ "records_per_cpu_s": median, "least": least, "most": most }));
    } else {
        println!("a shard takes {median:.0} records a CPU second [{least:.0}, {most:.0}]");
    }
    Ok(())
}

fn rules() -> Result<StrategyRules> {
    let models = repository().join("models");
    let first = FirstStrategy::read(&models.join("strategy.toml"), &models, "bench", 0)?;
    let mut strategies = Strategies::default();
    strategies.push(first.record)?;
    StrategyRules::new(strategies).context("a strategy")
}

fn records() -> Result<(Vec<Submission>, Vec<Prediction>)> {
    let example = |path: &str| fs::read_to_string(repository().join("schemas").join(path));
    let complaint: RawComplaint =
        serde_json::from_str(&example("complaints.raw/examples/valid/everything.json")?)?;
    let answer: Prediction =
        serde_json::from_str(&example("complaints.predictions/examples/valid/labelled.json")?)?;
    let ids: Vec<(String, String)> =
        (0..COMPLAINTS).map(|number| (format!("bench-{number:08}"), format!("{number:064x}"))).collect();
    let complaints = ids.iter().map(|(id, input)| {
        let complaint = RawComplaint { complaint_id: id.clone(), bulk: false, ..complaint.clone() };
        Submission::readable(&complaint, input.clone())
    });
    let predictions = ids.iter().enumerate().flat_map(|(offset, (id, input))| {
        TASKS.map(|task| Prediction {
            prediction_id: format!("{input}/{task}"),
            complaint_id: id.clone(),
            input_sha256: input.clone(),
            raw_partition: 0,
            raw_offset: offset as i64,
            task: task.into(),
            strategy_version: 1,
            ..answer.clone()
        })
    });
    Ok((complaints.collect(), predictions.collect()))
}

/// Gives what the thread's core took.
fn route_all(
    rules: &dyn Rules,
    complaints: Vec<Submission>,
    predictions: Vec<Prediction>,
) -> Result<(Shard, Duration)> {
    let found = Position { raw: 0, meta: Meta::default() };
    let recovery = Recovery::new(JoinLimits::default(), 0, found, 0, rules);
    let mut bench = Bench { shard: recovery.finish(STARTED_AT, 0, rules), rules, now: STARTED_AT, routed: 0 };
    let began = clock_gettime(ClockId::ThreadCPUTime);
    bench.take(Input::Tick);
    let mut predictions = predictions.into_iter().enumerate();
    let mut answer = |bench: &mut Bench<'_>| {
        for (offset, body) in predictions.by_ref().take(TASKS.len()) {
            bench.take(Input::Prediction { offset: offset as i64, body: Some(Box::new(body)) });
        }
    };
    for (offset, body) in complaints.into_iter().enumerate() {
        let appended_at = bench.now;
        bench.take(Input::Raw { offset: offset as i64, appended_at, body });
        if offset >= AHEAD {
            answer(&mut bench);
        }
        if offset.is_multiple_of(RECORDS_A_TICK) {
            bench.now += 1;
            bench.take(Input::Tick);
        }
    }
    (0..AHEAD).for_each(|_| answer(&mut bench));
    let ended = clock_gettime(ClockId::ThreadCPUTime);
    let span = |at: rustix::time::Timespec| Duration::new(at.tv_sec as u64, at.tv_nsec as u32);
    Ok((bench.shard, span(ended) - span(began)))
}

struct Bench<'a> {
    shard: Shard,
    rules: &'a dyn Rules,
    now: i64,
    /// The offset of the next route.
    routed: i64,
}

impl Bench<'_> {
    /// Every effect succeeds at once.
    fn take(&mut self, input: Input) {
        let mut inputs = vec![input];
        let mut out = Vec::new();
        while let Some(input) = inputs.pop() {
            self.shard.on(self.now, input, self.rules, &mut out);
            inputs.extend(out.drain(..).filter_map(|effect| match effect {
                Effect::Route { complaint_id, .. } => {
                    self.routed += 1;
                    Some(Input::RouteAcked { complaint_id, offset: self.routed - 1 })
                }
                Effect::Commit(_) => Some(Input::CommitAcked),
                Effect::AskPredictionsEnd => Some(Input::PredictionsEnd { end: 0, as_of: self.now }),
                _ => None,
            }));
        }
    }
}
