//! Producers that are not ours feed complaints.raw, as docs/crm.md says: Python's AvroSerializer, kcat and a Java client.
//! Backfilled or as they come, every complaint is routed with all its decisions. So is what others write in schemas of their own,
//! where it can be read as a complaint; the rest is parked with what it is, and a person gets it.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::{collections::BTreeSet, env, fs, fs::File, io::Write, path::PathBuf, time::Duration};

use anyhow::{Context, Result, ensure};
use csv::Reader;
use flate2::read::MultiGzDecoder;
use ombud_contract::records::Why;
use ombud_tests::{Deployment, Routes, folder_of, repository, sample};
use serde::Deserialize;
use serde_json::Value;

/// Complaints a second of a CRM that sends them as they come.
const A_SECOND: usize = 2;
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);
/// 2026-03-01T16:00:00Z.
const SENT_ON: i64 = 1_772_380_800_000;

/// How many complaints come one by one: all of the promise takes 100 s.
fn one_by_one() -> usize {
    if env::var_os("TEST_FULL").is_some() { 200 } else { 40 }
}

/// The first `count` complaints of the sample, in our own field names, ids beginning with `prefix`.
fn complaints(deployment: &Deployment, prefix: &str, count: usize) -> Result<PathBuf> {
    let mut rows = Reader::from_reader(MultiGzDecoder::new(File::open(sample())?));
    let header = rows.headers()?.clone();
    let column = |name: &str| header.iter().position(|known| known == name);
    let (id, text) = (column("complaint_id").unwrap(), column("narrative").unwrap());
    let path = deployment.folder().join(format!("{prefix}.jsonl"));
    let mut file = File::create(&path)?;
    for row in rows.records().take(count) {
        let row = row?;
        let line = serde_json::json!({
            "complaint_id": format!("{prefix}-{}", &row[id]),
            "narrative": &row[text],
            "received_at": "2026-03-02T09:15:00Z",
            "regulator_sent_at": "2026-03-01T16:00:00Z",
        });
        writeln!(file, "{line}")?;
    }
    Ok(path)
}

#[test]
fn whoever_produces_as_documented_is_served() -> Result<()> {
    let deployment = Deployment::fresh(6)?;
    let _roles =
        [deployment.start(&["infer", "--task", "product,issue,vulnerable"])?, deployment.start(&["join"])?];
    let raw = deployment.topic("complaints.raw");
    let (bootstrap, registry) = (env::var("OMBUD_KAFKA_BOOTSTRAP")?, env::var("OMBUD_REGISTRY_URL")?);
    let to = ["--bootstrap", &bootstrap, "--registry", &registry, "--topic", &raw];
    let mut routes = Routes::follow(&deployment)?;

    // A backfill from Python.
    let bulk = complaints(&deployment, "bulk", 300)?;
    let mut arguments = vec!["examples/crm/produce.py", "--bulk"];
    arguments.extend(to);
    arguments.push(bulk.to_str().unwrap());
    deployment.client("python", &arguments)?;
    routes.wait_for_complete(300, WAIT_TIMEOUT)?;

    // As they come, from Python.
    let count = one_by_one();
    let single = complaints(&deployment, "single", count)?;
    let rate = A_SECOND.to_string();
    let mut arguments = vec!["examples/crm/produce.py", "--rate", &rate];
    arguments.extend(to);
    arguments.push(single.to_str().unwrap());
    deployment.client("python", &arguments)?;
    routes.wait_for_complete(300 + count, WAIT_TIMEOUT)?;

    // A few from kcat and from Java.
    let by_kcat = complaints(&deployment, "kcat", 5)?;
    let mut kcat = std::process::Command::new(repository().join("examples/crm/produce.sh"));
    kcat.arg(by_kcat).env("BOOTSTRAP", &bootstrap).env("REGISTRY", &registry).env("TOPIC", &raw);
    ensure!(kcat.status()?.success(), "produce.sh failed");
    let by_java = complaints(&deployment, "java", 5)?;
    let words = [by_java.to_str().unwrap(), &bootstrap, &registry, &raw].join(" ");
    let mut java = std::process::Command::new("mvn");
    java.args(["--quiet", "--file", "examples/crm/java", "compile", "exec:java"])
        .arg(format!("-Dexec.args={words}"));
    ensure!(java.current_dir(repository()).status()?.success(), "the Java producer failed");
    routes.wait_for_complete(310 + count, WAIT_TIMEOUT)?;

    let several: BTreeSet<&String> =
        routes.by_complaint.iter().filter(|(_, all)| all.len() != 1).map(|(id, _)| id).collect();
    assert!(several.is_empty(), "each is routed once, with all its decisions: {several:?}");
    let sent_on = |id: &String| routes.held(id).and_then(|held| held.record.regulator_sent_at);
    let lost: BTreeSet<&String> =
        routes.by_complaint.keys().filter(|id| sent_on(id) != Some(SENT_ON)).collect();
    assert!(lost.is_empty(), "whoever wrote it, the route says when the regulator sent it on: {lost:?}");
    in_their_own_words(&deployment, &mut routes)
}

