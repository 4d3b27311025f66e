//! Bytes that a disk has changed in records and cases: each is named, and its neighbours go on.

#![cfg(feature = "torch")]

use std::{fs, path::Path, process::Output};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Log, ombud};
use serde_json::Value;

/// c-2 is known by a word of its narrative; c-3 by its customer, who stands in its route too.
const FILE: &str = "complaint_id,narrative,customer_ref
c-1,I was charged twice for one purchase and the bank does not answer my letters.,ref-one
c-2,The bank has closed my zebracard without telling me and keeps the money on it.,ref-two
c-3,A debt collector calls me every day about a loan that I have never taken out.,ref-quokka
";

fn run(data: &Path, arguments: &[&str]) -> Result<Output> {
    Ok(ombud(data)?.args(arguments).output()?)
}

/// Changes one bit wherever `word` stands in the file of the log and the cases; gives in how many places.
fn change(data: &Path, word: &str) -> Result<usize> {
    let path = data.join("ombud.db");
    let journal = data.join("ombud.db-wal");
    ensure!(fs::metadata(journal).map_or(0, |journal| journal.len()) == 0, "it was stopped cleanly");
    let mut bytes = fs::read(&path)?;
    let mut places = 0;
    for at in 0..bytes.len().saturating_sub(word.len()) {
        if bytes[at..].starts_with(word.as_bytes()) {
            bytes[at] ^= 1;
            places += 1;
        }
    }
    fs::write(&path, bytes)?;
    Ok(places)
}

#[test]
fn each_changed_record_and_case_is_named_and_the_rest_goes_on() -> Result<()> {
    let data = tempfile::tempdir()?;
    let file = data.path().join("three.csv");
    fs::write(&file, FILE)?;
    let file = file.to_str().context("a path in UTF-8")?;
    let output = run(data.path(), &["up", file, "--received-at", "now", "--once", "--json"])?;
    let summary: Value = serde_json::from_slice(output.stdout.trim_ascii())?;
    ensure!(output.status.success() && summary["routed"] == 3, "{summary}");

    ensure!(change(data.path(), "zebracard")? >= 1, "in its record, to which its case refers");
    ensure!(change(data.path(), "ref-quokka")? >= 2, "and in that of its route");

    for (id, code) in [("c-1", 0), ("c-2", 3), ("c-3", 3)] {
        let shown = run(data.path(), &["show", id])?;
        let text = String::from_utf8_lossy(&shown.stdout).into_owned();
        ensure!(shown.status.code() == Some(code), "{id}: {text}");
        ensure!(text.contains("not what was written") == (code == 3), "{id}: {text}");
    }
    let checked = run(data.path(), &["check", "complaints.raw", "--json"])?;
    let text = String::from_utf8_lossy(&checked.stdout).into_owned();
    let is_corrupt = |line: &&str| line.contains("\"place\"") && line.contains("\"rule\":\"corrupt\"");
    ensure!(checked.status.code() == Some(3) && text.lines().filter(is_corrupt).count() == 2, "{text}");
    for (topic, changed) in [("complaints.raw", 2), ("complaints.routed", 1)] {
        let records = Log::of(data.path()).tail(topic)?;
        let is_changed = |record: &&Value| {
            record["value"]["undecodable"].as_str().is_some_and(|why| why.contains("not what was written"))
        };
        ensure!(records.len() == 3 && records.iter().filter(is_changed).count() == changed, "{topic}");
    }

    let output = run(data.path(), &["up", "--once", "--json"])?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: Value = serde_json::from_slice(output.stdout.trim_ascii())?;
    ensure!(summary["complaints"] == 1 && summary["routed"] == 1, "{summary}");
    Ok(())
}
