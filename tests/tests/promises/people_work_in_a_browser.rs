//! People work at the console in a real browser, on real complaints: a clerk decides with the keyboard alone, a team works its
//! queue, a specialist judges vulnerability, a lead judges the sample blind, two share one queue, and a canary is started by one
//! person, promoted by a second and rolled back. No page breaks its policy, says an error or asks another host.
//!
//! Short: a few complaints. TEST_FULL=1: twenty at the desk, and pictures of every page, in the folder that is printed.

#![cfg(feature = "torch")]
#![expect(clippy::print_stdout, reason = "figures and pictures of a run, for whoever asks for them")]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Bank, browser_program, repository, rows};
use serde_json::{Value, json};

/// Who works, as what.
const PEOPLE: [(&str, &str); 8] = [
    ("ann", "clerk"),
    ("bob", "clerk"),
    ("cem", "specialist"),
    ("lea", "lead"),
    ("olga", "model-owner"),
    ("paul", "approver"),
    ("ada", "auditor"),
    ("otto", "operator"),
];
/// The team whose queue is worked on, and one that gets what is not its own.
const TEAMS: [&str; 2] = ["credit-bureau-disputes", "collections-conduct"];
/// The most that people wait between a key and the next complaint, at the 95th percentile and on any machine. The figure of a
/// quiet one is printed: speed is no test here.
const MOST_WAIT_MS: f64 = 5_000.0;
/// The most keys of a complaint, at the median.
const MOST_KEYS: f64 = 4.0;

/// A day at the console: `complaints` are decided at the desk; pictures go to `pictures`, where there is one.
fn day(complaints: usize, pictures: Option<&Path>) -> Result<Value> {
    let rows = rows()?;
    let mut bank = Bank::open(&rows, |_| Ok(()))?;
    let plan = json!({
        "browser": browser_program()?,
        "address": bank.url(),
        "people": bank.people(&PEOPLE)?,
        "candidate": bank.candidate()?,
        "truth": bank.truth(&rows),
        "complaints": complaints,
        "team": TEAMS[0],
        "other_team": TEAMS[1],
    });
    let file = bank.folder().join("plan.json");
    fs::write(&file, plan.to_string())?;
    let mut run = Command::new("node");
    run.arg(repository().join("tests/browser/run.mjs")).arg(&file).args(pictures);
    let output = run.stderr(Stdio::inherit()).output().context("node, which runs the people")?;
    ensure!(output.status.success(), "people could not do their work: {}", output.status);
    bank.stop()?;
    let figures: Value = serde_json::from_slice(&output.stdout)?;
    println!("{figures}");
    let desk = |name: &str| figures["desk"][name].as_f64().with_context(|| format!("{name}: {figures}"));
    ensure!(desk("keys_median")? <= MOST_KEYS, "{figures}");
    ensure!(desk("readable_ms_p95")? <= MOST_WAIT_MS, "{figures}");
    Ok(figures)
}

#[test]
fn people_do_their_work_with_the_keyboard_and_no_page_is_at_fault() -> Result<()> {
    day(6, None).map(drop)
}

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn people_decide_twenty_complaints_and_every_page_has_its_picture() -> Result<()> {
    let pictures = std::env::var_os("TEST_PICTURES")
        .map_or_else(|| std::env::temp_dir().join("ombud-pictures"), Into::into);
    let figures = day(20, Some(&pictures))?;
    println!("pictures: {}", pictures.display());
    ensure!(figures["pictures"].as_u64() > Some(100), "{figures}");
    Ok(())
}
