//! A task that nobody knew is learned from a column, registered and asked by a running `up`, which is not restarted.

#![cfg(feature = "torch")]

use std::{fmt::Write, fs};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Rollout, decision, quick_models};
use serde_json::Value;

const TASK: &str = "channel-of-harm";
/// Narratives, and the harm that each reports.
const SAID: [(&str, &str); 3] = [
    ("They charged a fee twice and keep the money.", "money"),
    ("I was locked out of my account for weeks.", "access"),
    ("Everybody at work heard of my debt, they called my boss.", "privacy"),
];

/// Labelled complaints: what is said, with a number so that no two are alike.
fn rows(from: usize, to: usize) -> Result<String> {
    let mut csv = "complaint_id,narrative,Kind of harm\n".to_owned();
    for number in from..to {
        let (said, harm) = SAID[number % SAID.len()];
        writeln!(csv, "row-{number},\"Letter {number}: {said}\",{harm}")?;
    }
    Ok(csv)
}

#[test]
fn its_decisions_stand_in_routes_from_the_strategy_on_that_asks_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path();
    let up = Rollout::start(data)?;
    let before = up.route("before", &[SAID[0].0])?;
    ensure!(decision(&before[0], TASK).is_err(), "{before:?}");

    let path = |name: &str| data.join(name).display().to_string();
    fs::write(data.join("train.csv"), rows(0, 180)?)?;
    fs::write(data.join("validation.csv"), rows(180, 240)?)?;
    let (column, out) = (format!("{TASK}=kind of harm"), path("harm"));
    let (train, validation) = (path("train.csv"), path("validation.csv"));
    up.run(&["learn", &train, "--validation", &validation, "--task", &column, "--out", &out])?;
    up.run(&["models", "add", &out])?;

    let first = fs::read_to_string(quick_models(data)?.join("strategy.toml"))?;
    let asked = format!(
        "[tasks.{TASK}]\nrequired = true\nsalt = \"harm-1\"\nreview_below = 0.0\n\
         arms = [{{ name = \"champion\", model = \"{}\" }}]\n\n[routing]\n",
        registered(&up)?
    );
    // Beside the folders that its other arms name.
    let next = quick_models(data)?.join("next.toml");
    fs::write(&next, first.replacen("[routing]\n", &asked, 1))?;
    up.run(&[
        "strategy",
        "set",
        &next.display().to_string(),
        "--by",
        "ann",
        "--reason",
        "who is harmed how",
    ])?;
    up.begun(2)?;

    let said = SAID.map(|(said, _)| said);
    for (route, (_, harm)) in up.route("after", &said)?.iter().zip(SAID) {
        let decision = decision(route, TASK)?;
        ensure!(decision["label"] == harm && decision["strategy_version"] == 2, "{decision}");
        ensure!(decision["model_id"] == "harm", "{decision}");
        ensure!(route["missing_tasks"].as_array().is_some_and(Vec::is_empty), "{route}");
    }
    Ok(())
}

/// `harm@` and its version, as the registry has it.
fn registered(up: &Rollout) -> Result<String> {
    let listed = up.run(&["models", "list", "--json"])?;
    let versions = listed.lines().map(serde_json::from_str::<Value>).collect::<Result<Vec<_>, _>>()?;
    let harm = versions.iter().find(|version| version["model_id"] == "harm").context("harm is registered")?;
    Ok(format!("harm@{}", harm["version"].as_str().context("a version")?))
}
