//! A model that somebody trained in Python is named as the hub names it, and becomes an artefact; what the cache has
//! needs no hub.

#![cfg(feature = "torch")]

use std::{fs, path::Path, process::Output};

use anyhow::{Result, ensure};
use ombud_tests::{ombud, repository};
use serde_json::{Value, json};

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
fn a_model_of_other_labels_in_several_files_serves_once_a_file_says_what_they_stand_for() -> Result<()> {
    let dir = tempfile::tempdir()?;
    cache(dir.path())?;
    let snapshot = dir.path().join("models--bank--triage/snapshots").join(COMMIT);
    let piece = "model-00001-of-00001.safetensors";
    fs::rename(snapshot.join("model.safetensors"), snapshot.join(piece))?;
    let index = json!({"weight_map": {"classifier.bias": piece}}).to_string();
    fs::write(snapshot.join("model.safetensors.index.json"), index)?;
    let mut config: Value = serde_json::from_slice(&fs::read(snapshot.join("config.json"))?)?;
    config["id2label"] =
        json!(["homes", "study", "debts", "Credit card", "cars", "spam", "cards", "bank", "loans"]);
    fs::write(snapshot.join("config.json"), config.to_string())?;

    let theirs = |more: &[&str]| -> Result<Output> {
        let mut command = ombud(dir.path())?;
        command.env("HF_HUB_CACHE", dir.path()).env("HF_HUB_OFFLINE", "1").current_dir(dir.path());
        command.args(["models", "import", "bank/triage", "--revision", "v1", "--task", "product"]);
        Ok(command.args(more).output()?)
    };
    let refused = theirs(&["--out", "ours"])?;
    let error = String::from_utf8_lossy(&refused.stderr);
    ensure!(
        !refused.status.success() && error.contains("\"homes\"") && error.contains("--labels-template"),
        "{error}"
    );

    let printed = theirs(&["--labels-template"])?;
    ensure!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let mut template = String::from_utf8(printed.stdout)?;
    ensure!(template.contains("\"Credit card\" = \"Credit card or prepaid card\""), "{template}");
    for (label, ours) in [
        ("homes", "Mortgage"),
        ("study", "Student loan"),
        ("debts", "Debt collection"),
        ("cars", "Vehicle loan or lease"),
        ("spam", ""),
        ("cards", "Credit card or prepaid card"),
        ("bank", "Checking or savings account"),
        ("loans", "Payday, title or personal loan"),
    ] {
        template = template.replace(&format!("\"{label}\" = \"?\""), &format!("\"{label}\" = \"{ours}\""));
    }
    fs::write(dir.path().join("labels.toml"), template)?;
    let imported = theirs(&["--labels", "labels.toml", "--out", "ours"])?;
    let said =
        format!("{}{}", String::from_utf8_lossy(&imported.stdout), String::from_utf8_lossy(&imported.stderr));
    ensure!(imported.status.success() && said.contains("it never answers with: Credit reporting"), "{said}");
    ensure!(dir.path().join("ours/model.safetensors").is_file());
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
