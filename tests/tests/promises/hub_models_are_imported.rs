//! A model that somebody trained in Python is named as the hub names it, and becomes an artefact; what the cache has
//! needs no hub.

#![cfg(feature = "torch")]

use std::{fs, path::Path, process::Output};

use anyhow::{Result, ensure};
use ombud_tests::{ombud, repository};
use serde_json::Value;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The cache as Python lays it out: `bank/triage` at one commit, with the tag v1 on it.
fn cache(hub: &Path) -> Result<()> {
    let model = hub.join("models--bank--triage");
    let (snapshot, golden) =
        (model.join("snapshots").join(COMMIT), repository().join("crates/torch/tests/goldens/bert"));
    fs::create_dir_all(&snapshot)?;
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(golden.join(name), snapshot.join(name))?;
    }
    fs::create_dir_all(model.join("refs"))?;
    Ok(fs::write(model.join("refs/v1"), COMMIT)?)
}

fn import(hub: &Path, revision: &str, out: &Path) -> Result<Output> {
    let mut command = ombud(hub)?;
    command.env("HF_HUB_CACHE", hub).env("HF_HUB_OFFLINE", "1");
    command.args(["models", "import", "bank/triage", "--revision", revision, "--task", "product", "--out"]);
    Ok(command.arg(out).output()?)
}

#[test]
fn a_model_of_the_hub_is_imported_by_its_name_and_says_which_commit_it_was() -> Result<()> {
    let dir = tempfile::tempdir()?;
    cache(dir.path())?;
    let out = dir.path().join("theirs");
    let output = import(dir.path(), "v1", &out)?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let source: Value = serde_json::from_slice(&fs::read(out.join("source.json"))?)?;
    ensure!(source["source"] == format!("bank/triage@{COMMIT}"), "{source}");

    // What it became answers for its task as any model does.
    let exported = dir.path().join("back");
    let mut command = ombud(dir.path())?;
    command.args(["models", "export", "--task", "product", "--model"]).arg(&out).arg(&exported);
    let output = command.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    ensure!(exported.join("ombud_parity.json").is_file());
    Ok(())
}

#[test]
fn a_revision_that_the_cache_lacks_is_refused_by_name() -> Result<()> {
    let dir = tempfile::tempdir()?;
    cache(dir.path())?;
    let out = dir.path().join("theirs");
    let output = import(dir.path(), "v2", &out)?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(!output.status.success() && error.contains("bank/triage") && error.contains("v2"), "{error}");
    ensure!(!out.exists());
    Ok(())
}