/// What is expected of a record that tests/clients/producers.py appends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    id: String,
    it: String,
    comes: Comes,
    /// Words of its dead letter.
    detail: Option<String>,
    /// A rule by which `ombud check` names it.
    noted: Option<String>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Comes {
    /// Routed with all its decisions.
    Decided,
    /// A dead letter, and a person gets the complaint.
    Parked,
    /// Not at all.
    Never,
}

#[derive(Deserialize)]
struct Records {
    record: Vec<Expected>,
}

/// Schemas of their own, transactions and two partitioners, as tests/cases/producers says.
fn in_their_own_words(deployment: &Deployment, routes: &mut Routes) -> Result<()> {
    let expected: Records =
        toml::from_str(&fs::read_to_string(folder_of("producers").join("expected.toml"))?)?;
    let raw = deployment.topic("complaints.raw");
    deployment.client("python", &["tests/clients/producers.py", &raw])?;
    let come = |expected: &&Expected| expected.comes != Comes::Never;
    routes.wait_until(WAIT_TIMEOUT, |routes| {
        expected.record.iter().filter(come).all(|it| {
            routes.held(&it.id).is_some_and(|held| {
                held.record.why == Why::Unreadable || held.record.missing_tasks.is_empty()
            })
        })
    })?;
    let letters = deployment.tail("complaints.dead-letters")?;
    let checked = deployment.command()?.args(["check", &raw, "--all", "--json"]).output()?.stdout;
    let findings: Vec<Value> =
        String::from_utf8(checked)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    for Expected { id, it, comes, detail, noted } in &expected.record {
        let held = routes.held(id).map(|held| &held.record);
        match comes {
            Comes::Never => ensure!(held.is_none(), "{it}: {held:?}"),
            Comes::Decided => ensure!(held.is_some_and(|held| held.why == Why::Complete), "{it}: {held:?}"),
            Comes::Parked => {
                ensure!(
                    held.is_some_and(|held| held.why == Why::Unreadable && held.needs_human),
                    "{it}: {held:?}"
                );
                let offset = held.context("a route")?.raw_offset;
                let letter = letters
                    .iter()
                    .map(|letter| &letter["value"])
                    .find(|letter| letter["source_offset"] == offset && letter["source_partition"] == 0);
                let letter = letter.with_context(|| format!("{it}: a dead letter"))?;
                let said = letter["detail"].as_str().unwrap_or_default();
                ensure!(letter["reason"] == "UNKNOWN_SCHEMA", "{it}: {letter}");
                ensure!(detail.as_ref().is_none_or(|detail| said.contains(detail)), "{it}: {said}");
            }
        }
        let is_noted = |rule: &String| {
            findings
                .iter()
                .any(|found| found["rule"] == rule.as_str() && found["complaint_id"] == id.as_str())
        };
        ensure!(noted.as_ref().is_none_or(is_noted), "{it}: check does not say {noted:?}");
    }
    Ok(())
}
