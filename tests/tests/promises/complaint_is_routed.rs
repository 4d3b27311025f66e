//! A complaint goes in, a routed complaint comes out, and its case tells the whole story.

#![cfg(feature = "torch")]

use std::{collections::BTreeSet, path::Path};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Log, ombud, sample};
use serde_json::Value;

const TASKS: [&str; 3] = ["issue", "product", "vulnerable"];

fn up(data: &Path) -> Result<Value> {
    let output = ombud(data)?.arg("up").arg(sample()).args(["--once", "--json"]).output()?;
    ensure!(output.status.success(), "up: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(output.stdout.trim_ascii())?)
}

fn versions(decisions: &Value) -> Result<Vec<(&str, &str)>> {
    let decisions = decisions.as_array().context("decisions")?;
    decisions
        .iter()
        .map(|decision| {
            let task = decision["task"].as_str().context("a task")?;
            Ok((task, decision["model_version"].as_str().context("a version")?))
        })
        .collect()
}

#[test]
fn every_complaint_of_a_file_is_routed_with_the_model_version_of_each_task() -> Result<()> {
    let data = tempfile::tempdir()?;
    let summary = up(data.path())?;
    let complaints = summary["complaints"].as_u64().context("complaints")?;
    ensure!(
        complaints > 250 && summary["routed"] == complaints && summary["complete"] == complaints,
        "{summary}"
    );
    ensure!(summary["dead_letters"] == 0 && summary["rejected"] == 0, "{summary}");

    let log = Log::of(data.path());
    let registered: BTreeSet<String> = log
        .tail("models.registry")?
        .iter()
        .filter_map(|record| Some(record["value"]["version"].as_str()?.to_owned()))
        .collect();
    let routes = log.tail("complaints.routed")?;
    ensure!(routes.len() as u64 == complaints);
    for route in &routes {
        let value = &route["value"];
        let versions = versions(&value["decisions"])?;
        ensure!(versions.iter().map(|(task, _)| *task).eq(TASKS), "{versions:?}");
        ensure!(versions.iter().all(|(_, version)| registered.contains(*version)), "{versions:?}");
        ensure!(value["team"].as_str().is_some_and(|team| !team.is_empty()));
        ensure!(value["strategy_version"] == 1);
        ensure!(value.get("narrative").is_none(), "a route carries no narrative");
        // Raw, prediction and route of a complaint share a partition.
        ensure!(value["raw_partition"] == route["partition"]);
    }

    let id = routes[0]["value"]["complaint_id"].as_str().context("an id")?;
    let case = log.show(id)?;
    ensure!(case["complaint_id"] == id);
    let kinds = case["events"].as_array().context("events")?.iter().map(|event| event["kind"].as_str());
    let kinds: Vec<&str> = kinds.collect::<Option<_>>().context("kinds")?;
    ensure!(kinds == ["raw", "prediction", "prediction", "prediction", "routed"], "{kinds:?}");
    Ok(())
}

#[test]
fn a_file_that_is_given_again_is_not_routed_again() -> Result<()> {
    let data = tempfile::tempdir()?;
    let first = up(data.path())?;
    let again = up(data.path())?;
    ensure!(first["teams"] == again["teams"] && again["routed"] == first["routed"], "{first} became {again}");
    let log = Log::of(data.path());
    ensure!(log.tail("complaints.raw")?.len() as u64 == first["complaints"].as_u64().context("complaints")?);
    ensure!(log.tail("complaints.routed")?.len() as u64 == first["routed"].as_u64().context("routed")?);
    Ok(())
}
