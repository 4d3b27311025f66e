//! kill -9 at any moment loses nothing, and changes no decision.

#![cfg(feature = "torch")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Log, ombud, sample_times};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::Value;
use wait_timeout::ChildExt;

/// With TEST_FULL=1 twice as many.
const KILLS: usize = 10;

/// What must not depend on when the power went: where a complaint lies, and everything that was decided of it.
#[derive(Debug, PartialEq)]
struct RoutedState {
    team: Value,
    vulnerability: Value,
    needs_human: Value,
    /// Task -> outcome, label, level, confidence, model version.
    decisions: BTreeMap<String, Vec<Value>>,
}

fn up(file: &Path, data: &Path) -> Result<Command> {
    std::fs::create_dir_all(data)?;
    let mut up = ombud(data)?;
    up.arg("up").arg(file).args(["--once", "--json"]);
    Ok(up)
}

fn finished(file: &Path, data: &Path) -> Result<Value> {
    let output = up(file, data)?.output()?;
    ensure!(
        output.status.success(),
        "up ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let last = String::from_utf8(output.stdout)?.lines().last().context("up printed nothing")?.to_owned();
    Ok(serde_json::from_str(&last)?)
}

fn routed_states(log: &Log) -> Result<BTreeMap<String, RoutedState>> {
    let mut newest: BTreeMap<String, Value> = BTreeMap::new();
    for record in log.tail("complaints.routed")? {
        let route = record["value"].clone();
        let id = route["complaint_id"].as_str().context("a route has an id")?.to_owned();
        let known = newest.get(&id).and_then(|known| known["revision"].as_i64());
        if known < route["revision"].as_i64() {
            newest.insert(id, route);
        }
    }
    let state = |route: Value| {
        let of = |decision: &Value| {
            ["outcome", "label", "level", "confidence", "model_version"]
                .map(|key| decision[key].clone())
                .to_vec()
        };
        let decisions = route["decisions"].as_array().into_iter().flatten();
        RoutedState {
            team: route["team"].clone(),
            vulnerability: route["vulnerability"].clone(),
            needs_human: route["needs_human"].clone(),
            decisions: decisions.map(|d| (d["task"].to_string(), of(d))).collect(),
        }
    };
    Ok(newest.into_iter().map(|(id, route)| (id, state(route))).collect())
}

#[test]
fn kill_9_at_twenty_random_moments_loses_nothing_and_changes_no_decision() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("complaints.csv");
    let complaints = sample_times(8, &file)?;

    let started = Instant::now();
    let summary = finished(&file, &dir.path().join("undisturbed"))?;
    let undisturbed_took = started.elapsed();
    ensure!(
        summary["complaints"] == complaints && summary["complete"] == complaints,
        "undisturbed: {summary}"
    );

    // Moments over the whole life of a run: opening the log, loading models, sending, routing, archiving.
    let seed = rand::random::<u64>();
    println!("seed {seed}; an undisturbed run took {undisturbed_took:?}");
    let mut moments = StdRng::seed_from_u64(seed);
    let disturbed = dir.path().join("disturbed");
    let kills = if std::env::var_os("TEST_FULL").is_some() { 2 * KILLS } else { KILLS };
    let (mut killed, mut runs) = (0, 0);
    while killed < kills {
        runs += 1;
        ensure!(
            runs <= 10 * kills,
            "only {killed} of {runs} runs were killed in time: the file is too short"
        );
        let moment = undisturbed_took.mul_f64(moments.random_range(0.0..1.0));
        let mut child = up(&file, &disturbed)?.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        if child.wait_timeout(moment)?.is_none() {
            child.kill()?; // SIGKILL
            child.wait()?;
            killed += 1;
        }
    }
    println!("{kills} of {runs} runs were killed; the others had finished before their moment");

    let summary = finished(&file, &disturbed)?;
    ensure!(summary["routed"] == complaints && summary["complete"] == complaints, "disturbed: {summary}");
    let (calm, shaken) = (Log::of(dir.path().join("undisturbed")), Log::of(disturbed));
    let (expected, found) = (routed_states(&calm)?, routed_states(&shaken)?);
    ensure!(expected.len() == usize::try_from(complaints)?);
    for (id, state) in &expected {
        ensure!(found.get(id) == Some(state), "{id}: {:?} is not {state:?}", found.get(id));
    }

    let mut decided: BTreeMap<(String, String, String), BTreeSet<String>> = BTreeMap::new();
    for record in shaken.tail("complaints.predictions")? {
        let value = &record["value"];
        let key = ["complaint_id", "input_sha256", "task"].map(|key| value[key].to_string());
        let answer = ["model_version", "outcome", "label", "logits"].map(|key| value[key].to_string());
        decided.entry(key.into()).or_default().insert(answer.join(" "));
    }
    let twice = decided.iter().find(|(_, answers)| answers.len() > 1);
    ensure!(twice.is_none(), "decided twice, differently: {twice:?}");

    // The archive holds what was routed.
    for (id, _) in expected.iter().step_by(97) {
        let case = shaken.show(id)?;
        let kinds: BTreeSet<&str> = case["events"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|event| event["kind"].as_str())
            .collect();
        ensure!(kinds == BTreeSet::from(["raw", "prediction", "routed"]), "{id} is archived as {kinds:?}");
    }
    Ok(())
}
