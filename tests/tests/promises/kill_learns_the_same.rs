//! kill -9 in mid-epoch costs a fine-tuning nothing: started again it ends with the model of an undisturbed run.

#![cfg(feature = "torch")]

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use ombud_tests::{ombud, repository, sample_times};
use serde_json::Value;

/// 900 complaints, a tenth of them held out, 16 a step.
const STEPS_AN_EPOCH: u64 = 50;
/// In mid-epoch, with judgements before it and after it.
const KILLED_AFTER: u64 = STEPS_AN_EPOCH + 10;

/// Learning from the sample in `dir`, kept after each step; it logs in JSON.
fn learn(dir: &Path, out: &str) -> Result<Command> {
    let mut learn = ombud(dir)?;
    learn
        .args(["learn", "complaints.csv", "--family", "encoder", "--json", "--out", out])
        .arg("--base")
        .arg(repository().join("crates/torch/tests/goldens/bert"))
        .args(["--max-tokens", "24", "--frozen-layers", "1", "--threads", "2", "--keep-every", "0"])
        .env("OMBUD_LOG", "info")
        .env("OMBUD_LOG_FORMAT", "json");
    Ok(learn)
}

/// What a run that comes to its end prints, and after which steps it was kept.
fn finished(dir: &Path, out: &str) -> Result<(Value, Vec<u64>)> {
    let output = learn(dir, out)?.output()?;
    let log = String::from_utf8(output.stderr)?;
    ensure!(output.status.success(), "learn ended with {}: {log}", output.status);
    Ok((serde_json::from_slice(&output.stdout)?, log.lines().filter_map(kept).collect()))
}

/// The step after which a run was kept, where a line of its log says so.
fn kept(line: &str) -> Option<u64> {
    let event: Value = serde_json::from_str(line).ok()?;
    (event["message"] == "run kept").then(|| event["step"].as_u64())?
}

#[test]
fn a_fine_tuning_that_is_killed_in_mid_epoch_goes_on_to_the_same_digest() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let dir = dir.path();
    sample_times(3, &dir.join("complaints.csv"))?;
    let (undisturbed, steps) = finished(dir, "undisturbed/encoder")?;
    ensure!(steps.first() == Some(&1) && steps.len() as u64 > 2 * STEPS_AN_EPOCH, "kept after {steps:?}");

    let mut killed = learn(dir, "killed/encoder")?.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let log = BufReader::new(killed.stderr.take().context("its log")?);
    let seen = log.lines().map_while(Result::ok).find(|line| kept(line) >= Some(KILLED_AFTER));
    killed.kill()?; // SIGKILL
    let status = killed.wait()?;
    ensure!(seen.is_some() && status.code().is_none(), "it was over before it was killed: {status}");
    ensure!(dir.join("killed/encoder.work").is_dir() && !dir.join("killed/encoder").exists());

    let (resumed, steps) = finished(dir, "killed/encoder")?;
    ensure!(steps.first() > Some(&KILLED_AFTER), "it began again: kept after {steps:?}");
    ensure!(resumed["version"] == undisturbed["version"], "{resumed} is not {undisturbed}");
    ensure!(!dir.join("killed/encoder.work").exists(), "what was finished is still kept");

    let page = std::fs::read_to_string(dir.join("killed/encoder.html"))?;
    for shown in ["Learning curves", "Reliability", "Confusion of product", "Confusion of issue: intent"] {
        ensure!(page.contains(shown), "the page lacks {shown}");
    }
    Ok(())
}
